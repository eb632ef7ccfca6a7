"""Rule c: what an unannotated pair means. None stands for "leave it out"."""

from __future__ import annotations

from dataclasses import replace

from harmonize.model import Instance
from harmonize.spec import Corpus

__all__ = ["c1", "c2", "c3"]


def c1(instance: Instance, corpus: Corpus) -> Instance | None:
    """The corpus looks for some relations only: unannotated pairs get its own class, "None-BC5CDR"."""
    if instance.labels:
        return instance
    return replace(instance, labels=(f"{corpus.target.negative}-{corpus.rules.task}",))


def c2(instance: Instance, corpus: Corpus) -> Instance | None:
    """The corpus looks for what the target looks for: unannotated pairs are negatives."""
    return instance if instance.labels else replace(instance, labels=(corpus.target.negative,))


def c3(instance: Instance, corpus: Corpus) -> Instance | None:
    """The corpus annotates some pairs only: unannotated pairs are left out.

    Those annotated with types that stand for no relation are the corpus' own class, as under c1.
    """
    return c1(instance, corpus) if instance.labels or instance.source_relations else None
