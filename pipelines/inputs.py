"""The input of commands: its forms, its documents, and what is wrong, told before a model is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from harmonize.errors import HarmonizeError, InputError, UnionError
from harmonize.formats.article_forms import DOCUMENT_FORMS
from harmonize.model import Document
from harmonize.prediction.entity_types import load_entity_types, load_user_types
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import PairRules
from harmonize.prediction.pmid_input import read_asked
from harmonize.prediction.reading import Reading
from harmonize.prediction.shard_manifest import is_shards, read_shard_manifest
from harmonize.prediction.shard_worker import Work
from harmonize.prediction.sharded import check_read_as
from harmonize.prediction.shards import read_shards
from harmonize.prediction.tally import Tally
from harmonize.prediction.union_input import is_union, union_corpora
from harmonize.sources.article_files import input_files
from harmonize.spec import load_catalogue
from harmonize.union.manifest import nary_hint, read_manifest
from harmonize.union.schema import MANIFEST
from harmonize.writing.replace import file_place, followed

__all__ = [
    "INPUT_FORMS",
    "SHARDS",
    "UNION",
    "check_apart",
    "check_documents",
    "check_file",
    "check_how",
    "check_pairs_to_make",
    "check_report",
    "check_union",
    "input_documents",
    "input_kind",
    "user_types",
]

UNION, SHARDS = "union", "shards"
INPUT_FORMS = (*DOCUMENT_FORMS, UNION, SHARDS)


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


def input_kind(source: Path) -> str | None:
    return SHARDS if is_shards(source) else UNION if is_union(source) else None


def check_apart(source: Path, out: Path, what: str = "a file") -> None:
    """Raises HarmonizeError for something to write that is the input, or stands in it."""
    place = followed(out)
    if source.is_dir() and followed(source) in (place, *place.parents):
        raise HarmonizeError(f"{out}: expected {what} outside the input")


def check_file(source: Path, out: Path) -> None:
    """Raises HarmonizeError for a file to write that is the input, stands in it, or is no file."""
    file_place(out)
    if out.exists() and source.exists() and out.samefile(source):
        raise HarmonizeError(f"{out}: expected another file than the input")
    check_apart(source, out)


def check_report(source: Path, out: Path, report: Path) -> None:
    """What is wrong with the place of a report is told before anything is written.

    Raises:
        HarmonizeError: it would stand in the place of the input or of the output, or cannot be written.
    """
    check_file(source, report)
    if report.resolve() in (out.resolve(), *out.resolve().parents):
        raise HarmonizeError(f"{report}: expected another file than the output")
    folder = next(each for each in file_place(report).parents if each.exists())
    if not folder.is_dir():
        raise HarmonizeError(f"{report}: expected a folder to write it in, {folder} is a file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HarmonizeError(f"{report}: expected a folder that can be written to, {folder} cannot")


def check_pairs_to_make(
    source: Path, *, as_corpus: str | None, types: Path | None, strict: bool, extensions: Sequence[Path]
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


def check_documents(source: Path, kind: str | None, as_corpus: str, extensions: Sequence[Path]) -> None:
    """What is wrong with the input is told before the classifier is loaded."""
    if kind == SHARDS:
        check_read_as(source, read_shard_manifest(source), as_corpus, extensions)
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
