"""Rows of a union set: the parts that are asked for, and what a row says as pairs and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from harmonize.errors import HarmonizeError
from harmonize.model import Span
from harmonize.relation.labels import NEGATIVE, LabelKind, is_negative
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.recipe import part
from harmonize.relation.select.places import part_held
from harmonize.union.folds import folds
from harmonize.union.manifest import read_manifest
from harmonize.union.nary import load_nary
from harmonize.union.reader import load_union
from harmonize.union.schema import SAID

__all__ = [
    "COLUMNS",
    "SENTENCES",
    "all_gold_labels",
    "gold_labels",
    "nary_rows_of",
    "pairs_of",
    "rows_of",
    "rows_to_test",
]

COLUMNS = (
    "instance_id",
    "corpus",
    "split",
    "document_id",
    "text",
    "head_id",
    "tail_id",
    *(f"{side}_{what}" for side in ("head", "tail") for what in ("name", "type", "spans")),
    "source_head_type",
    "source_tail_type",
    "relation",
    "relations",
    "source_relations",
    "task",
    "leaks_into",
)
"""What selection, training and evaluation look at: of harmonize.union.schema.SCHEMA, in this order."""

SENTENCES = "sentences"
"""The column that some classifiers look at as well."""


def rows_of(union: Path, parts: Iterable[tuple[str, str]]) -> pa.Table:
    """The rows of parts of the set, each (corpus, split), in this order."""
    columns = (*COLUMNS, *SAID, SENTENCES)
    tables = [load_union(union, corpora=[corpus], splits=[split], columns=columns) for corpus, split in parts]
    return pa.concat_tables(tables).unify_dictionaries()


def nary_rows_of(union: Path, parts: Iterable[tuple[str, str]]) -> pa.Table:
    """The contexts of n-ary relations of parts of the set, each (corpus, split), in this order."""
    tables = [load_nary(union, corpora=[corpus], splits=[split]) for corpus, split in parts]
    return pa.concat_tables(tables).unify_dictionaries()


def rows_to_test(
    union: Path, evaluate_on: str, count: int | None = None, fold: int | None = None, *, nary: bool = False
) -> pa.Table:
    """The rows of a part, "biored/test"; of one of `count` folds of its documents where one is given.

    Args:
        nary: contexts of relations of any number of entities, not pairs.

    Raises:
        UnknownName: a corpus that the set does not hold.
        HarmonizeError: the part has no rows.
        UnionError: the set is not whole.
    """
    corpus, split = part(part_held(read_manifest(union), evaluate_on))
    rows = (nary_rows_of if nary else rows_of)(union, [(corpus, split)])
    if not rows.num_rows:
        raise HarmonizeError(f"{evaluate_on}: expected rows to test, the set has none")
    if count is None or fold is None:
        return rows
    fold_of = folds(union, corpus, count)
    return rows.filter(
        pa.array([fold_of[identifier] == fold for identifier in rows["document_id"].to_pylist()])
    )


def pairs_of(rows: pa.Table) -> Iterator[Pair]:
    """The pairs of rows of the union set, in order, with sentences where the rows have them."""
    columns = [
        name for name in COLUMNS if name.startswith(("head_", "tail_")) or name in ("corpus", "task", "text")
    ]
    text: str | None = None
    sentences: tuple[Span, ...] | None = None
    for batch in rows.to_batches(max_chunksize=2048):
        told = batch[SENTENCES] if SENTENCES in batch.schema.names else None
        for place, row in enumerate(batch.select(columns).to_pylist()):
            if told is not None and row["text"] != text:  # one context has many rows
                text, found = row["text"], told[place].as_py()
                sentences = None if found is None else _spans(found)
            head, tail = (
                Entity(
                    row[f"{side}_name"],
                    row[f"{side}_type"],
                    _spans(row[f"{side}_spans"]),
                    row[f"{side}_id"],
                )
                for side in ("head", "tail")
            )
            yield Pair(row["corpus"], row["task"], row["text"], head, tail, sentences)


def _spans(column: Iterable[Mapping[str, int]]) -> tuple[Span, ...]:
    return tuple(Span(span["start"], span["end"]) for span in column)


def gold_labels(rows: pa.Table, labels: LabelKind) -> list[str]:
    """The label of each row.

    Args:
        labels: "harmonized", the row's `relation`; or "source", the first of its `source_relations`, "None"
            where `relation` is that there is none.
    """
    harmonized = list(rows["relation"].to_pylist())
    if labels == "harmonized":
        return harmonized
    own = rows["source_relations"].to_pylist()
    return [
        types[0] if types and not is_negative(label) else NEGATIVE
        for label, types in zip(harmonized, own, strict=True)
    ]


def all_gold_labels(rows: pa.Table, labels: LabelKind) -> list[list[str]]:
    """All labels of each row, first what `gold_labels` gives.

    Args:
        labels: see `gold_labels`. Of a corpus' own types those that stand for no relation are among them.
    """
    first = gold_labels(rows, labels)
    column = "relations" if labels == "harmonized" else "source_relations"
    return [
        [label, *(other for other in others if other != label and not is_negative(label))]
        for label, others in zip(first, rows[column].to_pylist(), strict=True)
    ]
