"""Is a union set whole, and is everything in it as its manifest and docs/union.md say?

    manifest.json          keys, and accounts that add up                        manifest
    every file             there, named by the manifest, size and hash           here
    data/.../train.parquet schema, metadata, every row                           schema, rows
    nary/.../train.parquet the same of relations of any number of entities       nary
    documents.parquet      every document, and the contexts cut from it          documents
    leaks, drops, cards    beside the data and the manifest that they describe   here

Memory grows by the ids of the rows and by a hash of each context, not by their texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import ValidationError

from harmonize.check.documents import document_faults
from harmonize.check.fault import Fault
from harmonize.check.manifest import account_faults, key_faults
from harmonize.check.nary import nary_faults
from harmonize.check.rows import DataFile, Seen, data_faults
from harmonize.check.schema import UNREADABLE, schema_faults
from harmonize.errors import UnionError, shown
from harmonize.files import is_litter
from harmonize.spec import Target, load_catalogue
from harmonize.union.card import card
from harmonize.union.croissant import croissant
from harmonize.union.documents import DocumentKey
from harmonize.union.leak_table import leak_table
from harmonize.union.leaks import Repeat, leaks_into, read_repeats
from harmonize.union.manifest import file_entry, manifest_content, split_counts
from harmonize.union.manifest_model import FileEntry, Manifest
from harmonize.union.schema import (
    CARD,
    CROISSANT,
    DOCUMENTS,
    DROPPED,
    DROPPED_COLUMNS,
    LEAK_SCHEMA,
    LEAKS,
    LEAKS_TABLE,
    MANIFEST,
    REPORT,
)
from harmonize.union.version import version_fault

__all__ = ["FAULTS_PER_FILE", "Fault", "verify"]

FAULTS_PER_FILE = 20
_BESIDE = (MANIFEST, REPORT)
"""Files that may stand in a set without the manifest naming them."""


def verify(folder: Path, per_file: int = FAULTS_PER_FILE) -> list[Fault]:
    """Every fault of the set in `folder`, the manifest's first, then by file; none if it is sound.

    Args:
        per_file: of a file with more faults than that, so many are listed and the others counted.

    Raises:
        UnionError: there is no such folder.
    """
    if not folder.is_dir():
        raise UnionError(f"{folder}: expected the folder of a union set, found none")
    by_file: dict[str, list[Fault]] = {}
    rest: Counter[str] = Counter()
    for fault in _faults(folder):
        listed = by_file.setdefault(fault.file, [])
        if len(listed) < per_file:
            listed.append(fault)
        else:
            rest[fault.file] += 1
    for file, count in rest.items():
        by_file[file].append(Fault(file, "", f"expected no fault after these, got {count:,} more"))
    names = sorted(by_file, key=lambda name: (name != MANIFEST, name))
    return [fault for name in names for fault in by_file[name]]


def _faults(folder: Path) -> Iterator[Fault]:
    try:
        content = manifest_content(folder)
    except UnionError as error:
        yield Fault(MANIFEST, "", str(error).removeprefix(f"{folder / MANIFEST}: "))
        return
    fault = version_fault(content, exact=True)
    if fault is not None:
        yield Fault(MANIFEST, "schema_version", fault)
        return
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        yield from key_faults(error)
        return
    yield from _Set(folder, content, manifest).faults()


@cache
def _target() -> Target:
    return load_catalogue().target


class _Set:
    """A set whose manifest can be read.

    Args:
        content: of the manifest, as it stands.
    """

    def __init__(self, folder: Path, content: dict[str, Any], manifest: Manifest) -> None:
        self.folder, self.content, self.manifest = folder, content, manifest
        self.changed: set[str] = set()
        self.documents: set[DocumentKey] = set()
        try:
            self.repeats: list[Repeat] | None = read_repeats(folder)
        except (UnionError, UnicodeDecodeError):
            self.repeats = None

    def faults(self) -> Iterator[Fault]:
        accounts = list(account_faults(self.manifest))
        yield from accounts
        yield from self._byte_faults()
        yield from self._unnamed_files()
        yield from self._data_faults()
        yield from self._parquet(LEAKS, self._leak_faults())
        yield from self._drop_faults()
        if self.repeats is not None:
            yield from self._text(
                LEAKS_TABLE, partial(leak_table, self.repeats, self.manifest.leaks.settings)
            )
        if self.repeats is not None and not accounts:  # the card of a wrong manifest is wrong as well
            yield from self._text(CARD, partial(card, self.content, self.repeats))
            yield from self._text(CROISSANT, partial(croissant, self.content))

    def _byte_faults(self) -> Iterator[Fault]:
        for name, expected in self.manifest.bytes_of_files().items():
            path = self.folder / name
            if not path.is_file():
                yield Fault(name, "", "expected a file of the set, got none")
                continue
            got = FileEntry(**file_entry(path))
            if got != expected:
                self.changed.add(name)
            if got.bytes != expected.bytes:
                yield Fault(name, "", f"expected {expected.bytes} bytes, got {got.bytes}")
            elif got.sha256 != expected.sha256:
                yield Fault(name, "", f"expected sha256 {expected.sha256}, got {got.sha256}")

    def _unnamed_files(self) -> Iterator[Fault]:
        named = {*self.manifest.bytes_of_files(), *_BESIDE}
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder)
            if name.as_posix() not in named and not path.is_dir() and not is_litter(name):
                yield Fault(name.as_posix(), "", "expected only files that the manifest names, got this one")

    def _data_faults(self) -> Iterator[Fault]:
        """Those of the data files and of the documents that their rows were cut from."""
        leaks = None if self.repeats is None else leaks_into(self.repeats)
        target, seen = _target(), Seen()
        for corpus, entry in self.manifest.corpora.items():
            for split, part in entry.splits.items():
                if part.file is not None:
                    data = DataFile(corpus, split, part.file, self.manifest, target, leaks)
                    yield from self._parquet(part.file, data_faults(self.folder / part.file, data, seen))
                if part.nary is not None:
                    name = part.nary.file
                    data = DataFile(corpus, split, name, self.manifest, target, leaks)
                    yield from self._parquet(name, nary_faults(self.folder / name, data, part.nary, seen))
        path = self.folder / DOCUMENTS
        yield from self._parquet(DOCUMENTS, document_faults(path, self.manifest, seen, self.documents))

    def _parquet(self, name: str, faults: Iterator[Fault]) -> Iterator[Fault]:
        """The faults of a file, or that it cannot be read; of a file that is missing nothing more is said."""
        if not (self.folder / name).is_file():
            return
        try:
            yield from faults
        except UNREADABLE as error:
            if name not in self.changed:  # else its bytes have been named already
                yield Fault(name, "", f"expected Parquet, got: {error}")

    def _leak_faults(self) -> Iterator[Fault]:
        table = pq.ParquetFile(self.folder / LEAKS).read()
        yield from schema_faults(LEAKS, table.schema, LEAK_SCHEMA)
        if table.num_rows != self.manifest.leaks.pairs:
            yield Fault(LEAKS, "", f"expected {self.manifest.leaks.pairs} rows, got {table.num_rows}")
        for number, repeat in enumerate(self.repeats or []):
            for key in (repeat.document, repeat.other):
                if self.documents and key not in self.documents:
                    yield Fault(
                        LEAKS, f"row {number}", f"expected a document of {DOCUMENTS}, got {'/'.join(key)}"
                    )

    def _drop_faults(self) -> Iterator[Fault]:
        """Every drop that the manifest counts stands in a line of dropped.tsv."""
        path = self.folder / DROPPED
        if not path.is_file():
            return
        listed: Counter[tuple[str, ...]] = Counter()
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                fields = tuple(line.removesuffix("\n").split("\t"))
                if number == 1 and fields != DROPPED_COLUMNS:
                    yield Fault(DROPPED, "line 1", f"expected {' '.join(DROPPED_COLUMNS)}, got {shown(line)}")
                elif len(fields) != len(DROPPED_COLUMNS):
                    yield Fault(
                        DROPPED,
                        f"line {number}",
                        f"expected {len(DROPPED_COLUMNS)} fields, got {shown(line)}",
                    )
                elif number > 1:
                    listed[fields[:5]] += 1
        counted = self._counted_drops()
        for key in sorted({*listed, *counted}):
            if listed[key] != counted[key]:
                yield Fault(DROPPED, ", ".join(key), f"expected {counted[key]} lines, got {listed[key]}")

    def _counted_drops(self) -> Counter[tuple[str, ...]]:
        counted: Counter[tuple[str, ...]] = Counter()
        for part in split_counts(self.content):
            for what, count in part.dropped.items():
                counted[part.corpus, part.split, *what] = count
        return counted

    def _text(self, name: str, expected: Callable[[], str]) -> Iterator[Fault]:
        """Where a file, if it is there, differs from what the rest of the set makes of it."""
        path = self.folder / name
        if not path.is_file():
            return
        got = path.read_bytes().decode(errors="replace")
        for number, (one, other) in enumerate(zip_longest(expected().split("\n"), got.split("\n")), 1):
            if one != other:
                yield Fault(name, f"line {number}", f"expected {shown(one)}, got {shown(other)}")
                return
