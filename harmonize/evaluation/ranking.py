"""How well the probabilities rank and how far they can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harmonize.evaluation.rows import BoolArray, FloatArray, IntArray, Rows
from harmonize.evaluation.scores import Bootstrap, Estimate

__all__ = ["BINS", "Bin", "Calibration", "Ranking", "Thresholds", "calibration", "one_class", "ranking"]

BINS = 10
"""Of equal width, from 0 to 1."""


@dataclass(frozen=True)
class Bin:
    """The rows with a probability from `low` to below `high` (the last bin holds 1 too).

    Attributes:
        probability: mean of what was predicted, None without rows.
        observed: share of the rows in which it was so, None without rows.
    """

    low: float
    high: float
    rows: int
    probability: float | None
    observed: float | None


@dataclass(frozen=True)
class Calibration:
    """A probability beside how often it came true (Guo et al. 2017).

    Attributes:
        error: the expected calibration error: mean over rows of how far its bin's mean probability is from
            its share; without interval, since resampling makes it larger. None with the reason.
        bins: ten from 0 to 1.
    """

    error: Estimate
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Ranking:
    """How well `related` tells rows with a relation from rows without.

    Attributes:
        auc: area under the ROC curve.
        average_precision: mean precision over the gold relations, not interpolated.
        related: calibration of the probability of any relation.
        confidence: calibration of the probability of the predicted label.
    """

    auc: Estimate
    average_precision: Estimate
    related: Calibration
    confidence: Calibration


class Thresholds:
    """Rows in falling order of a probability; those with the same one cross the threshold together.

    Attributes:
        tp, fp: gold positives and negatives at or above each threshold, shape (different values,).
    """

    def __init__(self, positive: BoolArray, probability: FloatArray) -> None:
        self._order: IntArray = np.argsort(-probability, kind="stable")
        ordered = probability[self._order]
        self._starts: IntArray = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._positive = positive[self._order]
        self.tp, self.fp = self._counts(np.ones(len(ordered)))

    def areas(self, weights: FloatArray | None = None) -> tuple[float, float]:
        """Area under the ROC curve, and average precision, both as scikit-learn defines them.

        Args:
            weights: how often each row counts, shape (n,), in the order of the arrays given at the start.

        Returns:
            NaN both where the weights leave one class only.
        """
        tp, fp = (self.tp, self.fp) if weights is None else self._counts(weights[self._order])
        if not tp[-1] or not fp[-1]:
            return np.nan, np.nan
        gained, lost = np.diff(tp, prepend=0.0), np.diff(fp, prepend=0.0)
        # Sums, not products of vectors: those go to threads, whose number would be seen in the last digits.
        area = (lost * (tp - gained / 2)).sum() / (tp[-1] * fp[-1])
        # Where nothing is counted yet nothing is gained either.
        precision = tp / np.maximum(tp + fp, 1)
        return float(area), float((gained * precision).sum() / tp[-1])

    def _counts(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        every = np.add.reduceat(weights, self._starts).cumsum()
        tp = np.add.reduceat(weights * self._positive, self._starts).cumsum()
        return tp, every - tp


def ranking(rows: Rows, bootstrap: Bootstrap) -> Ranking:
    """The ranking of rows by `related`, and the calibration of the rows with a prediction.

    All of it is refused where gold has one class only.
    """
    reason = one_class(rows)
    auc, average_precision = _areas(rows, bootstrap, reason)
    said = rows.where(rows.answered)
    right = said.gold == said.predicted
    return Ranking(
        auc=auc,
        average_precision=average_precision,
        related=calibration(said.related, said.positive, reason),
        confidence=calibration(said.confidence, right, reason),
    )


def calibration(probability: FloatArray, true: BoolArray, refusal: str | None = None) -> Calibration:
    """The calibration of probabilities, shape (n,), by what came true, shape (n,).

    Args:
        refusal: why there can be none; then it has no bins.
    """
    reason = refusal or (None if len(probability) else "no row has a prediction")
    if reason is not None:
        return Calibration(Estimate(None, reason=reason), ())
    edges = np.linspace(0, 1, BINS + 1)
    place = np.searchsorted(edges[1:-1], probability, side="right")
    count, mean, share = (
        np.bincount(place, weights=values, minlength=BINS)
        for values in (np.ones(len(place)), probability, true.astype(np.float64))
    )
    bins = tuple(
        Bin(float(low), float(high), int(n), float(p / n) if n else None, float(t / n) if n else None)
        for low, high, n, p, t in zip(edges, edges[1:], count, mean, share, strict=False)
    )
    return Calibration(Estimate(float(np.abs(mean - share).sum() / len(place))), bins)


def _areas(rows: Rows, bootstrap: Bootstrap, reason: str | None) -> tuple[Estimate, Estimate]:
    if reason is not None:
        return Estimate(None, reason=reason), Estimate(None, reason=reason)
    thresholds = Thresholds(rows.positive, rows.related)
    samples = np.array([thresholds.areas(weights[rows.document]) for weights in bootstrap.weights])
    value, samples = thresholds.areas(), samples.reshape(-1, 2)
    return bootstrap.estimate(value[0], samples[:, 0]), bootstrap.estimate(value[1], samples[:, 1])


def one_class(rows: Rows) -> str | None:
    """Why rows cannot be ranked, None where they can."""
    positive = int(rows.positive.sum())
    if positive == 0:
        return "gold has no relation: there is nothing to rank first"
    return "gold has no negatives: there is nothing to rank last" if positive == len(rows) else None
