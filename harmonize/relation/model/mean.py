"""Several classifiers as one, whose probabilities are the mean of theirs, such as those of folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.relation.pair import Pair, PairClassifier

__all__ = ["KindOfClassifier", "MeanClassifier"]


class KindOfClassifier(PairClassifier, Protocol):
    """A classifier that knows whose relation types its labels are."""

    @property
    def kind(self) -> str:
        """ "harmonized" or "source"."""


class MeanClassifier:
    """The mean of classifiers, or a single one, with each label once.

    A label that one of them does not know, because its training rows had none, has the probability 0 there.

    Args:
        classifiers: at least one.
        name: of all together, for errors.

    Raises:
        HarmonizeError: some have the harmonized labels, others a corpus' own types.
    """

    def __init__(self, classifiers: Sequence[KindOfClassifier], name: str = "model") -> None:
        kinds = sorted({classifier.kind for classifier in classifiers})
        if len(kinds) != 1:
            raise HarmonizeError(f"{name}: expected models of the same labels, got {' and '.join(kinds)}")
        self.kind = kinds[0]
        self.labels = tuple(dict.fromkeys(label for each in classifiers for label in each.labels))
        self._classifiers = tuple(classifiers)
        # Of each, [outputs, labels]: a label may be that of several outputs, of which all but one are 0.
        self._places = [
            np.array([[output == label for label in self.labels] for output in each.labels], dtype=np.float64)
            for each in self._classifiers
        ]

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """[pairs, labels], rows sum to 1, in the order of the pairs."""
        total = np.zeros((len(pairs), len(self.labels)))
        for classifier, places in zip(self._classifiers, self._places, strict=True):
            total += np.asarray(classifier.probabilities(pairs), dtype=np.float64) @ places
        return total / len(self._classifiers)
