"""The rows of two data files in step, those of one document at a time: neither is held in memory."""

from __future__ import annotations

import filecmp
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow.parquet as pq

from harmonize.check.difference import Changes, Values
from harmonize.errors import UnionError
from harmonize.union.parquet import parquet_faults

__all__ = ["row_changes", "row_columns"]

_ROWS_PER_BATCH = 5_000
_NEEDED = ("instance_id", "document_id", "relation")


def row_changes(a: Path | None, b: Path | None, examples: int) -> tuple[Changes, Counter[tuple[str, str]]]:
    """The changes of rows, and how many went from one relation to another."""
    changes, relabelled = Changes(), Counter[tuple[str, str]]()
    if a is not None and b is not None and filecmp.cmp(a, b, shallow=False):
        return changes, relabelled
    names = [row_columns(path) for path in (a, b) if path is not None]
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


def row_columns(path: Path) -> list[str]:
    with parquet_faults(path), pq.ParquetFile(path) as file:
        names: list[str] = file.schema_arrow.names
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise UnionError(f"{path}: expected the columns {', '.join(_NEEDED)}, got no {', '.join(missing)}")
    return names
