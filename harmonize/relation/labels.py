"""The classifier's labels: the union's, the negatives of each corpus ("None-DDI") classes of their own.

With a head for each corpus (multi-task learning) all heads stand beside each other in one linear layer, and a
label is written with its corpus, "ddi/mechanism"; a pair's label is then sought among its corpus' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.model import NEGATIVE, is_negative
from harmonize.relation.pair import Pair

__all__ = [
    "LABEL_KINDS",
    "NEGATIVE",
    "LabelKind",
    "LabelSpace",
    "decide",
    "is_negative",
    "own_outputs",
    "related",
    "softmax",
]

LabelKind = Literal["harmonized", "source"]
"""Whose labels: the union's, or each corpus' own relation types."""
LABEL_KINDS: tuple[LabelKind, ...] = ("harmonized", "source")

_HEAD = "/"


@dataclass(frozen=True)
class LabelSpace:
    """The labels of a classifier, in the order of its outputs.

    Attributes:
        names: as its config.json has them; with a head for each corpus "ddi/mechanism".
        by_corpus: it has a head for each corpus.
    """

    names: tuple[str, ...]
    by_corpus: bool = False

    @classmethod
    def of(
        cls, rows: Iterable[tuple[str, str]], order: Sequence[str], *, by_corpus: bool = False
    ) -> LabelSpace:
        """The labels of training rows: those of `order` first and in it, others by name, negatives last.

        Args:
            rows: (corpus, label) of each row.
            order: target.yaml's labels.
        """
        rank = {label: place for place, label in enumerate(order)}

        def place(found: tuple[str, str]) -> tuple[str, bool, int, str]:
            corpus, label = found
            return (corpus, is_negative(label), rank.get(label, len(rank)), label)

        found = {(corpus if by_corpus else "", label) for corpus, label in rows}
        names = tuple(
            f"{corpus}{_HEAD}{label}" if corpus else label for corpus, label in sorted(found, key=place)
        )
        return cls(names, by_corpus)

    @property
    def plain(self) -> tuple[str, ...]:
        """The labels without their corpora, one for each output."""
        if not self.by_corpus:
            return self.names
        return tuple(name.partition(_HEAD)[2] for name in self.names)

    def index(self, corpus: str, label: str) -> int:
        """The output for a label of a corpus' row; -1 where the classifier has none."""
        name = f"{corpus}{_HEAD}{label}" if self.by_corpus else label
        return self.names.index(name) if name in self.names else -1

    def own(self, corpus: str) -> NDArray[np.bool_]:
        """[labels]: which outputs a pair of a corpus chooses from."""
        if not self.by_corpus:
            return np.ones(len(self.names), dtype=bool)
        return np.array([name.startswith(f"{corpus}{_HEAD}") for name in self.names], dtype=bool)

    @property
    def corpora(self) -> tuple[str, ...]:
        """The corpora that have a head, in order; none where all share one."""
        if not self.by_corpus:
            return ()
        return tuple(dict.fromkeys(name.partition(_HEAD)[0] for name in self.names))


def own_outputs(space: LabelSpace, pairs: Sequence[Pair]) -> NDArray[np.bool_]:
    """[pairs, labels]: which outputs each pair chooses from.

    Raises:
        HarmonizeError: a pair of a corpus without outputs of its own.
    """
    own = {corpus: space.own(corpus) for corpus in {pair.corpus for pair in pairs}}
    for corpus, outputs in own.items():
        if not outputs.any():
            known = ", ".join(space.corpora)
            raise HarmonizeError(f"corpus {corpus}: expected one that the model has a head for ({known})")
    return np.array([own[pair.corpus] for pair in pairs], dtype=bool).reshape(len(pairs), len(space.names))


def softmax(logits: NDArray[np.float32], own: NDArray[np.bool_]) -> NDArray[np.float32]:
    """[pairs, labels] -> probabilities over each pair's own labels, 0 elsewhere."""
    if not len(logits):
        return logits
    masked = np.where(own, logits.astype(np.float64), -np.inf)
    powers = np.exp(masked - masked.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def decide(probabilities: NDArray[np.floating]) -> NDArray[np.intp]:
    """The predicted label of each pair, as its index: the most probable one, the first of equals.

    Args:
        probabilities: [pairs, labels].

    Returns:
        [pairs]. An index whose label `is_negative` predicts no relation.
    """
    return np.asarray(np.argmax(probabilities, axis=1), dtype=np.intp)


def related(probabilities: NDArray[np.floating], labels: Sequence[str]) -> NDArray[np.float64]:
    """The probability that a pair has any relation: that of all labels that are no negatives.

    Args:
        probabilities: [pairs, labels].

    Returns:
        [pairs], within 0 and 1.
    """
    positive = np.array([not is_negative(label) for label in labels], dtype=bool)
    total = np.asarray(probabilities, dtype=np.float64)[:, positive].sum(axis=1)
    return np.asarray(np.clip(total, 0.0, 1.0), dtype=np.float64)
