"""Rule e: the entity types of the union set."""

from __future__ import annotations

from dataclasses import replace

from harmonize.model import EntityInContext, Instance
from harmonize.spec import Corpus

__all__ = ["e1", "e2"]


def e1(instance: Instance, corpus: Corpus) -> Instance:
    """Types that the corpus defines otherwise than BioRED become internal ones ("DrugProt-Chem")."""

    def internal(entity: EntityInContext) -> EntityInContext:
        kind = corpus.internal_type(entity.source_type) or entity.type
        return entity if kind == entity.type else replace(entity, type=kind)

    head, tail = internal(instance.head), internal(instance.tail)
    if head is instance.head and tail is instance.tail:
        return instance
    return replace(instance, head=head, tail=tail)


def e2(instance: Instance, corpus: Corpus) -> Instance:
    """BioRED's types, which pairing has already put in place."""
    return instance
