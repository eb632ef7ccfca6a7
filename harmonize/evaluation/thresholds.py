"""How many rows have a label that is at least so probable, and how many of these labels are right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from harmonize.evaluation.rows import BoolArray, Rows, joined
from harmonize.evaluation.scores import Bootstrap, Estimate
from harmonize.relation.labels import LabelKind

__all__ = ["THRESHOLDS", "Kept", "KeptRows", "ThresholdTable", "threshold_table"]

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class KeptRows:
    """Rows that a threshold keeps.

    Attributes:
        rows, right: how many, and how many whose predicted label is gold's.
        precision: right / rows.
    """

    rows: int
    right: int
    precision: Estimate


@dataclass(frozen=True)
class Kept:
    """What a threshold keeps.

    Attributes:
        all, positive, negative: every row; those predicted to have a relation, and those to have none.
    """

    threshold: float
    all: KeptRows
    positive: KeptRows
    negative: KeptRows


@dataclass(frozen=True)
class ThresholdTable:
    """What each of some thresholds keeps.

    Attributes:
        corpora, splits, documents, rows, with_relation: of gold.
        labels: whose relation types are compared.
        resamples, seed: of the intervals.
        kept: by rising threshold.
    """

    corpora: tuple[str, ...]
    splits: tuple[str, ...]
    documents: int
    rows: int
    with_relation: int
    labels: LabelKind
    resamples: int
    seed: int
    kept: tuple[Kept, ...]

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def threshold_table(
    gold: pa.Table,
    predictions: pa.Table,
    thresholds: Iterable[float],
    *,
    labels: LabelKind = "harmonized",
    resamples: int = 1_000,
    seed: int = 0,
) -> ThresholdTable:
    """Judge the predictions that are at least so probable, for each of some thresholds.

    Args:
        gold, predictions, labels: see harmonize.evaluation.evaluate; any negative is right where gold has
            one.

    Raises:
        HarmonizeError: tables that are none of gold and predictions.
    """
    rows = joined(gold, predictions, labels, "all")
    bootstrap = Bootstrap(rows.documents, resamples, seed)
    kept = []
    for threshold in sorted(set(thresholds)):
        sure = rows.answered & (rows.confidence >= threshold)
        related = rows.predicted > 0
        masks = (sure, sure & related, sure & ~related)
        kept.append(Kept(threshold, *(_kept(rows, mask, bootstrap) for mask in masks)))
    return ThresholdTable(
        corpora=rows.corpora,
        splits=rows.splits,
        documents=rows.documents,
        rows=len(rows),
        with_relation=int(rows.positive.sum()),
        labels=labels,
        resamples=len(bootstrap.weights),
        seed=seed,
        kept=tuple(kept),
    )


def _kept(rows: Rows, mask: BoolArray, bootstrap: Bootstrap) -> KeptRows:
    right = mask & (rows.gold == rows.predicted)
    kept_in, right_in = (
        np.bincount(rows.document, weights=each, minlength=rows.documents) for each in (mask, right)
    )
    count, good = int(mask.sum()), int(right.sum())
    if not count:
        return KeptRows(0, 0, Estimate(None, reason="no row is kept"))
    # One document with kept rows gives the same value in every resample that has it.
    weights = bootstrap.weights if np.count_nonzero(kept_in) > 1 else bootstrap.weights[:0]
    drawn = weights @ kept_in
    samples = weights @ right_in / np.where(drawn > 0, drawn, np.nan)
    return KeptRows(count, good, bootstrap.estimate(good / count, samples))
