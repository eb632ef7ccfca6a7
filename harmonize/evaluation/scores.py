"""Precision, recall and F of rows, micro-averaged, with intervals by document.

The unit is the row: one entity pair in one context (for BioRED one pair in one abstract).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harmonize.evaluation.rows import BoolArray, FloatArray, IntArray, Rows

__all__ = [
    "LEVEL",
    "Bootstrap",
    "Estimate",
    "Judge",
    "Outcome",
    "Score",
    "Section",
    "by_document",
    "has_label",
    "pair_found",
    "pair_with_type",
    "ratios",
    "with_value",
]

LEVEL = 0.95
"""Of all intervals."""
_PERCENTILES = (100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2)

Outcome = Callable[[Rows], IntArray]
"""Counts (tp, fp, fn) of each row, shape (n, 3): what a measure takes for right."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval, or the reason why there is none.

    Attributes:
        value: None where it is not defined or would mislead; then `reason` says why.
        low, high: of the percentile interval; None without resamples, and where fewer than two documents
            have gold relations.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Score:
    """Counts of rows, and what follows from them."""

    tp: int
    fp: int
    fn: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class Section:
    """The scores of some rows.

    Attributes:
        rows, positive: how many there are, and how many have a gold relation.
        binary: a relation is found, whatever its type.
        typed: it is found with its type.
    """

    rows: int
    positive: int
    binary: Score
    typed: Score


class Bootstrap:
    """Resamples of documents, drawn with replacement (Efron and Tibshirani 1993, chapter 13).

    Rows of one document depend on each other, so that resampling rows would give intervals too narrow. Where
    every row is right no resample has a wrong one: an interval from 1 to 1 does not
    mean that none ever will be.

    Attributes:
        weights: how often each document stands in each resample, shape (resamples, documents); of shape
            (0, documents) for fewer than two documents, which say nothing of how documents differ.
    """

    def __init__(self, documents: int, resamples: int, seed: int) -> None:
        count = resamples if documents > 1 else 0
        drawn = np.random.default_rng(seed).integers(documents, size=(count, documents))
        place = drawn + documents * np.arange(count)[:, None]
        counted = np.bincount(place.ravel(), minlength=count * documents)
        self.weights: FloatArray = counted.reshape(count, documents).astype(np.float64)

    def estimate(self, value: float, samples: FloatArray) -> Estimate:
        """A value with the percentile interval of its resamples, shape (resamples,); NaN are left out."""
        defined = samples[~np.isnan(samples)]
        if not len(defined):
            return Estimate(value)
        low, high = np.percentile(defined, _PERCENTILES)
        return Estimate(value, float(low), float(high))


@dataclass(frozen=True)
class Judge:
    """Scores rows.

    Attributes:
        bootstrap: the resamples that all intervals are of.
        refusal: why there can be no precision and F, None where there can.
    """

    bootstrap: Bootstrap
    refusal: str | None

    def section(self, rows: Rows) -> Section:
        """The binary and typed scores of rows."""
        return Section(
            rows=len(rows),
            positive=int(rows.positive.sum()),
            binary=self.score(rows, pair_found),
            typed=self.score(rows, pair_with_type),
        )

    def score(self, rows: Rows, outcome: Outcome) -> Score:
        """The score of rows under a measure."""
        return self.of_counts(by_document(rows, outcome))

    def of_counts(self, counts: FloatArray) -> Score:
        """The score that counts tp, fp, fn of each document make, shape (documents, 3)."""
        tp, fp, fn = (int(count) for count in counts.sum(axis=0))
        no_gold = None if tp + fn else "gold has no relation here"
        nothing = None if tp + fp else "no relation is predicted here"
        reasons = (no_gold or self.refusal or nothing, no_gold, no_gold or self.refusal)
        # One document with gold relations gives the same value in every resample that has it.
        resampled = np.count_nonzero(counts[:, 0] + counts[:, 2]) > 1
        weights = self.bootstrap.weights if resampled else self.bootstrap.weights[:0]
        values, samples = ratios(counts.sum(axis=0)), ratios(weights @ counts)
        estimates = [
            self.bootstrap.estimate(float(value), sample) if reason is None else Estimate(None, reason=reason)
            for value, sample, reason in zip(values, samples, reasons, strict=True)
        ]
        return Score(tp, fp, fn, *estimates)


def by_document(rows: Rows, outcome: Outcome) -> FloatArray:
    """The counts tp, fp, fn of each document, shape (documents, 3)."""
    counts = outcome(rows)
    columns = [np.bincount(rows.document, weights=column, minlength=rows.documents) for column in counts.T]
    return np.stack(columns, axis=1)


def ratios(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Precision, recall and F of counts tp, fp, fn in the last axis.

    NaN where gold has no relation, and for a precision where none is predicted.
    """
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    gold = np.where(tp + fn > 0, tp + fn, np.nan)
    with np.errstate(invalid="ignore"):
        precision = np.where(np.isnan(gold), np.nan, tp / np.where(tp + fp > 0, tp + fp, np.nan))
        return precision, tp / gold, 2 * tp / (gold + tp + fp)


def pair_found(rows: Rows) -> IntArray:
    """Right is to find that there is a relation."""
    return _outcome(rows.positive, rows.predicted > 0, rows.positive)


def pair_with_type(rows: Rows) -> IntArray:
    """Right is to name the relation's type; a wrong type is both a false positive and a miss."""
    return _outcome(rows.positive, rows.predicted > 0, rows.gold == rows.predicted)


def with_value(column: str, *, typed: bool) -> Outcome:
    """Right is to find that there is a relation, and a column's value of it; with its type, if `typed`."""

    def outcome(rows: Rows) -> IntArray:
        gold, found = rows.said[column]
        right = gold == found
        return _outcome(
            rows.positive, rows.predicted > 0, right & (rows.gold == rows.predicted) if typed else right
        )

    return outcome


def has_label(code: int) -> Outcome:
    """Right is to give a label where gold has it."""
    return lambda rows: _outcome(rows.gold == code, rows.predicted == code, rows.gold == code)


def _outcome(gold: BoolArray, predicted: BoolArray, right: BoolArray) -> IntArray:
    tp = gold & predicted & right
    return np.stack([tp, predicted & ~tp, gold & ~tp], axis=1).astype(np.int64)
