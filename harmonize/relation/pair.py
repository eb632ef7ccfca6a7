"""What the classifier sees of an instance: the prompt's [Corpus], two entities and their context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harmonize.model import EntityInContext, Instance, Span

__all__ = ["Entity", "Pair", "PairClassifier", "reads_sentences"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One side of a pair.

    Attributes:
        name: text of its first mention in the context.
        type: entity type after rule e, which decides its tags.
        spans: of its mentions, relative to the context, in order, at least one.
        id: concept id, or mention id; "" where nobody has asked for what is known of the entity.
        description: what is known of it beside the text; see harmonize.relation.encode.knowledge.
    """

    name: str
    type: str
    spans: tuple[Span, ...]
    # What is asked about is what the text shows: two concepts of the very same mentions are one there.
    id: str = field(default="", compare=False)
    description: str = field(default="", compare=False)

    @classmethod
    def from_context(cls, entity: EntityInContext) -> Entity:
        return cls(entity.name, entity.type, entity.spans, entity.id)


@dataclass(frozen=True, slots=True)
class Pair:
    """One question to the classifier.

    Attributes:
        corpus: the name of the mapping whose rules made the pair, "biored".
        task: the [Corpus] of the prompt, "BioRED".
        text: the context.
        sentences: of the context, in order; None where nobody has told them. Most classifiers do not ask.
    """

    corpus: str
    task: str
    text: str
    head: Entity
    tail: Entity
    sentences: tuple[Span, ...] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_instance(
        cls, instance: Instance, corpus: str, task: str, sentences: tuple[Span, ...] | None = None
    ) -> Pair:
        """The pair of a model instance, under a corpus' name and its [Corpus]."""
        head, tail = Entity.from_context(instance.head), Entity.from_context(instance.tail)
        return cls(corpus, task, instance.text, head, tail, sentences)


def reads_sentences(classifier: object) -> bool:
    """True if a classifier looks at the sentences of pairs, so that it is worth telling them."""
    return bool(getattr(classifier, "reads_sentences", False))


class PairClassifier(Protocol):
    """What a classifier must be able to do."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels and negatives ("None", "None-DDI") that it tells apart.

        With a head for each corpus several outputs may have one label; at most one of them is not 0.
        """

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.floating[Any]]:
        """The probability of each label: [pairs, labels], rows sum to 1."""
