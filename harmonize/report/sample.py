"""A sample of a set's instances that shows every corpus, split and label, the rare ones as well."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from harmonize.report.spans import Context, Piece, pieces, quoted, spans_of
from harmonize.union.reader import load_union

__all__ = ["Example", "examples", "facets"]


class Example(NamedTuple):
    """An instance as the report shows it.

    Attributes:
        row: the set's columns, but for text and spans.
        context: the text to show, whole or quoted, with the mentions that it shows.
        pieces: that text, cut for marking.
    """

    row: dict[str, Any]
    context: Context
    pieces: list[Piece]

    @property
    def record(self) -> dict[str, Any]:
        """What the page's filters and search need beside the text; spans count code points of it."""
        row, context = self.row, self.context
        return {
            "id": row["instance_id"],
            "corpus": row["corpus"],
            "split": row["split"],
            "relation": row["relation"],
            "types": [row["head_type"], row["tail_type"]],
            "words": [row[name] for name in ("document_id", "pmid", "head_id", "tail_id") if row[name]]
            + [row["head_name"], row["tail_name"], *row["relations"], *row["source_relations"]],
            "head": list(context.head),
            "tail": list(context.tail),
        }


def examples(
    folder: Path, parts: Sequence[tuple[str, str]], count: int, seed: int, quote: int | None
) -> list[Example]:
    """At most `count` instances of the given (corpus, split).

    Corpora take turns, in a corpus its splits, in a split its labels, and that is also the order; no label
    of a split has a second instance before each has one. Which instances stand for a label depends on the
    seed and their ids only.

    Args:
        quote: cut each context to at most so many characters around the pair.

    Raises:
        UnionError: a file of the set is missing or broken.
    """
    strata: dict[str, list[list[list[str]]]] = defaultdict(list)
    for corpus, split in parts:
        strata[corpus].append(_drawn(folder, corpus, split, count, seed))
    order = dict.fromkeys(name for each in (1, count) for name in _nested(strata.values(), each))
    chosen = list(islice(order, count))
    found = {}
    for corpus, split in parts:
        table = load_union(folder, corpora=[corpus], splits=[split])
        numbers = pc.indices_nonzero(pc.is_in(table["instance_id"], pa.array(chosen, pa.string())))
        for row in table.take(numbers).to_pylist():
            found[row["instance_id"]] = _example(row, quote)
    return [found[name] for name in chosen]


def _drawn(folder: Path, corpus: str, split: str, count: int, seed: int) -> list[list[str]]:
    """The ids of at most `count` instances for each label of a split."""
    table = load_union(folder, corpora=[corpus], splits=[split], columns=["instance_id", "relation"])
    by_label: dict[str, list[str]] = defaultdict(list)
    for name, label in zip(*(column.to_pylist() for column in table.columns), strict=True):
        by_label[label].append(name)
    return [
        nsmallest(count, names, key=lambda name: _draw(seed, name)) for _, names in sorted(by_label.items())
    ]


def _draw(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest()


def _nested(strata: Iterable[list[list[list[str]]]], each: int) -> list[str]:
    """At most `each` ids of every label of every split of every corpus, in turns on all three levels."""
    return _in_turns(
        [_in_turns([_in_turns([names[:each] for names in labels]) for labels in splits]) for splits in strata]
    )


def _in_turns(groups: Iterable[Sequence[str]]) -> list[str]:
    """The first of every group, the second of every group, and so on."""
    return [name for names in zip_longest(*groups) for name in names if name is not None]


def _example(row: dict[str, Any], quote: int | None) -> Example:
    context = Context(row.pop("text"), spans_of(row, "head"), spans_of(row, "tail"))
    if quote is not None:
        context = quoted(context, quote)
    return Example(row, context, pieces(context))


def facets(shown: Iterable[Example]) -> dict[str, list[tuple[str, int]]]:
    """What can be filtered by: name -> its values with their number of examples, as they first appear."""
    counts: dict[str, dict[str, int]] = {name: {} for name in ("corpus", "split", "relation", "type")}
    for example in shown:
        row = example.row
        values = {(name, row[name]) for name in ("corpus", "split", "relation")}
        values |= {("type", row["head_type"]), ("type", row["tail_type"])}
        for name, value in sorted(values):
            counts[name][value] = counts[name].get(value, 0) + 1
    return {
        name: list(found.items()) if name in ("corpus", "split") else sorted(found.items())
        for name, found in counts.items()
    }
