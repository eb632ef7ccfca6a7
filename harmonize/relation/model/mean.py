"""Several classifiers as one, whose probabilities are the mean of theirs: of folds, or of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.relation.labels import LabelKind, is_negative
from harmonize.relation.pair import Pair, PairClassifier, reads_sentences
from harmonize.relation.said import VALUES, Answers, answers_of, said_of

__all__ = ["KindOfClassifier", "MeanClassifier"]


class KindOfClassifier(PairClassifier, Protocol):
    """A classifier that knows whose relation types its labels are."""

    @property
    def kind(self) -> LabelKind:
        """Whose."""


class MeanClassifier:
    """The mean of classifiers, or a single one, with each label once.

    A label that one of them does not know, because its training rows had none, has the probability 0 there.
    What is said beside the label is the mean of those that say it.

    Args:
        classifiers: at least one.
        name: of all together, for errors.
        shift: what the logarithms of the negatives' mean probabilities are raised by.

    Raises:
        HarmonizeError: some have the harmonized labels, others a corpus' own types.
    """

    def __init__(
        self, classifiers: Sequence[KindOfClassifier], name: str = "model", shift: float = 0.0
    ) -> None:
        kinds = sorted({classifier.kind for classifier in classifiers})
        if len(kinds) != 1:
            raise HarmonizeError(f"{name}: expected models of the same labels, got {' and '.join(kinds)}")
        self.kind: LabelKind = kinds[0]
        self.labels = tuple(dict.fromkeys(label for each in classifiers for label in each.labels))
        self.said = tuple(column for column in VALUES if any(column in said_of(each) for each in classifiers))
        self._classifiers = tuple(classifiers)
        self.reads_sentences = any(map(reads_sentences, classifiers))
        # Of each, [outputs, labels]: a label may be that of several outputs, of which all but one are 0.
        self._places = [
            np.array([[output == label for label in self.labels] for output in each.labels], dtype=np.float64)
            for each in self._classifiers
        ]
        self._factors = np.exp([shift if is_negative(label) else 0.0 for label in self.labels])

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.floating[Any]]:
        """[pairs, labels], rows sum to 1, in the order of the pairs."""
        return self.answers(pairs).probabilities

    def answers(self, pairs: Sequence[Pair]) -> Answers:
        """The probabilities, and what is said besides."""
        pairs = list(pairs)
        every = [answers_of(classifier, pairs) for classifier in self._classifiers]
        total = np.zeros((len(pairs), len(self.labels)))
        for found, places in zip(every, self._places, strict=True):
            total += np.asarray(found.probabilities, dtype=np.float64) @ places
        total *= self._factors
        said = {
            column: np.mean([found.said[column] for found in every if column in found.said], axis=0)
            for column in self.said
        }
        return Answers(total / total.sum(axis=1, keepdims=True), said)
