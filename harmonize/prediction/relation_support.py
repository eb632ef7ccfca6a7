"""What a document says of a pair, in all: the contexts that show a relation, and its score.

A relation is supported by every context (a passage of a full text, a sentence) in which the classifier finds
its label for the pair; its score is the highest probability that the label has there. A maximum says no more
than one passage does, and that passage can be read. A noisy-or (1 - the product of 1 - p) would hold passages
for independent and probabilities for calibrated: twenty paragraphs of 0.05 each would make 0.64 of a pair,
and long articles would relate whatever they often name together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from harmonize.model import Document, Passage, Span
from harmonize.prediction.extractor import PredictedPair

__all__ = ["RelationKey", "by_relation", "passages_of", "relation_key", "score"]

RelationKey = tuple[frozenset[tuple[str, str]], str]
"""Type and id of both entities, whichever comes first, and what the relation is called."""


def relation_key(pair: PredictedPair) -> RelationKey:
    """What a pair has in common with the pairs that say the same in other contexts."""
    return frozenset(((pair.head.type, pair.head.id), (pair.tail.type, pair.tail.id))), pair.type


def by_relation(pairs: Iterable[PredictedPair]) -> dict[RelationKey, list[PredictedPair]]:
    """The pairs of a document that say the same, together and in order."""
    found: dict[RelationKey, list[PredictedPair]] = {}
    for pair in pairs:
        found.setdefault(relation_key(pair), []).append(pair)
    return found


def score(support: Iterable[PredictedPair]) -> float:
    """The document's score of a relation that these contexts support."""
    return max(pair.confidence for pair in support)


def passages_of(context: Span, document: Document) -> tuple[Passage, ...]:
    """The passages that a context lies in: one, or title and abstract."""
    starts = [passage.span.start for passage in document.passages]
    first = max(bisect_right(starts, context.start) - 1, 0)
    return document.passages[first : max(bisect_left(starts, context.end), first + 1)]
