"""Which corpora and splits share documents, as a matrix, and which documents are near duplicates."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from harmonize.union.documents import DocumentKey
from harmonize.union.leak_table import how, overlaps
from harmonize.union.leaks import Repeat

__all__ = ["KINDS", "Cell", "Overlap", "overlap", "overlap_list"]

KINDS = ("any", "same PMID", "same text", "near")
"""What documents have in common; "near" ones have neither PMID nor text."""

_SHADES = 5


class Cell(NamedTuple):
    """Documents of the row's part that the column's part repeats, and a shade for them (0 for none)."""

    documents: int
    shade: int


class Overlap(NamedTuple):
    """A square matrix of parts, a part being "corpus/split"; rows[i][j] has a cell for each of KINDS."""

    parts: tuple[str, ...]
    rows: tuple[tuple[tuple[Cell, ...], ...], ...]


class OverlapRow(NamedTuple):
    """The repeats between two parts; a pair with the same PMID and the same text counts in both columns."""

    part: str
    other: str
    documents: int
    pairs: int
    same_pmid: int
    same_text: int
    near: int


def overlap(parts: Sequence[str], repeats: Sequence[Repeat]) -> Overlap:
    """The matrix of all `parts`, whether or not they share anything."""
    shared: dict[tuple[str, str, str], set[DocumentKey]] = defaultdict(set)
    for (part, other), group in overlaps(repeats).items():
        for repeat in group:
            for kind in _kinds(repeat):
                shared[part, other, kind].add(repeat.document)
                shared[other, part, kind].add(repeat.other)
    most = max(map(len, shared.values()), default=0)
    rows = tuple(
        tuple(tuple(_cell(len(shared[part, other, kind]), most) for kind in KINDS) for other in parts)
        for part in parts
    )
    return Overlap(tuple(parts), rows)


def _kinds(repeat: Repeat) -> list[str]:
    kinds = ["any"]
    if repeat.same_pmid:
        kinds.append("same PMID")
    if repeat.same_text:
        kinds.append("same text")
    return kinds if len(kinds) > 1 else ["any", "near"]


def _cell(documents: int, most: int) -> Cell:
    shade = math.ceil(_SHADES * math.log1p(documents) / math.log1p(most)) if documents else 0
    return Cell(documents, min(shade, _SHADES))


def overlap_list(repeats: Iterable[Repeat]) -> list[OverlapRow]:
    """The parts that share documents, each pair of them once; `documents` counts those of the first."""
    return [
        OverlapRow(
            part,
            other,
            len({repeat.document for repeat in group}),
            len(group),
            sum(repeat.same_pmid for repeat in group),
            sum(repeat.same_text for repeat in group),
            sum(how(repeat) == "near duplicate" for repeat in group),
        )
        for (part, other), group in overlaps(repeats).items()
    ]
