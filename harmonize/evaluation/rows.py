"""Gold rows and predictions, joined into arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from harmonize.errors import HarmonizeError, UnknownName, shown
from harmonize.evaluation.tables import checked_gold, checked_predictions, span_lists
from harmonize.model import NEGATIVE, is_negative
from harmonize.relation.labels import LABEL_KINDS, LabelKind
from harmonize.relation.said import VALUES
from harmonize.spec import Target, load_catalogue

__all__ = [
    "BIOREX_PAIR_TYPES",
    "MEASURES",
    "NEGATIVE",
    "VARIANT",
    "BoolArray",
    "FloatArray",
    "IntArray",
    "Measure",
    "Rows",
    "joined",
    "pair_type",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Measure = Literal["all", "biorex"]
MEASURES: tuple[Measure, ...] = ("all", "biorex")

VARIANT = "SequenceVariant"
"""The corpus' own type of an entity that rule e merges into genes."""
BIOREX_PAIR_TYPES = ("C-C", "C-D", "C-G", "D-G", "G-G")
"""The pair types of the BioREx measure: those of BioRED but for two diseases (paper, Table 3)."""

_SPANS = ("head_spans", "tail_spans")
_SENTENCES = "sentences"
_LONGEST = 2**32  # of a text, more than a column of spans can count


@dataclass(frozen=True)
class Rows:
    """Gold and prediction of n rows.

    Attributes:
        corpora, splits: those of the rows, sorted.
        labels: label of each code; code 0 is no relation.
        pair_types: name of each code of `pair_type`, e.g. "C-D".
        documents: of the table that the rows are from; codes of `document` are below it.
        gold, predicted: label codes, shape (n,). A row without prediction is predicted 0.
        related: probability that there is any relation, shape (n,); 0 for a row without prediction.
        confidence: probability of the predicted label, shape (n,); 0 for a row without prediction.
        answered: the row has a prediction, shape (n,).
        document, pair_type: codes, shape (n,).
        variant: the row has an entity that is a variant, shape (n,).
        mentions: how many spans the entity with the fewer has in the row's text, shape (n,); -1 where gold
            has no columns of spans.
        together: 1 where a sentence of the row's text has mentions of both entities, 0 where none has, shape
            (n,); -1 where gold does not tell.
        without_negatives: the corpora that have no negative row.
        said: what gold and predictions both say beside the label; column -> (gold, predicted), each of shape
            (n,), the value's place in harmonize.relation.said.VALUES, -1 for none.
    """

    corpora: tuple[str, ...]
    splits: tuple[str, ...]
    labels: tuple[str, ...]
    pair_types: tuple[str, ...]
    documents: int
    gold: IntArray
    predicted: IntArray
    related: FloatArray
    confidence: FloatArray
    answered: BoolArray
    document: IntArray
    pair_type: IntArray
    variant: BoolArray
    mentions: IntArray
    together: IntArray
    without_negatives: tuple[str, ...]
    said: Mapping[str, tuple[IntArray, IntArray]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def positive(self) -> BoolArray:
        """Gold has a relation, shape (n,)."""
        return self.gold > 0

    def where(self, mask: BoolArray) -> Rows:
        """The rows of a mask of shape (n,); codes keep their meaning."""
        return replace(
            self,
            gold=self.gold[mask],
            predicted=self.predicted[mask],
            related=self.related[mask],
            confidence=self.confidence[mask],
            answered=self.answered[mask],
            document=self.document[mask],
            pair_type=self.pair_type[mask],
            variant=self.variant[mask],
            mentions=self.mentions[mask],
            together=self.together[mask],
            said={column: (gold[mask], found[mask]) for column, (gold, found) in self.said.items()},
        )

    def of_biorex_measure(self) -> BoolArray:
        """The rows that the BioREx measure counts, shape (n,).

        Those of five pair types and without variants (BioREx, section 4.1 and its evaluation script).
        """
        wanted = [code for code, name in enumerate(self.pair_types) if name in BIOREX_PAIR_TYPES]
        return np.isin(self.pair_type, wanted) & ~self.variant


def joined(gold: pa.Table, predictions: pa.Table, labels: LabelKind, measure: Measure) -> Rows:
    """Put each gold row beside its prediction.

    Args:
        gold: rows of the union set.
        predictions: with instance_id, label, related and confidence; at most one for each gold row.
        labels: "harmonized" takes `relation` as gold, "source" the first of `source_relations`.
        measure: "biorex" keeps the rows of the BioREx measure only, "all" every row.

    Raises:
        UnknownName: `labels` or `measure` is none of the known ones.
        HarmonizeError: a column is missing or of another type, gold holds no row, an id stands twice, a
            prediction belongs to no gold row, a label is null, or a probability is none from 0 to 1.
    """
    _check_choice("labels", labels, LABEL_KINDS)
    _check_choice("measure", measure, MEASURES)
    saying, mentions, together = _saying(gold, predictions), _mentions(gold), _together(gold)
    gold, predictions = checked_gold(gold), checked_predictions(predictions)
    place = _places(gold, predictions)
    rows = replace(_rows(gold, predictions, place, labels), mentions=mentions, together=together)
    rows = replace(rows, said={column: (of, found[place]) for column, (of, found) in saying.items()})
    if measure == "biorex":
        rows = rows.where(rows.of_biorex_measure())
        if not len(rows):
            raise HarmonizeError("gold: expected rows of the BioREx measure, found none")
    return rows


def _saying(gold: pa.Table, predictions: pa.Table) -> dict[str, tuple[IntArray, IntArray]]:
    """Of each column that both tables say something in: gold's values; the predictions' and one for none."""
    found = {}
    for column, values in VALUES.items():
        if any(
            column not in table.column_names or table[column].null_count == len(table)
            for table in (gold, predictions)
        ):
            continue
        code: dict[str | None, int] = {None: -1}
        code |= {value: place for place, value in enumerate(values)}
        ours, theirs = (
            np.array([_value(code, value, column) for value in table[column].to_pylist()], dtype=np.int64)
            for table in (gold, predictions)
        )
        found[column] = ours, np.append(theirs, -1)
    return found


def _mentions(gold: pa.Table) -> IntArray:
    """How many spans the entity with the fewer has."""
    if not set(_SPANS) <= set(gold.column_names):
        return np.full(len(gold), -1, dtype=np.int64)
    counts = (
        pc.fill_null(pc.list_value_length(span_lists(gold, name)), 0).to_numpy().astype(np.int64)
        for name in _SPANS
    )
    fewer: IntArray = np.minimum(*counts)
    return fewer


def _together(gold: pa.Table) -> IntArray:
    """Whether a sentence has mentions of both entities."""
    found = np.full(len(gold), -1, dtype=np.int64)
    if not {*_SPANS, _SENTENCES} <= set(gold.column_names):
        return found
    sentences = _begun(gold, _SENTENCES)
    if not len(sentences):
        return found
    of_row = sentences // _LONGEST
    sides = []
    for name in _SPANS:
        mentions = _begun(gold, name)
        last = np.searchsorted(sentences, mentions, side="right") - 1
        sides.append(last[(last >= 0) & (of_row[last] == mentions // _LONGEST)])
    found[of_row] = 0
    found[of_row[np.intersect1d(*sides)]] = 1
    return found


def _begun(gold: pa.Table, name: str) -> IntArray:
    """Where each span of a column begins, in the texts of all rows, one after the other."""
    column = span_lists(gold, name).combine_chunks()
    span = column.type.value_type
    if not pa.types.is_struct(span) or span.get_field_index("start") < 0:
        raise HarmonizeError(f"gold: {name}: expected lists of spans, got {column.type}")
    rows = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    starts = pc.struct_field(pc.list_flatten(column), "start").to_numpy().astype(np.int64)
    begun: IntArray = rows * _LONGEST + starts
    return begun


def _value(code: Mapping[str | None, int], value: Any, column: str) -> int:
    if value not in code:
        known = ", ".join(name for name in code if name is not None)
        raise HarmonizeError(f"{column}: expected {known} or null, got {shown(value)}")
    return code[value]


def _check_choice(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UnknownName(kind, name, known)


def _places(gold: pa.Table, predictions: pa.Table) -> IntArray:
    """The place of each gold row's prediction, -1 where it has none."""
    ids, predicted = (table["instance_id"].combine_chunks() for table in (gold, predictions))
    unknown = pc.indices_nonzero(pc.is_null(pc.index_in(predicted, value_set=ids)))
    if len(unknown):
        first = predicted[unknown[0].as_py()].as_py()
        raise HarmonizeError(
            f"predictions: expected instances of gold only, got {shown(first)} ({len(unknown)} such)"
        )
    place = pc.fill_null(pc.index_in(ids, value_set=predicted), -1)
    return np.asarray(place.to_numpy(zero_copy_only=False), dtype=np.int64)


def _rows(gold: pa.Table, predictions: pa.Table, place: IntArray, labels: LabelKind) -> Rows:
    of: dict[str, list[Any]] = gold.to_pydict()
    answered = place >= 0
    gold_labels = [_folded(label) for label in _gold_labels(of, labels)]
    said = [_folded(label) for label in predictions["label"].to_pylist()]
    names = _ordered({*gold_labels, *said} - {NEGATIVE}, labels)
    code = {name: number for number, name in enumerate(names)}
    # A last element stands for "no prediction": index -1 finds it.
    predicted = np.array([*(code[label] for label in said), 0], dtype=np.int64)
    document, documents = _codes(zip(of["corpus"], of["split"], of["document_id"], strict=True))
    pair_codes, pair_types = _codes(map(pair_type, of["head_type"], of["tail_type"]))
    rows = Rows(
        corpora=tuple(sorted(set(of["corpus"]))),
        splits=tuple(sorted(set(of["split"]))),
        labels=names,
        pair_types=pair_types,
        documents=len(documents),
        gold=np.array([code[label] for label in gold_labels], dtype=np.int64),
        predicted=predicted[place],
        related=_with_zero(predictions["related"])[place],
        confidence=_with_zero(predictions["confidence"])[place],
        answered=answered,
        document=document,
        pair_type=pair_codes,
        variant=np.array(
            [VARIANT in pair for pair in zip(of["source_head_type"], of["source_tail_type"], strict=True)],
            dtype=np.bool_,
        ),
        mentions=np.full(len(gold), -1, dtype=np.int64),
        together=np.full(len(gold), -1, dtype=np.int64),
        without_negatives=(),
    )
    return replace(rows, without_negatives=_without_negatives(of["corpus"], rows.positive))


def _gold_labels(of: Mapping[str, list[Any]], labels: LabelKind) -> list[str]:
    if labels == "harmonized":
        return of["relation"]
    harmonized, own = of["relation"], of["source_relations"]
    return [
        types[0] if types and _folded(label) != NEGATIVE else NEGATIVE
        for label, types in zip(harmonized, own, strict=True)
    ]


def _folded(label: str) -> str:
    """Internal negatives ("None-BC5CDR") say of a pair what "None" says: no relation."""
    return NEGATIVE if is_negative(label) else label


def _ordered(names: set[str], labels: LabelKind) -> tuple[str, ...]:
    """No relation, the target's labels in its order, others by name."""
    known = _target().labels if labels == "harmonized" else ()
    return (NEGATIVE, *(name for name in known if name in names), *sorted(names.difference(known)))


def _codes(values: Iterable[Any]) -> tuple[IntArray, tuple[Any, ...]]:
    """Each value's place among the sorted different values, and those."""
    listed = list(values)
    names = tuple(sorted(set(listed)))
    code: Mapping[Any, int] = {name: number for number, name in enumerate(names)}
    return np.array([code[value] for value in listed], dtype=np.int64), names


@cache
def pair_type(head_type: str, tail_type: str) -> str:
    """Unordered: "C-D" by the tags of target.yaml; types without tag stand as they are."""
    one, other = sorted(_target().tags.get(kind, kind) for kind in (head_type, tail_type))
    return f"{one}-{other}" if len(one) == len(other) == 1 else f"{one} / {other}"


@cache
def _target() -> Target:
    return load_catalogue().target


def _with_zero(column: pa.ChunkedArray) -> FloatArray:
    return np.append(column.to_numpy(), 0.0).astype(np.float64)


def _without_negatives(corpora: Sequence[str], positive: BoolArray) -> tuple[str, ...]:
    with_some = {corpus for corpus, is_one in zip(corpora, positive, strict=True) if not is_one}
    return tuple(sorted(set(corpora) - with_some))
