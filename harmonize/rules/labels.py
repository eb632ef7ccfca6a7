"""Rule d: the corpus's own relation types -> harmonized labels."""

from __future__ import annotations

from dataclasses import replace

from harmonize.model import Instance
from harmonize.spec import Corpus

__all__ = ["d1", "d2"]


def d1(instance: Instance, corpus: Corpus) -> Instance:
    """Map each type by the corpus' `relation_types`; the most specific label comes first.

    A pair nobody annotated keeps its empty labels.

    Raises:
        SpecError: a type without a label, never a silent Association.
    """
    found = {_label(kind, corpus) for kind in instance.source_relations}
    return replace(instance, labels=tuple(label for label in corpus.target.labels if label in found))


def d2(instance: Instance, corpus: Corpus) -> Instance:
    """Every annotated pair is an Association, whatever its type.

    Raises:
        SpecError: a type that the mapping does not know.
    """
    for kind in instance.source_relations:
        _label(kind, corpus)
    return replace(instance, labels=(corpus.target.association,) if instance.source_relations else ())


def _label(source_type: str, corpus: Corpus) -> str:
    types = corpus.spec.relation_types
    if source_type not in types:
        raise corpus.unmapped("relation_types", source_type, types)
    return types[source_type]
