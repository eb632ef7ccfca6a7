"""The rows of a union set, found by filters without holding the set in memory.

What is filtered by stands in memory, each distinct value once; what is shown of a row is read from its row
group when the row is shown. The texts that are searched come into memory with the first search, each context
once, though many pairs share it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harmonize.explore.query import Filters
from harmonize.relation.labels import is_negative
from harmonize.union.manifest import read_manifest
from harmonize.union.parquet import parquet_faults
from harmonize.union.partition import PartitionFile, with_partition
from harmonize.union.reader import union_files

__all__ = ["DocumentRows", "Facet", "Places", "UnionRows"]

Places = npt.NDArray[np.int64]
"""Rows by their number in the set, in order."""

_KEPT = ("instance_id", "corpus", "split", "document_id", "relation", "head_type", "tail_type")
_SEARCHED = ("text", "document_id", "pmid", "head_id", "tail_id", "head_name", "tail_name")
_COUNTED = ("corpus", "split", "relation")
_QUERIES_KEPT = 64
_GROUPS_KEPT = 4  # of up to ten thousand rows each


@dataclass(frozen=True)
class Facet:
    """A value that can be filtered by, and how many rows have it."""

    value: str
    count: int


class DocumentRows(NamedTuple):
    """A document, by (corpus, split, id): how many rows match, and how many of them have a relation."""

    key: tuple[str, str, str]
    rows: int
    related: int


@dataclass(frozen=True)
class _Group:
    """A row group: `rows` of the set from `start` on."""

    file: PartitionFile
    number: int
    start: int
    rows: int


@dataclass(eq=False)
class UnionRows:
    """The rows of the union set at `folder`, which stays as it is meanwhile.

    Attributes:
        manifest: the set's.
        table: the columns that are filtered by, as strings each of which stands in memory once.
    """

    folder: Path
    manifest: dict[str, Any]
    table: pa.Table
    _groups: tuple[_Group, ...]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _searched: list[dict[str, pa.DictionaryArray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._found: Callable[[str], npt.NDArray[np.bool_]] = lru_cache(_QUERIES_KEPT)(self._search)
        self._read: Callable[[int], pa.Table] = lru_cache(_GROUPS_KEPT)(self._read_group)
        self._starts = np.array([group.start for group in self._groups], dtype=np.int64)

    @classmethod
    def opened(cls, folder: Path) -> UnionRows:
        """The rows of a set.

        Raises:
            UnionError: no union set there, or a file of it is missing or broken.
        """
        manifest = read_manifest(folder)
        files = union_files(folder, manifest, None, None)
        tables = [_strings(file, _KEPT) for file in files]
        empty = pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in _KEPT]).empty_table()
        table = pa.concat_tables(tables or [empty]).unify_dictionaries().combine_chunks()
        return cls(folder, manifest, table, tuple(_row_groups(files)))

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def rules_of(self, corpus: str) -> list[str]:
        """The rules that made a corpus' rows."""
        return list(self.manifest["corpora"][corpus]["rules"])

    def facets(self) -> dict[str, list[Facet]]:
        """What can be filtered by: name -> values with their number of rows."""
        found = {name: _counted(self.table[name]) for name in _COUNTED}
        types: dict[str, int] = {}
        for name in ("head_type", "tail_type"):
            for facet in _counted(self.table[name]):
                types[facet.value] = types.get(facet.value, 0) + facet.count
        rules: dict[str, int] = {}
        for facet in found["corpus"]:
            for rule in self.rules_of(facet.value):
                rules[rule] = rules.get(rule, 0) + facet.count
        return {
            "corpus": found["corpus"],
            "split": found["split"],
            "label": sorted(found["relation"], key=lambda facet: facet.value),
            "type": [Facet(*item) for item in sorted(types.items())],
            "rule": [Facet(*item) for item in sorted(rules.items())],
        }

    def matching(self, filters: Filters) -> Places:
        """The rows that the filters want; the page does not matter."""
        mask = np.ones(len(self), dtype=np.bool_)
        for column, value in (
            ("corpus", filters.corpus),
            ("split", filters.split),
            ("relation", filters.label),
        ):
            if value:
                mask &= self._equal(column, [value])
        if filters.type:
            mask &= self._equal("head_type", [filters.type]) | self._equal("tail_type", [filters.type])
        if filters.document:
            mask &= self._equal("document_id", [filters.document])
        if filters.rule:
            corpora = [name for name in self.manifest["corpora"] if filters.rule in self.rules_of(name)]
            mask &= self._equal("corpus", corpora)
        if filters.q and mask.any():
            mask &= self._found(filters.q)
        return np.flatnonzero(mask).astype(np.int64)

    def of_document(self, corpus: str, split: str, document_id: str) -> Places:
        """The rows of a document."""
        wanted = (("corpus", corpus), ("split", split), ("document_id", document_id))
        masks = [self._equal(column, [value]) for column, value in wanted]
        return np.flatnonzero(masks[0] & masks[1] & masks[2]).astype(np.int64)

    def of_instance(self, instance_id: str) -> Places:
        """The row with an id; none, or one."""
        return self.places_of([instance_id])

    def places_of(self, instance_ids: Sequence[str]) -> Places:
        """The rows with some ids, in the set's order."""
        return np.flatnonzero(self._equal("instance_id", instance_ids)).astype(np.int64)

    def rows_of_documents(self, places: Places) -> Places:
        """All rows of the documents of some rows."""
        names = ("corpus", "split", "document_id")
        codes = np.stack([self._codes(name).astype(np.int64) for name in names], axis=1)
        _, document = np.unique(codes, axis=0, return_inverse=True)
        found: Places = np.flatnonzero(np.isin(document.ravel(), document.ravel()[places])).astype(np.int64)
        return found

    def documents(self, places: Places) -> list[DocumentRows]:
        """The documents of some rows, in order."""
        if not len(places):
            return []
        names = ("corpus", "split", "document_id")
        codes = [self._codes(name)[places].astype(np.int64) for name in names]
        values = [self._values(name) for name in names]
        changes = np.flatnonzero(np.any([np.diff(code) != 0 for code in codes], axis=0)) + 1
        starts = np.concatenate(([0], changes))
        counts = np.diff(np.concatenate((starts, [len(places)])))
        related = np.add.reduceat(self._is_related()[places].astype(np.int64), starts)
        keys = zip(
            *([value[code] for code in codes_[starts]] for value, codes_ in zip(values, codes, strict=True)),
            strict=True,
        )
        return [
            DocumentRows(key, int(count), int(positive))
            for key, count, positive in zip(keys, counts, related, strict=True)
        ]

    def _is_related(self) -> npt.NDArray[np.bool_]:
        related = np.array([not is_negative(label) for label in self._values("relation")], dtype=np.bool_)
        found: npt.NDArray[np.bool_] = related[self._codes("relation")]
        return found

    def rows(self, places: Iterable[int]) -> list[dict[str, Any]]:
        """Rows as the files have them, in the order asked.

        Raises:
            UnionError: a file has changed or is gone.
        """
        wanted = list(places)
        found: dict[int, dict[str, Any]] = {}
        for number, inside in _by_group(wanted, self._starts).items():
            start = self._groups[number].start
            taken = self._read(number).take(pa.array([place - start for place in inside], pa.int64()))
            found |= zip(inside, taken.to_pylist(), strict=True)
        return [found[place] for place in wanted]

    def _read_group(self, number: int) -> pa.Table:
        group = self._groups[number]
        path = group.file.path
        with parquet_faults(path), pq.ParquetFile(path, read_dictionary=["text"]) as file:
            return with_partition(file.read_row_group(group.number), group.file)

    def _values(self, column: str) -> list[str]:
        values: list[str] = self.table[column].chunk(0).dictionary.to_pylist() if len(self) else []
        return values

    def _codes(self, column: str) -> npt.NDArray[np.int32]:
        chunks = self.table[column].chunks
        if not chunks:
            return np.zeros(0, dtype=np.int32)
        codes: npt.NDArray[np.int32] = chunks[0].indices.to_numpy()
        return codes

    def _equal(self, column: str, values: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Shape (rows,): the column has one of the values."""
        if not len(self):
            return np.zeros(0, dtype=np.bool_)
        dictionary = self.table[column].chunk(0).dictionary
        wanted = pc.is_in(dictionary, value_set=pa.array(values, pa.string()))
        found: npt.NDArray[np.bool_] = wanted.to_numpy(zero_copy_only=False)[self._codes(column)]
        return found

    def _search(self, q: str) -> npt.NDArray[np.bool_]:
        """Shape (rows,): text, a name or an id holds `q`, whatever the case."""
        with self._lock:
            if not self._searched:
                files = dict.fromkeys(group.file for group in self._groups)
                self._searched += [_dictionaries(file) for file in files]
        parts = [_holds(columns, q) for columns in self._searched]
        mask = np.concatenate(parts) if parts else np.zeros(0, dtype=np.bool_)
        found: npt.NDArray[np.bool_] = mask | self._equal("instance_id", [q.casefold()])
        return found


def _row_groups(files: Iterable[PartitionFile]) -> Iterable[_Group]:
    start = 0
    for file in files:
        with parquet_faults(file.path), pq.ParquetFile(file.path) as parquet:
            for number in range(parquet.num_row_groups):
                rows = parquet.metadata.row_group(number).num_rows
                yield _Group(file, number, start, rows)
                start += rows


def _strings(file: PartitionFile, columns: Sequence[str]) -> pa.Table:
    """Columns of a file, or of its folders, as dictionaries of strings, however the file has them."""
    held = [name for name in columns if name not in file._fields]
    with parquet_faults(file.path), pq.ParquetFile(file.path, read_dictionary=held) as parquet:
        table = with_partition(parquet.read(columns=held), file).select(list(columns))
    kind = pa.dictionary(pa.int32(), pa.string())
    return table.cast(pa.schema([pa.field(name, kind) for name in columns]))


def _dictionaries(file: PartitionFile) -> dict[str, pa.DictionaryArray]:
    table = _strings(file, _SEARCHED).unify_dictionaries().combine_chunks()
    return {name: table[name].chunk(0) for name in _SEARCHED if table[name].num_chunks}


def _holds(columns: Mapping[str, pa.DictionaryArray], q: str) -> npt.NDArray[np.bool_]:
    """Shape (rows of a file,): one of the columns holds `q`."""
    masks = []
    for array in columns.values():
        held = pc.match_substring(array.dictionary, q, ignore_case=True)
        found = np.append(pc.fill_null(held, False).to_numpy(zero_copy_only=False), False)
        # A row without a value has no code: -1 finds the False at the end.
        masks.append(found[pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)])
    return np.any(masks, axis=0) if masks else np.zeros(0, dtype=np.bool_)


def _counted(column: pa.ChunkedArray) -> list[Facet]:
    """The values of a column as they first appear."""
    counts = pc.value_counts(column).to_pylist()
    return [Facet(item["values"], item["counts"]) for item in counts]


def _by_group(places: Iterable[int], starts: npt.NDArray[np.int64]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place in dict.fromkeys(places):
        found.setdefault(int(np.searchsorted(starts, place, side="right")) - 1, []).append(place)
    return found
