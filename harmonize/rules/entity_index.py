"""What the ids in a relation refer to: the mentions of one document, by mention id and by concept id."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import product

from harmonize.model import Document, Mention, Relation
from harmonize.spec import Corpus

__all__ = ["EntityIndex"]


class EntityIndex:
    """Mentions of a document by every id that a relation may call them by."""

    def __init__(self, document: Document, corpus: Corpus) -> None:
        self._mentions: dict[str, list[Mention]] = defaultdict(list)
        for mention in document.mentions:
            for identifier in dict.fromkeys((mention.id, *mention.concept_ids)):
                self._mentions[identifier].append(mention)
        self._separators = corpus.spec.id_separators.any

    def mentions(self, identifier: str) -> list[Mention]:
        return self._mentions.get(identifier, [])

    def has_mention(self, identifier: str) -> bool:
        """True if it is a mention's own id, not only that of what mentions mean."""
        return any(mention.id == identifier for mention in self.mentions(identifier))

    def entities(self, argument: str) -> tuple[str, ...]:
        """The entities that a relation's argument names; none if one of them has no mention.

        An argument is an id, or, for a composite mention, its ids joined as there ("D007859|D008569").
        """
        if argument in self._mentions or not self._separators:
            return (argument,) if argument in self._mentions else ()
        parts = tuple(part.strip() for part in re.split(f"[{re.escape(self._separators)}]", argument))
        return parts if all(part in self._mentions for part in parts) else ()

    def pairs(self, relation: Relation) -> list[frozenset[str]]:
        """The unordered pairs of entities that a relation relates; a pair of one is an entity with itself."""
        return [frozenset(pair) for pair in self.ordered_pairs(relation)]

    def ordered_pairs(self, relation: Relation) -> list[tuple[str, str]]:
        """The same pairs, an entity of the relation's head first."""
        return list(product(self.entities(relation.head), self.entities(relation.tail)))
