"""What changed between two union sets, A and B: counts, and a few ids of each kind of change.

Documents are compared by their columns, the text as a hash. Rows are read from both sets in step, those of
one document at a time, so that neither set is held in memory.
"""

from __future__ import annotations

import filecmp
import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq
from pydantic import ValidationError

from harmonize.check.manifest import flat, key_faults
from harmonize.errors import UnionError
from harmonize.union.documents import read_documents
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import SplitCounts, nary_files, read_manifest, split_counts
from harmonize.union.manifest_model import Manifest
from harmonize.union.nary import load_nary
from harmonize.union.parquet import parquet_faults

__all__ = [
    "EXAMPLES",
    "Changes",
    "Difference",
    "Dropped",
    "Names",
    "Pair",
    "PartDifference",
    "Relabelled",
    "diff",
]

EXAMPLES = 5
_ROWS_PER_BATCH = 5_000
_NEEDED = ("instance_id", "document_id", "relation")
_FILES, _MAPPINGS = "source_files", "mappings"
_PARTS = ("corpora", "files")

Values = Mapping[str, Any]
"""Column -> value, of one item."""


@dataclass(frozen=True)
class Pair:
    """A value in A and in B; None where there is none."""

    a: Any
    b: Any


@dataclass(frozen=True)
class Relabelled:
    """How many rows have the relation `a` in A and `b` in B."""

    a: str
    b: str
    rows: int


@dataclass(frozen=True)
class Dropped:
    """How many items a step dropped for a reason, in A and in B."""

    step: str
    unit: str
    reason: str
    a: int
    b: int


@dataclass
class Names:
    """What only B has, what only A has, and what both have but not the same."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass
class Changes:
    """How many items only B has, only A has, or both have but not the same.

    Attributes:
        columns: how many of the changed have another value in a column, by column.
        examples: the ids of the first few.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    examples: Names = field(default_factory=Names)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def count(self, a: Mapping[str, Values], b: Mapping[str, Values], examples: int) -> list[str]:
        """Compare further items, by id, and return the ids of the changed ones.

        Args:
            examples: how many ids of each kind to keep, over all calls.
        """
        added, removed = sorted(b.keys() - a.keys()), sorted(a.keys() - b.keys())
        changed = sorted(each for each in a.keys() & b.keys() if a[each] != b[each])
        self.added += len(added)
        self.removed += len(removed)
        self.changed += len(changed)
        for name in (name for each in changed for name in a[each] if a[each][name] != b[each][name]):
            self.columns[name] = self.columns.get(name, 0) + 1
        for kept, new in (
            (self.examples.added, added),
            (self.examples.removed, removed),
            (self.examples.changed, changed),
        ):
            kept += new[: max(examples - len(kept), 0)]
        return changed


@dataclass
class PartDifference:
    """What changed in a split of a corpus.

    Attributes:
        relabelled: the changed rows whose relation is another one.
        labels: label -> rows in A and in B, where they differ.
        dropped: reasons whose counts differ.
        nary: contexts of relations of any number of entities.
    """

    documents: Changes
    instances: Changes
    relabelled: list[Relabelled]
    labels: dict[str, Pair]
    dropped: list[Dropped]
    nary: Changes = field(default_factory=Changes)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass
class Difference:
    """What changed from A to B; what did not is left out.

    Attributes:
        manifest: key -> its values, e.g. package_version or leaks.settings.threshold.
        corpora: of one set only.
        splits: "corpus/split" of one set only.
        columns: of the data files of one set only; the rows are compared by the others.
        facts: corpus -> key of its part of the manifest -> its values, e.g. task or licence.name.
        source_files, mappings: corpus -> the files that it was built from, compared by hash.
        parts: "corpus/split" -> its documents and rows.
        leaks: pairs of documents that repeat each other.
    """

    manifest: dict[str, Pair]
    corpora: Names
    splits: Names
    columns: Names
    facts: dict[str, dict[str, Pair]]
    source_files: dict[str, Names]
    mappings: dict[str, Names]
    parts: dict[str, PartDifference]
    leaks: Changes

    @property
    def same(self) -> bool:
        return not any(getattr(self, each.name) for each in fields(self))

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them."""
        return {"same": self.same, **asdict(self)}


def diff(a: Path, b: Path, examples: int = EXAMPLES) -> Difference:
    """What changed from the set in folder `a` to the one in folder `b`.

    Args:
        examples: how many ids to name of each kind of change.

    Raises:
        UnionError: a folder is no union set, or a file of it is missing, broken or not sorted.
    """
    one, other = _read(a), _read(b)
    both = [corpus for corpus in one.corpora if corpus in other.corpora]
    splits = dict.fromkeys((*one.splits, *other.splits))
    return Difference(
        manifest=_pairs(flat(one.manifest, _PARTS), flat(other.manifest, _PARTS)),
        corpora=_names(dict.fromkeys(one.corpora), dict.fromkeys(other.corpora)),
        splits=_names(dict.fromkeys(one.splits), dict.fromkeys(other.splits)),
        columns=_names(one.columns(), other.columns()),
        facts=_differing((c, _pairs(one.facts(c), other.facts(c))) for c in both),
        source_files=_differing((c, _names(one.hashes(c), other.hashes(c))) for c in both),
        mappings=_differing((c, _names(one.hashes(c, _MAPPINGS), other.hashes(c, _MAPPINGS))) for c in both),
        parts=_differing((name, _part(one, other, name, examples)) for name in splits),
        leaks=_changes(_leaks(a), _leaks(b), examples),
    )


@dataclass(frozen=True)
class _Set:
    """A set: its folder, manifest, and documents by "corpus/split" and id."""

    folder: Path
    manifest: dict[str, Any]
    documents: Mapping[str, Mapping[str, Values]]

    @property
    def corpora(self) -> dict[str, Any]:
        corpora: dict[str, Any] = self.manifest["corpora"]
        return corpora

    @cached_property
    def splits(self) -> dict[str, SplitCounts]:
        """By "corpus/split"."""
        return {f"{part.corpus}/{part.split}": part for part in split_counts(self.manifest)}

    def facts(self, corpus: str) -> dict[str, Any]:
        """What the manifest says of a corpus, but for its files and splits."""
        return flat(self.corpora[corpus], (_FILES, _MAPPINGS, "splits"))

    def hashes(self, corpus: str, of: str = _FILES) -> dict[str, str]:
        hashes: dict[str, str] = self.corpora[corpus][of]
        return hashes

    def file(self, name: str) -> Path | None:
        """The data file of "corpus/split", None where there is none."""
        if name not in self.splits:
            return None
        part = self.splits[name]
        file = self.corpora[part.corpus]["splits"][part.split]["file"]
        return None if file is None else self.folder / file

    def contexts(self, name: str) -> dict[str, Values]:
        """The rows of n-ary relations of "corpus/split", by id; none where there is no such file."""
        corpus, _, split = name.partition("/")
        if not any((corpus, split) == part[:2] for part in nary_files(self.manifest)):
            return {}
        rows = load_nary(self.folder, corpora=[corpus], splits=[split]).to_pylist()
        return {row["instance_id"]: row for row in rows}

    def columns(self) -> dict[str, None]:
        """Of all data files."""
        files = (self.file(name) for name in self.splits)
        return dict.fromkeys(name for file in files if file is not None for name in _columns(file))


def _read(folder: Path) -> _Set:
    manifest = read_manifest(folder)
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        first = next(key_faults(error))
        raise UnionError(f"{folder / first.file}: {first.place}: {first.message}") from None
    documents: dict[str, dict[str, Values]] = defaultdict(dict)
    for key, pmid, text, passages in read_documents(folder):
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        values = {"pmid": pmid, "text": digest, "passages": passages}
        documents[f"{key.corpus}/{key.split}"][key.document_id] = values
    return _Set(folder, manifest, documents)


def _leaks(folder: Path) -> dict[str, Values]:
    """Pairs of documents, by both their names."""
    return {
        f"{'/'.join(repeat.document)} = {'/'.join(repeat.other)}": repeat._asdict()
        for repeat in read_repeats(folder)
    }


_T = TypeVar("_T")


def _differing(items: Iterable[tuple[str, _T]]) -> dict[str, _T]:
    return {name: value for name, value in items if value}


_K = TypeVar("_K", bound=str | tuple[str, ...])


def _pairs(a: Mapping[_K, Any], b: Mapping[_K, Any], absent: Any = None) -> dict[_K, Pair]:
    """The keys whose values differ."""
    both = {key: Pair(a.get(key, absent), b.get(key, absent)) for key in sorted({*a, *b})}
    return {key: pair for key, pair in both.items() if pair.a != pair.b}


def _names(a: Values, b: Values) -> Names:
    return Names(
        sorted(b.keys() - a.keys()),
        sorted(a.keys() - b.keys()),
        sorted(name for name in a.keys() & b.keys() if a[name] != b[name]),
    )


def _changes(a: Mapping[str, Values], b: Mapping[str, Values], examples: int) -> Changes:
    changes = Changes()
    changes.count(a, b, examples)
    return changes


def _part(one: _Set, other: _Set, name: str, examples: int) -> PartDifference:
    a, b = one.splits.get(name), other.splits.get(name)
    instances, relabelled = _instances(one.file(name), other.file(name), examples)
    dropped = _pairs(a.dropped if a else {}, b.dropped if b else {}, 0)
    return PartDifference(
        documents=_changes(one.documents.get(name, {}), other.documents.get(name, {}), examples),
        instances=instances,
        relabelled=[Relabelled(*relations, rows) for relations, rows in sorted(relabelled.items())],
        labels=_pairs(a.labels if a else {}, b.labels if b else {}, 0),
        dropped=[Dropped(*key, pair.a, pair.b) for key, pair in dropped.items()],
        nary=_changes(one.contexts(name), other.contexts(name), examples),
    )


def _instances(a: Path | None, b: Path | None, examples: int) -> tuple[Changes, Counter[tuple[str, str]]]:
    """The changes of rows, and how many went from one relation to another."""
    changes, relabelled = Changes(), Counter[tuple[str, str]]()
    if a is not None and b is not None and filecmp.cmp(a, b, shallow=False):
        return changes, relabelled
    names = [_columns(path) for path in (a, b) if path is not None]
    common = [name for name in names[0] if name in names[-1]] if names else []
    for before, after in _in_step(_documents(a, common), _documents(b, common)):
        for each in changes.count(before, after, examples):
            relations = before[each]["relation"], after[each]["relation"]
            if relations[0] != relations[1]:
                relabelled[relations] += 1
    return changes, relabelled


Rows = Mapping[str, Values]
"""Rows by instance id."""


def _in_step(a: Iterable[tuple[str, Rows]], b: Iterable[tuple[str, Rows]]) -> Iterator[tuple[Rows, Rows]]:
    """The rows of each document in A and in B; both come in order of document id."""
    merged = heapq.merge(_tagged(0, a), _tagged(1, b), key=itemgetter(0, 1))
    for _, group in groupby(merged, key=itemgetter(0)):
        sides = {side: rows for _, side, rows in group}
        yield sides.get(0, {}), sides.get(1, {})


def _tagged(side: int, documents: Iterable[tuple[str, Rows]]) -> Iterator[tuple[str, int, Rows]]:
    for document, rows in documents:
        yield document, side, rows


def _documents(path: Path | None, columns: list[str]) -> Iterator[tuple[str, Rows]]:
    """(document id, its rows) of a data file, in order of document id.

    Raises:
        UnionError: the file is missing, broken or not sorted, or an id stands twice.
    """
    if path is None:
        return
    last = ""
    for document, group in groupby(_rows(path, columns), key=itemgetter("document_id")):
        rows = list(group)
        by_id = {row["instance_id"]: row for row in rows}
        if document < last or len(by_id) < len(rows):
            raise UnionError(
                f"{path}: expected rows in order of document id, each with an instance id of its own, "
                f"got others at document {document}"
            )
        yield document, by_id
        last = document


def _rows(path: Path, columns: list[str]) -> Iterator[Values]:
    with parquet_faults(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_PER_BATCH, columns=columns):
            yield from batch.to_pylist()


def _columns(path: Path) -> list[str]:
    with parquet_faults(path), pq.ParquetFile(path) as file:
        names: list[str] = file.schema_arrow.names
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise UnionError(f"{path}: expected the columns {', '.join(_NEEDED)}, got no {', '.join(missing)}")
    return names
