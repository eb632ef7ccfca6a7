"""Which types are paired, and how far apart the two entities of a pair stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from harmonize.model import is_negative
from harmonize.report.spans import gap, nearest, spans_of
from harmonize.union.reader import load_union

__all__ = ["FAMILIES", "Pairs", "TypeRow", "pairs"]

FAMILIES = ("related", "unrelated")
_BOUNDS = (1, 11, 26, 51, 101, 251, 501)
_COLUMNS = ("level", "head_type", "tail_type", "head_spans", "tail_spans", "relation")


class TypeRow(NamedTuple):
    """The instances of a head's and a tail's type."""

    head: str
    tail: str
    instances: int
    positive: int


class DistanceRow(NamedTuple):
    """Instances whose nearest mentions are so far apart, for each of the columns (level, family)."""

    name: str
    instances: tuple[int, ...]


class Pairs(NamedTuple):
    """What `pairs` counts.

    Attributes:
        types: the most frequent first.
        columns: (level, one of FAMILIES), for the levels that the set has.
        distances: by characters between the nearest mentions of head and tail.
        sums: the instances of each column.
    """

    types: tuple[TypeRow, ...]
    columns: tuple[tuple[str, str], ...]
    distances: tuple[DistanceRow, ...]
    sums: tuple[int, ...]


def pairs(folder: Path, parts: Iterable[tuple[str, str]]) -> Pairs:
    """Count types and distances of the given (corpus, split) of the set at `folder`.

    Raises:
        UnionError: a file of the set is missing or broken.
    """
    types: Counter[tuple[str, str]] = Counter()
    positive: Counter[tuple[str, str]] = Counter()
    distances: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for corpus, split in parts:
        table = load_union(folder, corpora=[corpus], splits=[split], columns=_COLUMNS)
        for batch in table.to_batches():
            for row in batch.to_pylist():
                related = not is_negative(row["relation"])
                kind = (row["head_type"], row["tail_type"])
                types[kind] += 1
                positive[kind] += related
                distances[row["level"], FAMILIES[not related]][_bin(row)] += 1
    columns = tuple(
        (level, family)
        for level in ("sentence", "document")
        for family in FAMILIES
        if _held(distances, level)
    )
    rows = tuple(
        DistanceRow(name, tuple(distances[column][number] for column in columns))
        for number, name in enumerate(_bin_names())
    )
    ranked = sorted(types, key=lambda kind: (-types[kind], kind))
    return Pairs(
        tuple(TypeRow(*kind, types[kind], positive[kind]) for kind in ranked),
        columns,
        rows,
        tuple(distances[column].total() for column in columns),
    )


def _held(distances: dict[tuple[str, str], Counter[int]], level: str) -> bool:
    return any((level, family) in distances for family in FAMILIES)


def _bin(row: dict[str, Any]) -> int:
    distance = gap(*nearest(spans_of(row, "head"), spans_of(row, "tail")))
    return sum(distance >= bound for bound in _BOUNDS)


def _bin_names() -> list[str]:
    inner = [f"{low}–{high - 1}" for low, high in pairwise(_BOUNDS)]
    return ["0 (touching or nested)", *inner, f"{_BOUNDS[-1]} and more"]
