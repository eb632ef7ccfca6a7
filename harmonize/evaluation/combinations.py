"""Scores of combinations: relations of any number of entities, found exactly or in part.

As the n-ary study scores them (Tiktinsky et al. 2022, section 5):

    positive   a combination is one with the label Positive_Combination; all others count as none
    any        a combination is one with any label
    exact      a predicted combination is as right as its likeness to the likeliest gold one of its context,
    partial    1 if both have the same entities; in part also |both| / |either|, if two or more are in both

Precision is the mean of this over the predicted combinations, recall the mean of the same over the gold ones,
F their harmonic mean. Sets that stand several times in a context count once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harmonize.errors import HarmonizeError
from harmonize.evaluation.rows import FloatArray
from harmonize.evaluation.scores import Bootstrap, Estimate

__all__ = [
    "MEASURES",
    "POSITIVE",
    "Combination",
    "CombinationScore",
    "CombinationScores",
    "score_combinations",
]

POSITIVE = "Positive_Combination"
MEASURES = ("positive_exact", "positive_partial", "any_exact", "any_partial")

Combination = tuple[frozenset[str], str]
"""Ids of the entities, and the label."""

_Likeness = Callable[[frozenset[str], frozenset[str]], float]


@dataclass(frozen=True)
class CombinationScore:
    """One measure.

    Attributes:
        gold, predicted: how many combinations count.
    """

    gold: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class CombinationScores:
    """The four measures of the study.

    Attributes:
        contexts: sentences, with combinations or without.
        documents: what the intervals are resampled by.
        resamples, seed: of the intervals.
    """

    contexts: int
    documents: int
    resamples: int
    seed: int
    positive_exact: CombinationScore
    positive_partial: CombinationScore
    any_exact: CombinationScore
    any_partial: CombinationScore

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def score_combinations(
    gold: Mapping[str, Iterable[Combination]],
    predicted: Mapping[str, Iterable[Combination]],
    *,
    documents: Mapping[str, str] | None = None,
    bootstrap: int = 1_000,
    seed: int = 0,
) -> CombinationScores:
    """Score predictions against gold, context by context.

    Args:
        gold: context -> its combinations; a context without any stands there too.
        predicted: the same; a context that is missing has none.
        documents: context -> its document; each is one of its own unless given.
        bootstrap: how many resamples of documents the 95 % intervals are of; 0 for none.

    Raises:
        HarmonizeError: a predicted context that gold does not have, or `bootstrap` or `seed` is negative.
    """
    for name, number in (("bootstrap", bootstrap), ("seed", seed)):
        if number < 0:
            raise HarmonizeError(f"{name}: expected a number from 0, got {number}")
    unknown = next((name for name in predicted if name not in gold), None)
    if unknown is not None:
        raise HarmonizeError(f"expected predictions of contexts that gold has, got one of {unknown}")
    of = documents or {name: name for name in gold}
    numbers = {name: number for number, name in enumerate(dict.fromkeys(of[name] for name in gold))}
    resamples = Bootstrap(len(numbers), bootstrap, seed)
    scores = {}
    for measure in MEASURES:
        counted = np.zeros((len(numbers), 4))
        for name, combinations in gold.items():
            sides = (_sets(combinations, measure), _sets(predicted.get(name, ()), measure))
            counted[numbers[of[name]]] += _counts(*sides, _LIKENESS[measure.rpartition("_")[2]])
        scores[measure] = _score(counted, resamples)
    return CombinationScores(len(gold), len(numbers), bootstrap, seed, **scores)


def exact(one: frozenset[str], other: frozenset[str]) -> float:
    """1 for the same entities, else 0."""
    return float(one == other)


def partial(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the entities of either that is in both; 0 if fewer than two are."""
    shared = len(one & other)
    return shared / len(one | other) if shared > 1 or one == other else 0.0


_LIKENESS: Mapping[str, _Likeness] = {"exact": exact, "partial": partial}


def _sets(combinations: Iterable[Combination], measure: str) -> list[frozenset[str]]:
    """The distinct sets that a measure counts."""
    of_any = measure.startswith("any")
    return list(dict.fromkeys(drugs for drugs, label in combinations if of_any or label == POSITIVE))


def _counts(
    gold: Sequence[frozenset[str]], predicted: Sequence[frozenset[str]], likeness: _Likeness
) -> tuple[float, float, float, float]:
    """(right of the predicted, predicted, found of the gold, gold) of one context."""
    right = sum(max((likeness(one, other) for other in gold), default=0.0) for one in predicted)
    found = sum(max((likeness(one, other) for other in predicted), default=0.0) for one in gold)
    return right, len(predicted), found, len(gold)


def _score(counted: FloatArray, resamples: Bootstrap) -> CombinationScore:
    """The score of counts by document, shape (documents, 4)."""
    _, predicted, _, gold = counted.sum(axis=0)
    no_gold = None if gold else "gold has no combination here"
    nothing = None if predicted else "no combination is predicted here"
    values, samples = _ratios(counted.sum(axis=0)), _ratios(resamples.weights @ counted)
    estimates = [
        resamples.estimate(float(value), sample) if reason is None else Estimate(None, reason=reason)
        for value, sample, reason in zip(values, samples, (no_gold or nothing, no_gold, no_gold), strict=True)
    ]
    return CombinationScore(int(gold), int(predicted), *estimates)


def _ratios(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Precision, recall and F of counts in the last axis; NaN where gold has none."""
    right, predicted, found, gold = (counts[..., place] for place in range(4))
    some_gold = np.where(gold > 0, gold, np.nan)
    precision = np.where(np.isnan(some_gold), np.nan, right / np.where(predicted > 0, predicted, np.nan))
    recall = found / some_gold
    share = np.nan_to_num(precision)
    f1 = np.where(recall > 0, 2 * share * recall / np.where(recall > 0, share + recall, 1.0), recall)
    return precision, recall, f1
