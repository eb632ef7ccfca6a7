"""Folds of a corpus for cross-validation, by document, so that no text is both trained on and tested.

Made here by a seeded hash of the document, or read from a published table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.formats.lines import is_offset, numbered_lines
from harmonize.formats.tables import named_columns
from harmonize.spec import PublishedFolds
from harmonize.union.documents import read_documents
from harmonize.union.leaks import Repeat, read_repeats
from harmonize.union.manifest import corpus_held, read_manifest
from harmonize.writing.text import tab_line

__all__ = ["Folds", "folds", "read_folds", "write_folds"]

Folds = Mapping[str, int | None]
"""Document id -> the fold in which it is tested, from 0; None for one that is only trained on."""

NEVER = "none"
_OWN = PublishedFolds(file="folds.tsv", document="document_id", fold="fold")


def folds(union: Path, corpus: str, count: int, seed: int = 0) -> dict[str, int]:
    """Divide a corpus' documents into `count` folds of nearly equal size.

    Documents stand in order of a hash of seed, corpus and id, and are cut into equal parts. Documents that
    repeat each other have the hash of the first of them, and so the same fold. No fold is empty.

    Returns:
        Document id -> fold, 0 to count - 1, in order of id.

    Raises:
        UnknownName: the set does not hold the corpus.
        HarmonizeError: the corpus has fewer documents (repeats counted once) than folds, or count < 2.
        UnionError: the set is not whole.
    """
    corpus = corpus_held(read_manifest(union), corpus)
    ids = _document_ids(union, corpus)
    group = _groups(ids, (r for r in read_repeats(union) if _within(r, corpus)))
    sizes: dict[str, int] = {}
    for first in group.values():
        sizes[first] = sizes.get(first, 0) + 1
    if not 2 <= count <= len(sizes):
        raise HarmonizeError(f"{corpus}: expected 2 to {len(sizes)} folds, got {count}")
    fold_of: dict[str, int] = {}
    done, fold = 0, -1
    for first in sorted(sizes, key=lambda identifier: _hash(seed, corpus, identifier)):
        left = len(sizes) - len(fold_of)  # repeats may fill the shares of several folds, which want some too
        fold = max(min(done * count // len(ids), fold + 1), count - left)
        fold_of[first] = fold
        done += sizes[first]
    return {identifier: fold_of[group[identifier]] for identifier in sorted(ids)}


def read_folds(path: Path, union: Path, corpus: str, columns: PublishedFolds = _OWN) -> dict[str, int | None]:
    """The folds of a table with a header, one document a line, for a corpus of the set at `union`.

    Args:
        columns: how the table names its columns; those that `write_folds` writes unless given.

    Returns:
        Document id -> fold, in order of id; None where the table says "none". Documents of the table that the
        set does not hold are left out.

    Raises:
        UnknownName: the set does not hold the corpus.
        MissingInput, MalformedInput: the table is missing, or a line of it is wrong, or it lacks a document.
    """
    corpus = corpus_held(read_manifest(union), corpus)
    found: dict[str, int | None] = {}
    for line, row in named_columns(path, numbered_lines(path), (columns.document, columns.fold)):
        identifier, fold = row[columns.document], row[columns.fold]
        if identifier in found:
            raise MalformedInput(path, f"expected a document once, got {identifier} again", line=line)
        if fold != NEVER and not is_offset(fold):
            raise MalformedInput(path, f"expected a fold's number or {NEVER!r}, got {fold!r}", line=line)
        found[identifier] = None if fold == NEVER else int(fold)
    ids = sorted(_document_ids(union, corpus))
    for identifier in ids:
        if identifier not in found:
            raise MalformedInput(path, f"expected every document of {corpus}, found no {identifier}")
    return {identifier: found[identifier] for identifier in ids}


def write_folds(folds: Folds, file: TextIO) -> None:
    """Write folds as `read_folds` reads them; open the file with newline="\\n"."""
    file.write(tab_line(_OWN.document, _OWN.fold))
    for identifier, fold in folds.items():
        file.write(tab_line(identifier, NEVER if fold is None else str(fold)))


def _document_ids(union: Path, corpus: str) -> list[str]:
    return [document.key.document_id for document in read_documents(union, corpus)]


def _within(repeat: Repeat, corpus: str) -> bool:
    return repeat.document.corpus == repeat.other.corpus == corpus


def _groups(ids: Iterable[str], repeats: Iterable[Repeat]) -> dict[str, str]:
    """Document id -> the first id of the documents that it repeats, directly or by way of others."""
    groups = {identifier: {identifier} for identifier in ids}
    for repeat in repeats:
        one, other = (key.document_id for key in (repeat.document, repeat.other))
        if groups[one] is not groups[other]:
            groups[one] |= groups[other]
            for identifier in groups[other]:
                groups[identifier] = groups[one]
    return {identifier: min(group) for identifier, group in groups.items()}


def _hash(seed: int, corpus: str, identifier: str) -> str:
    return hashlib.sha256(f"{seed}\x1f{corpus}\x1f{identifier}".encode()).hexdigest()
