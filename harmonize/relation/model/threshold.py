"""When a pair is related: the shift between relations and negatives that scores best on development rows."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from harmonize.relation.labels import decide

__all__ = [
    "DEVELOPMENT",
    "EVEN",
    "FARTHEST",
    "Threshold",
    "best_shift",
    "best_shift_of",
    "given_shift",
    "raised",
    "shift_and_f",
    "shift_of",
]

EVEN: Final = "even"
DEVELOPMENT: Final = "development"
Threshold = Literal["even", "development"] | float
"""When a pair counts as related: when a relation is its likeliest label (EVEN), where development scores best
(DEVELOPMENT), or with the negatives' logits raised by a given number."""
FARTHEST = 100
"""The largest number that logits are raised or lowered by: where all pairs are alike."""


def shift_of(
    threshold: Threshold,
    logits: NDArray[np.floating],
    negative: NDArray[np.bool_],
    is_positive: NDArray[np.bool_],
) -> float:
    """What a threshold raises the negatives' logits by; see `best_shift_of`."""
    if threshold == DEVELOPMENT:
        return best_shift_of(logits, negative, is_positive)
    return given_shift(threshold)


def given_shift(threshold: Threshold) -> float:
    """What a threshold raises the negatives' logits by without looking at any rows."""
    return threshold if isinstance(threshold, float) else 0.0


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
        Half way between two margins; 0 where no pair is related, or all margins are infinite (a corpus whose
        labels are all of one kind). Of equally good ones that next to 0.
    """
    finite = margins[np.isfinite(margins)]
    if not len(finite):
        return 0.0
    margins = np.nan_to_num(margins, posinf=finite.max() + 1, neginf=finite.min() - 1)
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
    threshold: Threshold,
    logits: NDArray[np.floating],
    negative: NDArray[np.bool_],
    is_positive: NDArray[np.bool_],
) -> tuple[float, float]:
    """By how much a threshold raises the negatives' logits, and F of the pairs found with it, micro.

    Args:
        threshold, logits, negative, is_positive: see `shift_of`.
    """
    shift = shift_of(threshold, logits, negative, is_positive)
    is_found = ~negative[decide(raised(logits, negative, shift))]
    both = int((is_positive & is_found).sum())
    return shift, 2 * both / max(1, int(is_positive.sum() + is_found.sum()))
