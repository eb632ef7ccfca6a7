"""Rule d: the corpus's own relation types -> harmonized labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harmonize.model import Instance
from harmonize.spec import Corpus

__all__ = ["d1", "d2"]


def d1(instance: Instance, corpus: Corpus) -> Instance:
    """Map each type by the corpus' `relation_types`; the most specific label comes first.

    A pair keeps its empty labels if nobody annotated it, or only with types that stand for no relation. Such
    types come last among the pair's own.

    Raises:
        SpecError: a type without a label, never a silent Association.
    """
    if not instance.source_relations:
        return instance
    labels = _labels(instance, corpus)
    found = set(labels.values())
    return replace(
        instance,
        source_relations=_relations_first(instance, labels),
        labels=tuple(label for label in corpus.target.labels if label in found),
    )


def d2(instance: Instance, corpus: Corpus) -> Instance:
    """Every annotated pair is an Association, whatever its type, unless its types stand for no relation.

    Raises:
        SpecError: a type that the mapping does not know.
    """
    labels = _labels(instance, corpus)
    related = any(label is not None for label in labels.values())
    return replace(
        instance,
        source_relations=_relations_first(instance, labels),
        labels=(corpus.target.association,) if related else (),
    )


def _labels(instance: Instance, corpus: Corpus) -> dict[str, str | None]:
    """Each type of the pair -> its label, None for one that stands for no relation."""
    return {kind: corpus.label(kind) for kind in instance.source_relations}


def _relations_first(instance: Instance, labels: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(sorted(instance.source_relations, key=lambda kind: labels[kind] is None))
