"""Rule a: which annotated relations have their entities in the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harmonize.ledger import Drop
from harmonize.model import Document, Relation
from harmonize.rules.entity_index import EntityIndex
from harmonize.spec import Corpus

__all__ = ["NOT_FOUND", "NOT_IN_ONE_SENTENCE", "a1", "a2", "a3", "described", "not_found"]

FIRST_NOT_FOUND = "entity 1 has no mention in the text"
SECOND_NOT_FOUND = "entity 2 has no mention in the text"
NEITHER_FOUND = "neither entity has a mention in the text"
NOT_FOUND = (FIRST_NOT_FOUND, SECOND_NOT_FOUND, NEITHER_FOUND)
NOT_IN_ONE_SENTENCE = "the entities never share a sentence"


def a1(document: Document, corpus: Corpus) -> tuple[Document, list[Drop]]:
    """The corpus annotates spans: nothing to do."""
    return document, []


def a2(document: Document, corpus: Corpus) -> tuple[Document, list[Drop]]:
    """Keep the relations whose two entities both occur in title or abstract."""
    index = EntityIndex(document, corpus)
    return _kept(document, lambda relation: not_found(relation, index))


def a3(document: Document, corpus: Corpus) -> tuple[Document, list[Drop]]:
    """Keep the relations whose two entities share a sentence; the document must have its sentences."""
    index = EntityIndex(document, corpus)

    def fault(relation: Relation) -> str | None:
        missing = not_found(relation, index)
        if missing is not None:
            return missing
        together = any(
            all(any(sentence.covers(m.extent) for m in index.mentions(entity)) for entity in pair)
            for sentence in document.sentences or ()
            for pair in index.pairs(relation)
        )
        return None if together else NOT_IN_ONE_SENTENCE

    return _kept(document, fault)


def not_found(relation: Relation, index: EntityIndex) -> str | None:
    """Which of a relation's entities has no mention, None if both have."""
    first, second = index.entities(relation.head), index.entities(relation.tail)
    if not first and not second:
        return NEITHER_FOUND
    if not first:
        return FIRST_NOT_FOUND
    return None if second else SECOND_NOT_FOUND


def described(relation: Relation) -> str:
    """How the listing of dropped items names a relation."""
    return f"{relation.type} {relation.head} {relation.tail}"


def _kept(document: Document, fault: Callable[[Relation], str | None]) -> tuple[Document, list[Drop]]:
    faults = [(relation, fault(relation)) for relation in document.relations]
    kept = tuple(relation for relation, reason in faults if reason is None)
    drops = [
        Drop("relations", reason, described(relation)) for relation, reason in faults if reason is not None
    ]
    return replace(document, relations=kept), drops
