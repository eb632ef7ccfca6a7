"""Gold beside predictions: which rows of a set a classifier gets wrong, and how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from harmonize.errors import HarmonizeError
from harmonize.evaluation.rows import Rows, joined
from harmonize.explore.instances import Places, UnionRows
from harmonize.explore.predictions import PredictionTable
from harmonize.relation.labels import LabelKind, is_negative
from harmonize.spec import load_catalogue
from harmonize.union.reader import load_union

__all__ = ["ERRORS", "KINDS", "Cell", "Comparison", "compared", "labels_of"]

KINDS = ("right", "wrong type", "false positive", "false negative", "no relation")
"""How a prediction stands to gold; the last one says that neither has a relation."""
ERRORS = KINDS[1:4]

_GOLD = (
    *("instance_id", "corpus", "split", "document_id", "head_type", "tail_type"),
    *("source_head_type", "source_tail_type", "relation", "source_relations"),
)


@dataclass(frozen=True)
class Cell:
    """The rows of a corpus and pair type, or of all.

    Attributes:
        counts: of each of KINDS.
        has_negatives: gold has pairs without relation, so that something can be found that is none.
    """

    corpus: str
    pair_type: str
    counts: tuple[int, ...]
    has_negatives: bool = True

    def count(self, kind: str) -> int:
        return self.counts[KINDS.index(kind)]

    @property
    def rows(self) -> int:
        return sum(self.counts)

    @property
    def pairs(self) -> tuple[float | None, float | None, float | None]:
        """Precision, recall and F of the pairs found, whatever their label."""
        right, wrong, positive, negative, _ = self.counts
        return self._scores(right + wrong, right + wrong + positive, right + wrong + negative)

    @property
    def typed(self) -> tuple[float | None, float | None, float | None]:
        """Precision, recall and F of the pairs found with their label."""
        right, wrong, positive, negative, _ = self.counts
        return self._scores(right, right + wrong + positive, right + wrong + negative)

    def _scores(self, right: int, found: int, gold: int) -> tuple[float | None, float | None, float | None]:
        precision = right / found if found and self.has_negatives else None
        recall = right / gold if gold else None
        both = found + gold if self.has_negatives else 0
        return precision, recall, 2 * right / both if both else None


@dataclass(frozen=True, eq=False)
class Comparison:
    """The rows of every document of which something is predicted.

    Attributes:
        places: of n rows, in the set's order.
        rows: the same, joined with the predictions.
        corpora: corpus of each row, shape (n,).
        strangers: predictions of pairs that the set does not have.
        labels: "source" where the predictions have the corpora's own types.
    """

    places: Places
    rows: Rows
    corpora: npt.NDArray[np.str_]
    strangers: int
    labels: LabelKind

    @cached_property
    def kind(self) -> npt.NDArray[np.int64]:
        """Codes of KINDS, shape (n,)."""
        gold, predicted = self.rows.gold, self.rows.predicted
        cases = [(gold > 0) & (gold == predicted), (gold > 0) & (predicted > 0), predicted > 0, gold > 0]
        return np.select(cases, range(4), default=4).astype(np.int64)

    @property
    def without_prediction(self) -> int:
        return int((~self.rows.answered).sum())

    def cells(self) -> list[Cell]:
        """A cell for each corpus and pair type that has rows, in order of name."""
        found = []
        for corpus in self.rows.corpora:
            for code, name in enumerate(self.rows.pair_types):
                mask = (self.corpora == corpus) & (self.rows.pair_type == code)
                if mask.any():
                    found.append(self._cell(mask, corpus, name))
        return found

    def total(self) -> Cell:
        return self._cell(np.ones(len(self.rows), dtype=np.bool_), "", "")

    def scored(self) -> Cell:
        """All rows of corpora that have negatives; of all corpora where none has."""
        without = self.rows.without_negatives
        mask = ~np.isin(self.corpora, without)
        if not mask.any():
            return self.total()
        return Cell("", "", self._cell(mask, "", "").counts)

    def _cell(self, mask: npt.NDArray[np.bool_], corpus: str, pair_type: str) -> Cell:
        counts = np.bincount(self.kind[mask], minlength=len(KINDS)).tolist()
        without = self.rows.without_negatives
        refused = corpus in without if corpus else bool(without)
        return Cell(corpus, pair_type, tuple(counts), not refused)

    def confused(self) -> list[tuple[str, str, int]]:
        """(gold, predicted, rows) of each wrong type, the most frequent first."""
        mask = self.kind == KINDS.index("wrong type")
        pairs = np.stack([self.rows.gold[mask], self.rows.predicted[mask]], axis=1)
        if not len(pairs):
            return []
        distinct, counts = np.unique(pairs, axis=0, return_counts=True)
        names = self.rows.labels
        found = [(names[gold], names[said], int(n)) for (gold, said), n in zip(distinct, counts, strict=True)]
        return sorted(found, key=lambda item: (-item[2], item[:2]))

    def errors(self, kind: str, corpus: str, pair_type: str) -> tuple[Places, list[str]]:
        """The rows of a kind, and what kind each is of; all errors unless one of KINDS is asked for.

        The surest prediction stands first.

        Args:
            corpus, pair_type: all if empty.
        """
        wanted = [KINDS.index(kind)] if kind in KINDS else [KINDS.index(each) for each in ERRORS]
        mask = np.isin(self.kind, wanted)
        if corpus:
            mask &= self.corpora == corpus
        if pair_type:
            codes = [code for code, name in enumerate(self.rows.pair_types) if name == pair_type]
            mask &= np.isin(self.rows.pair_type, codes)
        found = np.flatnonzero(mask)
        order = np.argsort(-self.rows.confidence[found], kind="stable")
        places: Places = self.places[found[order]]
        return places, [KINDS[code] for code in self.kind[found[order]]]


def compared(union: UnionRows, predictions: PredictionTable) -> Comparison:
    """Put predictions beside gold, in every document of which they say something.

    Raises:
        HarmonizeError: they belong to another set: no pair is the same.
    """
    ids = union.table["instance_id"]
    predicted = predictions.table["instance_id"]
    at = np.flatnonzero(pc.is_in(ids.cast(pa.string()), value_set=predicted).to_numpy(zero_copy_only=False))
    known = pc.is_in(predicted, value_set=ids.cast(pa.string()))
    if not len(at):
        raise HarmonizeError(
            f"{predictions.name}: expected predictions of the set's pairs, found none of them"
        )
    places = union.rows_of_documents(at.astype(np.int64))
    gold = _gold(union, places)
    labels = labels_of(predictions)
    rows = joined(gold, predictions.table.filter(known), labels, "all")
    corpora = np.array(gold["corpus"].cast(pa.string()).to_pylist())
    return Comparison(places, rows, corpora, len(predictions) - int(pc.sum(known).as_py()), labels)


def _gold(union: UnionRows, places: Places) -> pa.Table:
    wanted = union.table["instance_id"].cast(pa.string()).take(pa.array(places))
    table = load_union(union.folder, columns=_GOLD)
    return table.filter(pc.is_in(table["instance_id"], value_set=wanted))


def labels_of(predictions: PredictionTable) -> LabelKind:
    """Whose types the predictions have: the corpora's own where one of them is none of the target's."""
    known = load_catalogue().target.labels
    own = [label for label, _ in predictions.labels() if not is_negative(label) and label not in known]
    return "source" if own else "harmonized"
