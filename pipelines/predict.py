"""harmonize predict: annotated documents -> pairs -> classifier -> the documents with their relations.

The documents stand in files, in shards, or in a union set, or are articles asked for by PMID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harmonize.errors import HarmonizeError, InputError, NothingRead, UnionError, UnknownName
from harmonize.model import Document
from harmonize.prediction.account import Account
from harmonize.prediction.asked import Asked, read_asked
from harmonize.prediction.entity_types import load_entity_types, load_user_types
from harmonize.prediction.extractor import DocumentRelations, PairClassifier
from harmonize.prediction.inputs import Reading, read_input
from harmonize.prediction.outputs import output_form, write_predictions
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.ray_engine import RayEngine
from harmonize.prediction.relation_types import BIORED, RELATION_TYPES
from harmonize.prediction.sharded import Engine, Work, check_read_as, in_this_process, predict_shards
from harmonize.prediction.shards import is_shards, read_shard_manifest, read_shards
from harmonize.prediction.tally import Tally
from harmonize.prediction.union_input import is_union, read_union, union_corpora
from harmonize.sources.annotations import ARTICLE_FORMS, input_files
from harmonize.spec import load_catalogue
from harmonize.text.sentences import RULE_BASED
from harmonize.union.manifest import read_manifest
from harmonize.union.schema import MANIFEST

from .losses import SkippedDocuments, write_report

__all__ = [
    "ENGINES",
    "INPUT_FORMS",
    "SHARDS",
    "Summary",
    "check_documents",
    "check_file",
    "check_how",
    "check_report",
    "input_documents",
    "predict",
    "user_types",
]

UNION, SHARDS = "union", "shards"
INPUT_FORMS = (*ARTICLE_FORMS, UNION, SHARDS)
LOCAL, RAY = "local", "ray"
ENGINES = (LOCAL, RAY)


@dataclass
class Summary(Account):
    """What a prediction read and wrote: the account, and the file or folder written."""

    out: Path = field(kw_only=True)


def predict(
    model: Path | str | PairClassifier,
    source: Path | Asked,
    out: Path,
    *,
    form: str | None = None,
    out_format: str | None = None,
    as_corpus: str = "biored",
    strict: bool = False,
    batch_size: int = 256,
    relation_types: str = BIORED,
    device: str = "auto",
    precision: str = "auto",
    engine: str = LOCAL,
    workers: int | None = None,
    gpus_per_worker: float | None = None,
    corpora: Iterable[str] | None = None,
    splits: Iterable[str] | None = None,
    extensions: Iterable[Path] = (),
    types: Path | None = None,
    splitter: str = RULE_BASED,
    report: Path | None = None,
    how: Reading | None = None,
    skip: Callable[[InputError], None] | None = None,
    progress: Callable[[int], None] = lambda documents: None,
) -> Summary:
    """Predict the relations of documents. Memory does not grow with their number.

    Args:
        model: the classifier's folder, or a classifier.
        source: a file, a folder of files, one of shards, or a union set, whose rows are the pairs; or
            articles asked for by PMID.
        out: the file to write; one that stands there is replaced at the end, and only if all went well. For
            shards also a folder, a name without suffix, which gets a Parquet file for each shard; a run that
            was stopped goes on there.
        form: one of INPUT_FORMS, of a dump one of ARTICLE_FORMS; the input tells it unless given.
        out_format: one of outputs.OUTPUT_FORMS; the name of `out` tells it unless given.
        as_corpus: the mapping whose rules make the pairs; a union set's rows have their own.
        strict: the first mention or document that makes no sense is an error; else it is left out, counted.
        batch_size: pairs that the classifier is asked about at once.
        relation_types: what relations are named by, see harmonize.prediction.relation_types.
        device, precision: see RelationExtractor.from_pretrained.
        engine: one of ENGINES: this process, or workers on Ray, which take shards and write a folder.
        workers, gpus_per_worker: see harmonize.prediction.ray_engine.RayEngine.
        corpora, splits: the part of a union set, all unless given.
        extensions: folders with the mappings of further corpora.
        types: a file of types beside harmonize/prediction/entity_types.yaml; see `load_user_types`.
        splitter: for rules by sentence, see harmonize.text.sentences.
        report: a file that gets all counts as JSON, also where nothing was read.
        how: what is read of full texts, and what offsets count, the latter for files only.
        skip: is told of each document passed over; lines on stderr unless given.
        progress: is told how many documents are done.

    Raises:
        NothingRead: no document could be read; only the report is written then.
        HarmonizeError: see harmonize.errors; nothing has then been written, but for the finished parts of a
            folder.
    """
    if form is not None and form not in INPUT_FORMS:
        raise UnknownName("input format", form, INPUT_FORMS)
    if relation_types not in RELATION_TYPES:
        raise UnknownName("relation types", relation_types, RELATION_TYPES)
    runner = _engine(engine, workers, gpus_per_worker)
    corpora, splits = _listed(corpora), _listed(splits)
    asked = source if isinstance(source, Asked) else None
    source = source.place if isinstance(source, Asked) else source
    kind = form or _kind(source) if asked is None else _dump_form(asked, form, (out, report))
    if (corpora is not None or splits is not None) and kind != UNION:
        raise HarmonizeError(f"{source}: expected a union set, only such has corpora and splits to choose")
    work = Work(
        model=model,
        source=source,
        out=out,
        asked=asked,
        as_corpus=as_corpus,
        types=user_types(types, source if kind == SHARDS else None),
        extensions=tuple(extensions),
        splitter=splitter,
        batch_size=batch_size,
        relation_types=relation_types,
        device=device,
        precision=precision,
        strict=strict,
        how=check_how(source, asked is not None and asked.dump is None, kind, how),
    )
    if report is not None:
        check_report(source, out, report)
    summary, skipped = Summary(out=out), SkippedDocuments(skip)
    try:
        if kind == SHARDS and not out.suffix and out_format in (None, "parquet"):
            _check_apart(source, out)
            summary.update(predict_shards(work, runner, skip=skipped, progress=progress))
            summary.check_read(source)
        elif engine == RAY:
            raise HarmonizeError(
                f"--engine ray: expected a folder of `harmonize shard` and an --out without suffix, "
                f"got {source} and {out}"
            )
        else:
            _predict_file(work, kind, out_format, (corpora, splits), summary, skipped, progress)
    except NothingRead:
        if report is not None:
            write_report(report, source, None, summary, skipped)
        raise
    if report is not None:
        write_report(report, source, out, summary, skipped)
    return summary


def _predict_file(
    work: Work,
    kind: str | None,
    out_format: str | None,
    parts: tuple[tuple[str, ...] | None, tuple[str, ...] | None],
    summary: Summary,
    skip: Callable[[InputError], None],
    progress: Callable[[int], None],
) -> None:
    """Predict into one file; `parts` are the corpora and splits of a union set."""
    source, out = work.source, work.out
    if kind == UNION and is_union(source):
        read_manifest(source)  # a broken one is told first
    written_as = output_form(out, out_format)
    check_file(source, out)
    tally = Tally()
    if kind == UNION:
        corpora, splits = parts
        _check_union(source, written_as, corpora, splits)
        extractor = work.extractor()
        found = extractor.answered(read_union(source, corpora=corpora, splits=splits, tally=tally))
    else:
        if work.asked is None:
            check_documents(source, kind, work.as_corpus)
        extractor = work.extractor()
        found = extractor(input_documents(work, kind, extractor.rules, tally, skip))
    checked = _counted(found, tally, summary, source, progress)
    write_predictions(
        checked,
        out,
        written_as,
        labels=extractor.labels,
        relation_types=work.relation_types,
        said=extractor.said,
    )


def check_how(source: Path, is_service: bool, kind: str | None, how: Reading | None) -> Reading:
    """How files are to be read.

    Raises:
        HarmonizeError: it is told, and the input is none of files.
    """
    if how is not None and is_service and how.offsets != Reading().offsets:
        raise HarmonizeError(
            f"{source}: expected files to read; --offsets says how those of --pubtator are counted"
        )
    if how is not None and kind in (SHARDS, UNION):
        raise HarmonizeError(
            f"{source}: expected files to read; --text and --offsets say how `harmonize shard` reads them"
        )
    return how or Reading()


def user_types(path: Path | None, shards: Path | None = None) -> dict[str, str | None]:
    """The types of a user's file; of shards those that they were read with.

    Args:
        shards: the folder, if the input is one.

    Raises:
        SpecError: the file has faults, all of them.
        HarmonizeError: shards that were read with other types than these.
    """
    own = {} if path is None else load_user_types(path, load_entity_types(), load_catalogue())
    if shards is None:
        return own
    known = read_shard_manifest(shards).types
    if path is not None and own != known:
        raise HarmonizeError(f"{path}: expected the types that {shards} was read with; leave --types out")
    return known


def _kind(source: Path) -> str | None:
    return SHARDS if is_shards(source) else UNION if is_union(source) else None


def _dump_form(asked: Asked, form: str | None, written: Iterable[Path | None]) -> str | None:
    """The form of the dump, if it is told; what is wrong with what is asked for is told first.

    Args:
        written: the files to write, which must not be the list of what is asked for.
    """
    if form is not None and asked.dump is None:
        raise HarmonizeError("--format: expected an input or a dump, the service of PubTator 3 has its own")
    if form is not None and form not in ARTICLE_FORMS:
        raise UnknownName("format of a dump", form, ARTICLE_FORMS)
    if asked.dump is not None:
        input_files(asked.dump)
    for path in written:
        if path is not None and asked.articles.file is not None:
            check_file(asked.articles.file, path)
    return form


def _engine(name: str, workers: int | None, gpus_per_worker: float | None) -> Engine:
    if name not in ENGINES:
        raise UnknownName("engine", name, ENGINES)
    if name == RAY:
        return RayEngine(workers, gpus_per_worker)
    if workers is not None or gpus_per_worker is not None:
        raise HarmonizeError("--workers and --gpus-per-worker: expected --engine ray, it alone has workers")
    return in_this_process


def _listed(names: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _check_apart(source: Path, out: Path) -> None:
    if source.is_dir() and source.resolve() in (out.resolve(), *out.resolve().parents):
        raise HarmonizeError(f"{out}: expected a file outside the input")


def check_file(source: Path, out: Path) -> None:
    """Raises HarmonizeError for a file to write that is the input, stands in it, or is a folder."""
    if out.is_dir():
        raise HarmonizeError(f"{out}: expected a file, got a folder")
    if out.exists() and source.exists() and out.samefile(source):
        raise HarmonizeError(f"{out}: expected another file than the input")
    _check_apart(source, out)


def check_report(source: Path, out: Path, report: Path) -> None:
    """Raises HarmonizeError for a report that would stand in the place of the input or of the output."""
    check_file(source, report)
    if report.resolve() in (out.resolve(), *out.resolve().parents):
        raise HarmonizeError(f"{report}: expected another file than the output")


def check_documents(source: Path, kind: str | None, as_corpus: str) -> None:
    """What is wrong with the input is told before the classifier is loaded."""
    if kind == SHARDS:
        check_read_as(source, read_shard_manifest(source), as_corpus)
    else:
        input_files(source)


def input_documents(
    work: Work, kind: str | None, rules: PairRules, tally: Tally, skip: Callable[[InputError], None]
) -> Iterator[Document]:
    """The documents of files or, where `kind` says so, of shards, or those asked for.

    `skip` is told of those not to be read.
    """
    if work.asked is not None:
        return read_asked(
            work.asked, kind, rules=rules, tally=tally, strict=work.strict, skip=skip, how=work.how
        )
    if kind == SHARDS:
        manifest = read_shard_manifest(work.source)
        tally.documents = manifest.documents.out
        return read_shards(work.source, manifest)
    return read_input(
        work.source, kind, rules=rules, tally=tally, strict=work.strict, skip=skip, how=work.how
    )


def _check_union(
    folder: Path, written_as: str, corpora: Iterable[str] | None, splits: Iterable[str] | None
) -> None:
    if not is_union(folder):
        raise UnionError(f"{folder}: expected the folder of a union set, found no {MANIFEST} in it")
    wanted = union_corpora(folder, corpora, splits)
    if not wanted:
        raise HarmonizeError(f"{folder}: expected rows of the wanted corpora and splits, found none")
    if written_as != "parquet" and len(wanted) > 1:
        raise HarmonizeError(
            f"{folder}: expected one corpus for {written_as}, since document ids are unique in a corpus "
            f"only, got {', '.join(wanted)}; parquet holds several"
        )


def _counted(
    found: Iterable[DocumentRelations],
    tally: Tally,
    summary: Summary,
    source: Path,
    progress: Callable[[int], None],
) -> Iterator[DocumentRelations]:
    """Count what goes by; the balance is struck before the file takes its place."""
    for one in found:
        summary.add(one)
        progress(summary.documents_out)
        yield one
    summary.read(tally)
    summary.check(summary.out)
    summary.check_read(source)
