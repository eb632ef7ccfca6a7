"""What training minimizes, and what it watches."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import EvalPrediction

from harmonize.relation.documents import IGNORED
from harmonize.relation.labels import LabelSpace, decide, is_negative

__all__ = ["DEVELOPMENT", "EVEN", "Loss", "best_shift", "label_weights", "raise_negatives", "watched_scores"]

EVEN, DEVELOPMENT = "even", "development"
"""When a pair counts as related: when a relation is its likeliest label, or where development scores best."""


class Loss:
    """Cross entropy over the labels of the row's own corpus, each label with its weight.

    Called by transformers with the model's outputs, labels of [pairs] or, IGNORED where padded, [contexts,
    pairs], and how many numbers all the labels are of the batches that one step sums. Soft labels, float of
    [pairs, labels], are what a teacher says, see harmonize.relation.teacher.
    """

    def __init__(self, space: LabelSpace, weights: torch.Tensor | None) -> None:
        self.weights = weights
        # [labels, labels]: from a row's label to the labels that it is chosen from.
        self.own = torch.tensor(
            np.array([space.own(name.partition("/")[0]) for name in space.names]), dtype=torch.bool
        )

    def __call__(self, outputs: Any, labels: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"].float()
        weights = None if self.weights is None else self.weights.to(logits.device)
        if labels.is_floating_point():
            summed: torch.Tensor = cross_entropy(logits, labels, weight=weights, reduction="sum")
            numbers = labels.numel() if num_items_in_batch is None else num_items_in_batch
            return torch.div(summed, numbers / labels.shape[1])
        if labels.dim() > 1:
            known = labels != IGNORED
            logits, labels = logits[known], labels[known]
        own = self.own.to(logits.device)[labels]
        masked = logits.masked_fill(~own, torch.finfo(logits.dtype).min)
        total = cross_entropy(masked, labels, weight=weights, reduction="sum")
        return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)


def label_weights(labels: NDArray[np.int64], count: int) -> torch.Tensor:
    """[labels]: a rare label counts more, by the root of its share; 1 in the mean over the rows."""
    frequency = np.bincount(labels, minlength=count).astype(np.float64)
    weights = np.sqrt(1.0 / np.maximum(frequency, 1.0))
    return torch.tensor(weights * len(labels) / (weights * frequency).sum(), dtype=torch.float32)


def watched_scores(prediction: EvalPrediction, space: LabelSpace, threshold: str = EVEN) -> dict[str, float]:
    """F of the pairs found and of the pairs with their type, micro, as `harmonize evaluate` counts them.

    Args:
        prediction: logits [pairs, labels] and labels [pairs], or both with a dimension of contexts before.
        threshold: EVEN; or DEVELOPMENT, where the negatives' logits are first raised by what makes F of the
            pairs found largest. By how much stands in the scores as "shift".
    """
    gold = np.asarray(prediction.label_ids)
    known = gold != IGNORED
    logits, gold = np.asarray(prediction.predictions, dtype=np.float32)[known], gold[known]
    if space.by_corpus:
        own = np.array([space.own(space.names[label].partition("/")[0]) for label in gold], dtype=bool)
        logits = np.where(own, logits, -np.inf)
    negative = np.array([is_negative(label) for label in space.plain], dtype=bool)
    is_positive = ~negative[gold]
    shifted: dict[str, float] = {}
    if threshold == DEVELOPMENT and negative.any() and not negative.all():
        margins = logits[:, ~negative].max(axis=1) - logits[:, negative].max(axis=1)
        shifted = {"shift": best_shift(margins, is_positive)}
        logits = np.where(negative, logits + np.float32(shifted["shift"]), logits)
    found = decide(logits)
    is_found = ~negative[found]
    both = is_positive & is_found
    denominator = max(1, int(is_positive.sum() + is_found.sum()))
    return {
        "pair_f": 2 * int(both.sum()) / denominator,
        "typed_f": 2 * int((both & (found == gold)).sum()) / denominator,
        **shifted,
    }


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


def raise_negatives(model: Any, space: LabelSpace, shift: float) -> None:
    """Raise the negatives' logits for good, in the bias of the model's last layer."""
    last = [module for module in model.classifier.modules() if isinstance(module, torch.nn.Linear)][-1]
    negative = torch.tensor([is_negative(label) for label in space.plain], device=last.bias.device)
    with torch.no_grad():
        last.bias.add_(negative.to(last.bias.dtype), alpha=shift)
