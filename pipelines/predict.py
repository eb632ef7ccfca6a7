"""harmonize predict: annotated documents -> pairs -> classifier -> the documents with their relations.

The documents stand in files, in shards, or in a union set, or are articles asked for by PMID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harmonize.errors import HarmonizeError, InputError, NothingRead, UnknownName
from harmonize.given import check_given, given_path
from harmonize.names import USUAL_CORPUS, listed
from harmonize.pipelines.inputs import (
    INPUT_FORMS,
    SHARDS,
    UNION,
    check_apart,
    check_documents,
    check_file,
    check_how,
    check_pairs_to_make,
    check_report,
    check_union,
    input_documents,
    input_kind,
    types_to_read_with,
)
from harmonize.prediction.account import Account
from harmonize.prediction.extractor import DocumentRelations, PairClassifier
from harmonize.prediction.outputs import check_earlier, output_form, write_predictions
from harmonize.prediction.pmid_input import AskedArticles, Input, place_of
from harmonize.prediction.ray_engine import RayEngine
from harmonize.prediction.reading import Reading
from harmonize.prediction.relation_types import BIORED, RELATION_TYPES
from harmonize.prediction.shard_worker import Work
from harmonize.prediction.sharded import Engine, in_this_process, predict_shards
from harmonize.prediction.tally import Tally
from harmonize.prediction.union_input import is_union, read_union
from harmonize.sources.article_files import ARTICLE_FORMS, FilesInput, Several, input_files
from harmonize.spec import load_catalogue
from harmonize.text.sentences import RULE_BASED
from harmonize.union.manifest import read_manifest

from .predicted import not_trained_on
from .reading_losses import SkippedDocuments, write_report

__all__ = ["ENGINES", "Summary", "predict"]

LOCAL, RAY = "local", "ray"
ENGINES = (LOCAL, RAY)


@dataclass
class Summary(Account):
    """What a prediction read and wrote: the account, and the file or folder written.

    Attributes:
        advice: a line where the run was not trained on the corpus whose rules made the pairs: if nobody named
            it, or if it was read in the first of two stages and then forgotten.
    """

    out: Path = field(kw_only=True)
    advice: str | None = field(default=None, kw_only=True)


def predict(
    model: Path | str | PairClassifier,
    source: Input | str,
    out: Path | str,
    *,
    form: str | None = None,
    out_format: str | None = None,
    as_corpus: str | None = None,
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
    types: Path | str | None = None,
    splitter: str = RULE_BASED,
    report: Path | str | None = None,
    how: Reading | None = None,
    skip: Callable[[InputError], None] | None = None,
    progress: Callable[[int], None] = lambda documents: None,
) -> Summary:
    """Predict the relations of documents. Memory does not grow with their number.

    Args:
        model: the classifier's folder, or a classifier.
        source: a file, a folder of files, or several such; a folder of shards, or of a union set, whose rows
            are the pairs, so that nothing may say how to make some (as_corpus, types, strict, extensions);
            or articles asked for by PMID.
        out: the file to write; earlier predictions there are replaced at the end, and only if all went well.
            For shards also a folder, a name without suffix, which gets a Parquet file for each shard; a run
            that was stopped goes on there.
        form: one of INPUT_FORMS, of a dump one of ARTICLE_FORMS; the input tells it unless given.
        out_format: one of outputs.OUTPUT_FORMS; the name of `out` tells it unless given.
        as_corpus: the mapping whose rules make the pairs, BioRED's unless given.
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
        TypeError: something else than a path, a classifier or a reading.
    """
    if not isinstance(source, AskedArticles | Several):
        source = given_path(source, "source")
    out = given_path(out, "out")
    types = None if types is None else given_path(types, "types")
    report = None if report is None else given_path(report, "report")
    if how is not None:
        check_given(how, Reading, "how", "harmonize.prediction.reading.Reading.named")
    if form is not None and form not in INPUT_FORMS:
        raise UnknownName("input format", form, INPUT_FORMS)
    if relation_types not in RELATION_TYPES:
        raise UnknownName("relation types", relation_types, RELATION_TYPES)
    runner = _engine(engine, workers, gpus_per_worker)
    corpora, splits = _listed(corpora, "corpora"), _listed(splits, "splits")
    asked = source if isinstance(source, AskedArticles) else None
    place = place_of(source)
    kind = input_kind(place, form) if asked is None else _dump_form(asked, form, (out, report))
    if (corpora is not None or splits is not None) and kind != UNION:
        raise HarmonizeError(f"{place}: expected a union set, only such has corpora and splits to choose")
    extensions = tuple(listed(extensions, "extensions"))
    if kind == UNION:
        check_pairs_to_make(place, as_corpus=as_corpus, types=types, strict=strict, extensions=extensions)
    work = Work(
        model=model,
        source=source,
        out=out,
        as_corpus=load_catalogue(extensions)[as_corpus or USUAL_CORPUS].key,
        types=types_to_read_with(types, place, kind),
        extensions=extensions,
        splitter=splitter,
        batch_size=batch_size,
        relation_types=relation_types,
        device=device,
        precision=precision,
        strict=strict,
        how=check_how(place, asked is not None and asked.dump is None, kind, how),
    )
    if report is not None:
        check_report(place, out, report)
    summary, skipped = Summary(out=out), SkippedDocuments(skip)
    if kind != UNION and isinstance(model, Path | str):
        summary.advice = not_trained_on(Path(model), work.as_corpus, named=as_corpus is not None)
    try:
        if kind == SHARDS and not out.suffix and out_format in (None, "parquet"):
            check_apart(place, out)
            summary.update(predict_shards(work, runner, skip=skipped, progress=progress))
            summary.check_read(place)
        elif engine == RAY:
            raise HarmonizeError(
                f"--engine ray: expected a folder of `harmonize shard` and an --out without suffix, "
                f"got {place} and {out}"
            )
        else:
            _predict_file(work, kind, out_format, (corpora, splits), summary, skipped, progress)
    except NothingRead:
        if report is not None:
            write_report(report, place, None, summary, skipped, summary.advice)
        raise
    if report is not None:
        write_report(report, place, out, summary, skipped, summary.advice)
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
    place, out = place_of(work.source), work.out
    if kind == UNION and is_union(work.folder):
        read_manifest(work.folder)  # a broken one is told first
    written_as = output_form(out, out_format)
    check_file(place, out)
    check_earlier(out)
    tally = Tally()
    if kind == UNION:
        corpora, splits = parts
        check_union(work.folder, written_as, corpora, splits)
        extractor = work.extractor()
        found = extractor.answered(read_union(work.folder, corpora=corpora, splits=splits, tally=tally))
    else:
        if not isinstance(work.source, AskedArticles):
            check_documents(work.source, kind, work.as_corpus, work.extensions)
        extractor = work.extractor()
        found = extractor(input_documents(work, kind, extractor.rules, tally, skip))
    checked = _counted(found, tally, summary, place, progress)
    write_predictions(
        checked,
        out,
        written_as,
        labels=extractor.labels,
        relation_types=work.relation_types,
        said=extractor.said,
    )


def _dump_form(asked: AskedArticles, form: str | None, written: Iterable[Path | None]) -> str | None:
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


def _listed(names: Iterable[str] | None, what: str) -> tuple[str, ...] | None:
    return None if names is None else tuple(listed(names, what))


def _counted(
    found: Iterable[DocumentRelations],
    tally: Tally,
    summary: Summary,
    place: FilesInput,
    progress: Callable[[int], None],
) -> Iterator[DocumentRelations]:
    """Count what goes by; the balance is struck before the file takes its place."""
    for one in found:
        summary.add(one)
        progress(summary.documents_out)
        yield one
    summary.read(tally)
    summary.check(summary.out)
    summary.check_read(place)
