"""Is one system better than another on the same documents, or is it chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import refusal
from harmonize.evaluation.ranking import Thresholds, one_class
from harmonize.evaluation.rows import BIOREX_PAIR_TYPES, FloatArray, Measure, Rows, joined
from harmonize.evaluation.scores import (
    Bootstrap,
    Estimate,
    Outcome,
    by_document,
    pair_found,
    pair_with_type,
    ratios,
)
from harmonize.relation.labels import LabelKind

__all__ = ["Comparison", "Difference", "PairedTest", "RankingDifference", "compare"]

_AS_FAR = 1e-12
"""What rounding may take from a difference that is as large as the observed one."""
_AT_ONCE = 1_000
"""Trials; each takes eight bytes for every document."""


@dataclass(frozen=True)
class Difference:
    """Two F scores on the same rows.

    Attributes:
        f1_a, f1_b: of the systems; None where there can be none.
        difference: of F, A minus B, with the interval of a bootstrap that gives both systems the same
            documents; or the reason why there is none.
        p: two-sided, of an approximate randomization of whole documents (Noreen 1989; Yeh 2000): how often
            systems that differ by chance only differ by as much. (count + 1) / (trials + 1); None as
            `difference` is, without trials, and with fewer than two documents.
    """

    f1_a: float | None
    f1_b: float | None
    difference: Estimate
    p: float | None


@dataclass(frozen=True)
class RankingDifference:
    """Two average precisions on the same rows: no threshold takes part in them.

    Attributes:
        average_precision_a, average_precision_b: of the systems, on average over their seeds; None where
            there can be none.
        difference, p: as in Difference.
    """

    average_precision_a: float | None
    average_precision_b: float | None
    difference: Estimate
    p: float | None


@dataclass(frozen=True)
class Comparison:
    """Two systems on one gold table.

    Attributes:
        corpora, splits, labels, measure: as in Evaluation.
        documents, rows: what both were compared on.
        runs: how many of each system, one for each seed.
        resamples, trials, seed: of intervals and p values.
        binary, typed: on all rows.
        biorex: binary, on the rows of the BioREx measure; None where gold holds fewer than two of its pair
            types.
        ranking: of all rows by the probability that they are related.
    """

    corpora: tuple[str, ...]
    splits: tuple[str, ...]
    labels: LabelKind
    measure: Measure
    documents: int
    rows: int
    runs: int
    resamples: int
    trials: int
    seed: int
    binary: Difference
    typed: Difference
    biorex: Difference | None
    ranking: RankingDifference

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def compare(
    gold: pa.Table,
    predictions_a: pa.Table | Sequence[pa.Table],
    predictions_b: pa.Table | Sequence[pa.Table],
    *,
    labels: LabelKind = "harmonized",
    measure: Measure = "all",
    bootstrap: int = 1_000,
    trials: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Test whether two systems differ in F and in average precision, paired by document.

    Args:
        gold, labels, measure: as for `evaluate`.
        predictions_a, predictions_b: as for `evaluate`; one table, or one for each seed, as many of one
            system as of the other. A document is exchanged in all of them at once.
        bootstrap: how many resamples of documents the intervals are of.
        trials: in how many random exchanges of documents between the systems chance is looked at.
        seed: of both.

    Raises:
        UnknownName, HarmonizeError: as `evaluate`; `trials` is negative, or there are more tables of one
            system than of the other.
    """
    for name, number in (("bootstrap", bootstrap), ("trials", trials), ("seed", seed)):
        if number < 0:
            raise HarmonizeError(f"{name}: expected a number from 0, got {number}")
    a, b = (
        [joined(gold, table, labels, measure) for table in _listed(tables)]
        for tables in (predictions_a, predictions_b)
    )
    if len(a) != len(b) or not a:
        raise HarmonizeError(f"expected as many runs of both systems, got {len(a)} and {len(b)}")
    rows = a[0]
    test = PairedTest(Bootstrap(rows.documents, bootstrap, seed), trials, seed)
    is_biorex = len(set(BIOREX_PAIR_TYPES).intersection(rows.pair_types)) > 1
    counted = rows.of_biorex_measure()
    biorex_a, biorex_b = ([each.where(counted) for each in system] for system in (a, b))
    return Comparison(
        corpora=rows.corpora,
        splits=rows.splits,
        labels=labels,
        measure=measure,
        documents=len(np.unique(rows.document)),
        rows=len(rows),
        runs=len(a),
        resamples=bootstrap,
        trials=trials,
        seed=seed,
        binary=test.difference(a, b, pair_found),
        typed=test.difference(a, b, pair_with_type),
        biorex=test.difference(biorex_a, biorex_b, pair_found) if is_biorex else None,
        ranking=test.ranking(a, b),
    )


def _listed(tables: pa.Table | Sequence[pa.Table]) -> Sequence[pa.Table]:
    return [tables] if isinstance(tables, pa.Table) else tables


@dataclass(frozen=True)
class PairedTest:
    """Whether two systems differ by more than chance.

    Attributes:
        bootstrap: the resamples that intervals are of.
        trials, seed: of the randomization.
    """

    bootstrap: Bootstrap
    trials: int
    seed: int

    def difference(self, a: Sequence[Rows], b: Sequence[Rows], outcome: Outcome) -> Difference:
        """The difference in F of two systems on the same gold rows.

        Args:
            a, b: what each says; once, or once for each seed, whose counts are then added up by document.
        """
        reason = refusal(a[0]) or (None if a[0].positive.any() else "gold has no relation here")
        if reason is not None:
            return Difference(None, None, Estimate(None, reason=reason), None)
        one, other = (np.sum([by_document(rows, outcome) for rows in each], axis=0) for each in (a, b))
        weights = self.bootstrap.weights
        f1_a, f1_b = (float(_f1(counts.sum(axis=0))) for counts in (one, other))
        estimate = self.bootstrap.estimate(f1_a - f1_b, _f1(weights @ one) - _f1(weights @ other))
        return Difference(f1_a, f1_b, estimate, self._p(one, other, abs(f1_a - f1_b)))

    def ranking(self, a: Sequence[Rows], b: Sequence[Rows]) -> RankingDifference:
        """The difference in average precision of two systems on the same gold rows, as many runs of each."""
        reason = one_class(a[0])
        if reason is not None:
            return RankingDifference(None, None, Estimate(None, reason=reason), None)
        ranked = _Ranked(a, b)
        every = np.ones(a[0].documents)
        never = np.zeros_like(every)
        observed = ranked.difference(every, never)
        samples = np.array([ranked.difference(weights, never) for weights in self.bootstrap.weights])
        return RankingDifference(
            ranked.average_precision(every, never),
            ranked.average_precision(never, every),
            self.bootstrap.estimate(observed, samples),
            self._p_of_ranking(ranked, len(every), abs(observed))
            if len(np.unique(a[0].document)) > 1
            else None,
        )

    def _p_of_ranking(self, ranked: _Ranked, documents: int, observed: float) -> float | None:
        if not self.trials:
            return None
        generator = np.random.default_rng(self.seed)
        as_far = 0
        for _ in range(self.trials):
            exchanged = generator.integers(2, size=documents).astype(np.float64)
            as_far += abs(ranked.difference(1 - exchanged, exchanged)) >= observed - _AS_FAR
        return (as_far + 1) / (self.trials + 1)

    def _p(self, one: FloatArray, other: FloatArray, observed: float) -> float | None:
        if not self.trials or np.count_nonzero((one + other).any(axis=1)) < 2:
            return None
        differing = (one != other).any(axis=1)
        change = (other - one)[differing]
        generator = np.random.default_rng(self.seed)
        as_far = 0
        for start in range(0, self.trials, _AT_ONCE):
            count = min(_AT_ONCE, self.trials - start)
            exchanged = generator.integers(2, size=(count, len(change))).astype(np.float64)
            moved = exchanged @ change
            chance = _f1(one.sum(axis=0) + moved) - _f1(other.sum(axis=0) - moved)
            as_far += int((np.abs(chance) >= observed - _AS_FAR).sum())
        return (as_far + 1) / (self.trials + 1)


class _Ranked:
    """The rows of two systems, of each pair of runs in one falling order of probability, found once."""

    def __init__(self, a: Sequence[Rows], b: Sequence[Rows]) -> None:
        self._document = a[0].document
        self._runs = [
            Thresholds(np.tile(one.positive, 2), np.concatenate((one.related, other.related)))
            for one, other in zip(a, b, strict=True)
        ]

    def average_precision(self, of_a: FloatArray, of_b: FloatArray) -> float:
        """Of a system that has what A says of a document so many times, and what B says of it so many times.

        Args:
            of_a, of_b: shape (documents,).
        """
        weights = np.concatenate((of_a[self._document], of_b[self._document]))
        return float(np.mean([run.areas(weights)[1] for run in self._runs]))

    def difference(self, of_a: FloatArray, of_b: FloatArray) -> float:
        """The average precision of such a system minus that of the one which has all the rest."""
        return self.average_precision(of_a, of_b) - self.average_precision(of_b, of_a)


def _f1(counts: FloatArray) -> FloatArray:
    return ratios(counts)[2]
