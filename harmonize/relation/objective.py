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

__all__ = ["Loss", "label_weights", "watched_scores"]


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


def watched_scores(prediction: EvalPrediction, space: LabelSpace) -> dict[str, float]:
    """F of the pairs found and of the pairs with their type, micro, as `harmonize evaluate` counts them."""
    gold = np.asarray(prediction.label_ids)
    known = gold != IGNORED
    logits, gold = np.asarray(prediction.predictions, dtype=np.float32)[known], gold[known]
    if space.by_corpus:
        own = np.array([space.own(space.names[label].partition("/")[0]) for label in gold], dtype=bool)
        logits = np.where(own, logits, -np.inf)
    found = decide(logits)
    negative = np.array([is_negative(label) for label in space.plain], dtype=bool)
    is_positive, is_found = ~negative[gold], ~negative[found]
    both = is_positive & is_found
    denominator = max(1, int(is_positive.sum() + is_found.sum()))
    return {
        "pair_f": 2 * int(both.sum()) / denominator,
        "typed_f": 2 * int((both & (found == gold)).sum()) / denominator,
    }
