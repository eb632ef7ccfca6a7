"""What training minimizes, and what it watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import EvalPrediction

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.documents import IGNORED
from harmonize.relation.labels import LabelSpace, decide, is_negative
from harmonize.relation.model.threshold import EVEN, Threshold, raised, shift_of
from harmonize.relation.said import Outputs

__all__ = [
    "AdaptiveThreshold",
    "Loss",
    "label_weights",
    "raise_negatives",
    "watched_scores",
]


class Loss:
    """Cross entropy over the labels of the row's own corpus, each label with its weight.

    What is said beside the label adds its own cross entropy, in the rows that say it, so that the loss of a
    pair is the negative logarithm of the probability of all that its row says.

    Called by transformers with the model's outputs, labels of [pairs] or, IGNORED where padded, [contexts,
    pairs], and how many numbers all the labels are of the batches that one step sums. Soft labels, float with
    a dimension of labels more, are what a teacher says, see harmonize.relation.train.teacher.
    """

    def __init__(self, space: LabelSpace, weights: torch.Tensor | None, said: Sequence[str] = ()) -> None:
        self.weights = weights
        self.outputs = Outputs(space.names, tuple(said))
        self.own = _own_labels(space)

    def __call__(self, outputs: Any, labels: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"].float()
        weights = None if self.weights is None else self.weights.to(logits.device)
        if labels.is_floating_point():
            known = labels[..., 0] != IGNORED
            logits, labels = logits[known], labels[known]
            summed: torch.Tensor = cross_entropy(logits, labels, weight=weights, reduction="sum")
            numbers = labels.numel() if num_items_in_batch is None else num_items_in_batch
            return torch.div(summed, numbers / labels.shape[1])
        if labels.dim() > 1:
            known = labels != IGNORED
            logits, labels = logits[known], labels[known]
        count = len(labels) if num_items_in_batch is None else num_items_in_batch
        labels, values = self.outputs.of_targets(labels)
        logits, said = self.outputs.of_logits(logits)
        own = self.own.to(logits.device)[labels]
        masked = logits.masked_fill(~own, torch.finfo(logits.dtype).min)
        total = cross_entropy(masked, labels, weight=weights, reduction="sum")
        for column, target in values.items():
            total = total + cross_entropy(said[column], target, ignore_index=-1, reduction="sum")
        return total / count


class AdaptiveThreshold:
    """ATLOP's loss (Zhou et al. 2021, section 3.2): a pair's labels above the threshold class, others below.

    The threshold class, for which each pair has a score of its own, is that of pairs without relation. Of
    several corpora there are several, which are the threshold together: the log-sum-exp of their scores. With
    a single one it is the paper's loss as it stands.

    Called by transformers with the model's outputs, labels of [contexts, pairs] or, where a pair may have
    several, [contexts, pairs, most], IGNORED where there is none, and how many labels a step sums. To a
    corpus with labels of its own the others do not count.

    Args:
        space: the labels.
        weights: must be none; the loss weighs no label.

    Raises:
        HarmonizeError: a corpus without pairs that are not related, and so without threshold; or weights.
    """

    def __init__(self, space: LabelSpace, weights: torch.Tensor | None = None) -> None:
        if weights is not None:
            raise HarmonizeError("class_weights: expected none with head atlop, whose loss weighs no label")
        self.is_negative = torch.tensor([is_negative(label) for label in space.plain])
        self.own = _own_labels(space)
        if not (self.own & self.is_negative).any(dim=1).all():
            raise HarmonizeError(
                "head atlop: expected pairs without relation in every corpus that has labels of its own, "
                "they are the threshold class"
            )

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        labels = labels.unsqueeze(-1) if labels.dim() == 2 else labels
        known = labels[:, :, 0] != IGNORED
        logits, labels = outputs["logits"].float()[known], labels[known]
        own = self.own.to(logits.device)[labels[:, 0]]
        negative = self.is_negative.to(logits.device) & own
        is_label = _one_for_each(labels, logits.shape[1])
        related = is_label & ~negative
        # What a pair without relation is to be told apart from is another corpus' negative, too.
        threshold = torch.where(related.any(dim=1, keepdim=True), negative, is_label)
        limit = _summed(logits, threshold)
        above = torch.logaddexp(limit, _summed(logits, related)) - logits
        below = _summed(logits, own & ~related) - limit
        total = (above * related).sum() + below.sum()
        return torch.div(total, len(labels) if num_items_in_batch is None else num_items_in_batch)


def _own_labels(space: LabelSpace) -> torch.Tensor:
    """[labels, labels]: from a row's label to the labels that it is chosen from."""
    own = np.array([space.own(name.partition("/")[0]) for name in space.names])
    return torch.tensor(own, dtype=torch.bool)


def _one_for_each(labels: torch.Tensor, count: int) -> torch.Tensor:
    """[pairs, most] of labels, IGNORED where there is none -> [pairs, labels]."""
    places = torch.where(labels == IGNORED, count, labels)
    found = torch.zeros((len(labels), count + 1), dtype=torch.bool, device=labels.device)
    return found.scatter(1, places, True)[:, :count]


def _summed(logits: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """The log-sum-exp of the chosen ones: [pairs, 1]."""
    lowest = torch.finfo(logits.dtype).min
    return logits.masked_fill(~chosen, lowest).logsumexp(dim=1, keepdim=True)


def label_weights(labels: NDArray[np.int64], count: int) -> torch.Tensor:
    """[labels]: a rare label counts more, by the root of its share; 1 in the mean over the rows."""
    frequency = np.bincount(labels, minlength=count).astype(np.float64)
    weights = np.sqrt(1.0 / np.maximum(frequency, 1.0))
    return torch.tensor(weights * len(labels) / (weights * frequency).sum(), dtype=torch.float32)


def watched_scores(
    prediction: EvalPrediction, space: LabelSpace, threshold: Threshold = EVEN, said: Sequence[str] = ()
) -> dict[str, float]:
    """F of the pairs found and of the pairs with their type, micro, as `harmonize evaluate` counts them.

    Of what is said beside the label, "novelty_f" and "subject_f" are F of the pairs found with it.

    Args:
        prediction: logits [pairs, labels] and labels [pairs], or both with a dimension of contexts before. Of
            pairs with several labels, a dimension more, the first is looked at.
        threshold: unless it is EVEN, the negatives' logits are first raised by what it asks for, which stands
            in the scores as "shift".
    """
    gold = np.asarray(prediction.label_ids)
    gold = gold[:, :, 0] if gold.ndim > 2 else gold
    known = gold != IGNORED
    outputs = Outputs(space.names, tuple(said))
    logits, told = outputs.of_logits(np.asarray(prediction.predictions, dtype=np.float32)[known])
    gold, values = outputs.of_targets(gold[known])
    if space.by_corpus:
        own = np.array([space.own(space.names[label].partition("/")[0]) for label in gold], dtype=bool)
        logits = np.where(own, logits, -np.inf)
    negative = np.array([is_negative(label) for label in space.plain], dtype=bool)
    is_positive = ~negative[gold]
    shifted: dict[str, float] = {}
    if threshold != EVEN:
        shifted = {"shift": shift_of(threshold, logits, negative, is_positive)}
        logits = raised(logits, negative, shifted["shift"])
    found = decide(logits)
    is_found = ~negative[found]
    both = is_positive & is_found
    denominator = max(1, int(is_positive.sum() + is_found.sum()))
    return {
        "pair_f": 2 * int(both.sum()) / denominator,
        "typed_f": 2 * int((both & (found == gold)).sum()) / denominator,
        **{
            f"{column}_f": 2 * int((both & (told[column].argmax(axis=-1) == value)).sum()) / denominator
            for column, value in values.items()
        },
        **shifted,
    }


def raise_negatives(model: Any, space: LabelSpace, shift: float) -> None:
    """Raise the negatives' logits for good, in the bias of the model's last layer."""
    last = [module for module in model.classifier.modules() if isinstance(module, torch.nn.Linear)][-1]
    negative = torch.tensor([is_negative(label) for label in space.plain], device=last.bias.device)
    with torch.no_grad():
        # What is said beside the label has the outputs behind these.
        last.bias[: len(negative)].add_(negative.to(last.bias.dtype), alpha=shift)
