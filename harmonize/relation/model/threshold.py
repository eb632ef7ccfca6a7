"""When a pair is related: the shift between relations and negatives that scores best on development rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harmonize.relation.labels import decide

__all__ = ["DEVELOPMENT", "EVEN", "best_shift", "best_shift_of", "raised", "shift_and_f"]

EVEN, DEVELOPMENT = "even", "development"
"""When a pair counts as related: when a relation is its likeliest label, or where development scores best."""


def best_shift_of(
    logits: NDArray[np.floating], negative: NDArray[np.bool_], is_positive: NDArray[np.bool_]
) -> float:
    """What to raise the negatives' logits by, so that F of the pairs found is largest; see `best_shift`.

    Args:
        logits: [pairs, labels], or logarithms of probabilities.
        negative: [labels], which labels are negatives; 0 unless some are, and some are not.
        is_positive: [pairs], which pairs are related.
    """
    if negative.all() or not negative.any():
        return 0.0
    return best_shift(logits[:, ~negative].max(axis=1) - logits[:, negative].max(axis=1), is_positive)


def raised(logits: NDArray[np.floating], negative: NDArray[np.bool_], shift: float) -> NDArray[np.floating]:
    """[pairs, labels]: logits with those of the negatives raised."""
    return np.where(negative, logits + logits.dtype.type(shift), logits)


def best_shift(margins: NDArray[np.floating], is_positive: NDArray[np.bool_]) -> float:
    """What to raise the negatives' logits by, so that F of the pairs found is largest.

    Args:
        margins: [pairs], by how much the likeliest relation's logit is above that of the likeliest negative.
        is_positive: [pairs], which pairs are related.

    Returns:
        Half way between two margins; 0 where no pair is related. Of equally good ones that next to 0.
    """
    order = np.argsort(-margins, kind="stable")
    found = np.arange(1, len(order) + 1)
    scores = 2 * np.cumsum(is_positive[order]) / np.maximum(1, found + is_positive.sum())
    ordered = margins[order]
    # Pairs of the same margin are found together or not at all.
    is_cut = np.append(ordered[:-1] > ordered[1:], True)
    if not len(order) or not scores[is_cut].max() > 0:
        return 0.0
    best = np.flatnonzero(is_cut & (scores == scores[is_cut].max()))
    below = np.append(ordered[1:], ordered[-1] - 1.0)
    shifts = (ordered[best] + below[best]) / 2
    return float(shifts[np.argmin(np.abs(shifts))])


def shift_and_f(
    threshold: str,
    logits: NDArray[np.floating],
    negative: NDArray[np.bool_],
    is_positive: NDArray[np.bool_],
) -> tuple[float, float]:
    """By how much a threshold raises the negatives' logits, and F of the pairs found with it, micro.

    Args:
        threshold: EVEN, or DEVELOPMENT.
        logits, negative, is_positive: see `best_shift_of`.
    """
    shift = best_shift_of(logits, negative, is_positive) if threshold == DEVELOPMENT else 0.0
    is_found = ~negative[decide(raised(logits, negative, shift))]
    both = int((is_positive & is_found).sum())
    return shift, 2 * both / max(1, int(is_positive.sum() + is_found.sum()))
