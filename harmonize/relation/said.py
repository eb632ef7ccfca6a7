"""What a classifier says of a related pair beside its type: whether it is new, and which of the two acts.

These are further outputs of the layer that tells the labels, behind them, so that every head gives them
and transformers loads such a run as any other:

    ..., Association, None | novelty: Novel, novelty: No | subject: head, subject: tail, subject: neither

The target of a training row is one number that holds its label and these values, so that what pads, divides
and counts targets need not know of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harmonize.model import NOVELTY, SUBJECTS
from harmonize.relation.pair import Pair

__all__ = ["VALUES", "Answers", "Outputs", "SayingClassifier", "answers_of", "said_of"]

VALUES: Mapping[str, tuple[str, ...]] = {"novelty": NOVELTY, "subject": SUBJECTS}
"""Column of the union set -> what it may say."""

_Numbers = TypeVar("_Numbers", bound=Any)
"""An array of numpy, or a tensor of torch."""


@dataclass(frozen=True)
class Outputs:
    """The outputs of a classifier, in order.

    Attributes:
        labels: of the label space, one output each.
        said: the columns that it tells besides.
    """

    labels: tuple[str, ...]
    said: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """As config.json has them."""
        return (*self.labels, *(f"{column}: {value}" for column in self.said for value in VALUES[column]))

    def targets(self, labels: NDArray[np.int64], rows: pa.Table) -> NDArray[np.int64]:
        """[rows]: a number for the label and the values of each row.

        Args:
            labels: of the rows, as their place among the labels.
            rows: of the union set, with the columns of `said`.
        """
        targets, step = labels.copy(), len(self.labels)
        for column in self.said:
            places = {value: place for place, value in enumerate((None, *VALUES[column]))}
            targets += step * np.array([places[value] for value in rows[column].to_pylist()], dtype=np.int64)
            step *= len(places)
        return targets

    def of_targets(self, targets: _Numbers) -> tuple[_Numbers, dict[str, _Numbers]]:
        """The labels, and of each column the values, -1 for none, that targets hold."""
        label, rest = targets % len(self.labels), targets // len(self.labels)
        values: dict[str, _Numbers] = {}
        for column in self.said:
            count = len(VALUES[column]) + 1
            values[column], rest = rest % count - 1, rest // count
        return label, values

    def of_logits(self, logits: _Numbers) -> tuple[_Numbers, dict[str, _Numbers]]:
        """The logits [..., outputs] of the labels, and of each column's values."""
        end, parts = len(self.labels), {}
        for column in self.said:
            parts[column] = logits[..., end : end + len(VALUES[column])]
            end += len(VALUES[column])
        return logits[..., : len(self.labels)], parts

    @classmethod
    def of_names(cls, names: Sequence[str], said: Iterable[str]) -> Outputs:
        """The outputs of a model whose config.json has these names."""
        said = tuple(said)
        return cls(tuple(names[: len(names) - sum(len(VALUES[column]) for column in said)]), said)


class Answers(NamedTuple):
    """What a classifier answers.

    Attributes:
        probabilities: [pairs, labels].
        said: column -> [pairs, values], the probability of each if the pair is related.
    """

    probabilities: NDArray[np.floating[Any]]
    said: Mapping[str, NDArray[np.floating[Any]]]


@runtime_checkable
class SayingClassifier(Protocol):
    """A classifier that may say more of a pair than its label."""

    @property
    def said(self) -> tuple[str, ...]:
        """The columns of VALUES that it tells; none for one that was not trained to."""

    def answers(self, pairs: Sequence[Pair]) -> Answers:
        """To each pair, in order."""


def said_of(classifier: object) -> tuple[str, ...]:
    """The columns that a classifier tells besides labels."""
    return classifier.said if isinstance(classifier, SayingClassifier) else ()


def answers_of(classifier: Any, pairs: Sequence[Pair]) -> Answers:
    """What a classifier of any kind answers."""
    if isinstance(classifier, SayingClassifier):
        return classifier.answers(pairs)
    return Answers(np.asarray(classifier.probabilities(pairs)), {})
