"""The input of commands: its forms, its documents, and what is wrong, told before a model is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from harmonize.errors import HarmonizeError, InputError, UnionError
from harmonize.formats.article_forms import DOCUMENT_FORMS
from harmonize.model import Document
from harmonize.prediction.entity_types import load_entity_types, load_user_types
from harmonize.prediction.inputs import check_form, read_input
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.pmid_input import AskedArticles, read_asked
from harmonize.prediction.reading import Reading
from harmonize.prediction.shard_manifest import is_shards, read_shard_manifest
from harmonize.prediction.shard_worker import Work
from harmonize.prediction.sharded import check_read_as
from harmonize.prediction.shards import read_shards
from harmonize.prediction.tally import Tally
from harmonize.prediction.union_input import is_union, union_corpora
from harmonize.sources.article_files import FilesInput, input_places
from harmonize.spec import load_catalogue
from harmonize.union.manifest import nary_hint, read_manifest
from harmonize.union.schema import MANIFEST
from harmonize.writing.replace import begins, check_place, check_replaceable_file, file_place, followed

__all__ = [
    "INPUT_FORMS",
    "SHARDS",
    "UNION",
    "check_apart",
    "check_documents",
    "check_earlier_report",
    "check_file",
    "check_how",
    "check_pairs_to_make",
    "check_report",
    "check_union",
    "input_documents",
    "input_kind",
    "types_to_read_with",
    "user_types",
]

UNION, SHARDS = "union", "shards"
INPUT_FORMS = (*DOCUMENT_FORMS, UNION, SHARDS)


def check_how(source: FilesInput, is_service: bool, kind: str | None, how: Reading | None) -> Reading:
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


def user_types(path: Path | None) -> dict[str, str | None]:
    """The types of a user's file.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return {} if path is None else load_user_types(path, load_entity_types(), load_catalogue())


def types_to_read_with(path: Path | None, source: FilesInput, kind: str | None) -> dict[str, str | None]:
    """The types of a user's file; of shards those that they were read with.

    Raises:
        SpecError: the file has faults, all of them.
        HarmonizeError: shards that were read with other types than these.
    """
    own = user_types(path)
    if kind != SHARDS:
        return own
    assert isinstance(source, Path)
    known = read_shard_manifest(source).types
    if path is not None and own != known:
        raise HarmonizeError(f"{path}: expected the types that {source} was read with; leave --types out")
    return known


def input_kind(source: FilesInput, form: str | None) -> str | None:
    """The form that is told, or of one folder SHARDS or UNION, if it is such; None: its files tell.

    Raises:
        HarmonizeError: such a folder is one input of several.
    """
    places = input_places(source)
    kinds = [SHARDS if is_shards(place) else UNION if is_union(place) else None for place in places]
    if len(places) > 1:
        of_folders = [place for place, kind in zip(places, kinds, strict=True) if kind is not None]
        if form in (SHARDS, UNION) or of_folders:
            place = of_folders[0] if of_folders else places[0]
            raise HarmonizeError(f"{place}: expected shards or a union set alone, got {source}")
        return form
    return form or kinds[0]


def check_apart(source: FilesInput, out: Path, what: str = "a file") -> None:
    """Raises HarmonizeError for something to write that is the input, or stands in it."""
    place = followed(out)
    for each in input_places(source):
        if each.is_dir() and followed(each) in (place, *place.parents):
            raise HarmonizeError(f"{out}: expected {what} outside the input")


def check_file(source: FilesInput, out: Path) -> None:
    """Raises HarmonizeError for a file to write that is the input, stands in it, or is no file."""
    file_place(out)
    if out.exists() and any(each.exists() and out.samefile(each) for each in input_places(source)):
        raise HarmonizeError(f"{out}: expected another file than the input")
    check_apart(source, out)


def check_report(source: FilesInput, out: Path, report: Path) -> None:
    """What is wrong with the place of a report is told before anything is written.

    Raises:
        HarmonizeError: it would stand in the place of the input or of the output, or cannot be written.
    """
    check_file(source, report)
    if report.resolve() in (out.resolve(), *out.resolve().parents):
        raise HarmonizeError(f"{report}: expected another file than the output")
    check_earlier_report(report)
    check_place(report, "it")


def check_earlier_report(report: Path) -> None:
    """Raises HarmonizeError for a file that a report would replace, and that is none."""
    check_replaceable_file(report, "an earlier report", begins(r'\{\s*"report_version"'))


def check_pairs_to_make(
    source: FilesInput, *, as_corpus: str | None, types: Path | None, strict: bool, extensions: Sequence[Path]
) -> None:
    """Raises HarmonizeError for options that say how pairs are made, since a union set has its own."""
    options = {
        "--as-corpus": as_corpus is not None,
        "--types": types is not None,
        "--strict": strict,
        "--extend": bool(extensions),
    }
    if told := [name for name, is_given in options.items() if is_given]:
        raise HarmonizeError(
            f"{source}: expected documents to read, got a union set, whose rows are the pairs; "
            f"leave out {', '.join(told)}"
        )


def check_documents(source: FilesInput, kind: str | None, as_corpus: str, extensions: Sequence[Path]) -> None:
    """What is wrong with the input is told before the classifier is loaded."""
    if kind == SHARDS:
        assert isinstance(source, Path)
        check_read_as(source, read_shard_manifest(source), as_corpus, extensions)
    else:
        check_form(source, kind)


def input_documents(
    work: Work, kind: str | None, rules: PairRules, tally: Tally, skip: Callable[[InputError], None]
) -> Iterator[Document]:
    """The documents of files or, where `kind` says so, of shards, or those asked for.

    `skip` is told of those not to be read.
    """
    if kind == SHARDS:
        manifest = read_shard_manifest(work.folder)
        tally.documents = manifest.documents.out
        return read_shards(work.folder, manifest)
    source, strict, how = work.source, work.strict, work.how
    if isinstance(source, AskedArticles):
        return read_asked(source, kind, rules=rules, tally=tally, strict=strict, skip=skip, how=how)
    return read_input(source, kind, rules=rules, tally=tally, strict=strict, skip=skip, how=how)


def check_union(
    folder: Path, written_as: str, corpora: Iterable[str] | None, splits: Iterable[str] | None
) -> None:
    if not is_union(folder):
        raise UnionError(f"{folder}: expected the folder of a union set, found no {MANIFEST} in it")
    wanted = union_corpora(folder, corpora, splits)
    if not wanted:
        hint = nary_hint(read_manifest(folder))
        raise HarmonizeError(f"{folder}: expected rows of the wanted corpora and splits, found none{hint}")
    if written_as != "parquet" and len(wanted) > 1:
        raise HarmonizeError(
            f"{folder}: expected one corpus for {written_as}, since document ids are unique in a corpus "
            f"only, got {', '.join(wanted)}; parquet holds several"
        )
