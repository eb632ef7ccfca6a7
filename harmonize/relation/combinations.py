"""Combinations: sets of entities that are related, every set being asked about (Tiktinsky et al. 2022).

rows of nary/ -> contexts, each with words of the paragraph around it
a context     -> candidates: sets of two entities or more
their labels  -> combinations: the largest first, none sharing an entity with one chosen before
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harmonize.model import Span
from harmonize.relation.labels import NEGATIVE, decide, is_negative
from harmonize.relation.pair import Entity
from harmonize.union.documents import DocumentKey, read_documents

__all__ = [
    "COMBINATION",
    "Candidate",
    "CombinationContext",
    "Found",
    "all_candidates",
    "chosen",
    "combination_contexts",
    "training_candidates",
]

COMBINATION = "combination"
"""The head that classifies sets of entities."""

MOST_CANDIDATES = 1 << 15
"""Of one context: all sets of fifteen entities, the smaller ones of more."""

Members = tuple[int, ...]
"""Places of entities in their context, in order."""


@dataclass(frozen=True, eq=False)
class CombinationContext:
    """What is asked about at once.

    Attributes:
        instance_id, document_id: of the row.
        corpus, task: the mapping's name, and the [Corpus] of the prompt.
        text: the annotated context with words around it.
        ids: of the entities.
        entities: two or more, their spans relative to `text`.
        gold: members -> label, the first of several in the order of target.yaml.
    """

    instance_id: str
    document_id: str
    corpus: str
    task: str
    text: str
    ids: tuple[str, ...]
    entities: tuple[Entity, ...]
    gold: Mapping[Members, str]


class Candidate(NamedTuple):
    """One question to the classifier: are these entities of the context combined?"""

    context: CombinationContext
    members: Members

    @property
    def corpus(self) -> str:
        return self.context.corpus


class Found(NamedTuple):
    """A set that is combined, and how probable its label is."""

    members: Members
    label: str
    probability: float


def combination_contexts(
    rows: pa.Table, union: Path, labels: Sequence[str], words: int | None
) -> list[CombinationContext]:
    """The contexts of rows of nary/, in order.

    Args:
        labels: in the order in which one is taken where a set has several.
        words: of the document that are read, the context's own counted in; None for all, 0 for its own alone.

    Raises:
        UnionError: documents.parquet is missing or broken.
    """
    found = rows.to_pylist()
    wanted = {DocumentKey(row["corpus"], row["split"], row["document_id"]) for row in found}
    texts = {document.key: document.text for document in read_documents(union) if document.key in wanted}
    return [
        _context(row, texts[DocumentKey(row["corpus"], row["split"], row["document_id"])], labels, words)
        for row in found
    ]


def _context(
    row: Mapping[str, Any], document: str, labels: Sequence[str], words: int | None
) -> CombinationContext:
    own = Span(row["context_start"], row["context_end"])
    read = widened(document, own, words)
    moved = own.start - read.start
    place = {entity["id"]: number for number, entity in enumerate(row["entities"])}
    gold = sorted(
        (labels.index(each["relation"]), tuple(sorted(place[argument] for argument in each["arguments"])))
        for each in row["relations"]
    )
    return CombinationContext(
        instance_id=row["instance_id"],
        document_id=row["document_id"],
        corpus=row["corpus"],
        task=row["task"],
        text=read.of(document),
        ids=tuple(place),
        entities=tuple(
            Entity(
                entity["name"],
                entity["type"],
                tuple(Span(span["start"], span["end"]).shifted(moved) for span in entity["spans"]),
            )
            for entity in row["entities"]
        ),
        gold={members: labels[label] for label, members in reversed(gold)},
    )


def widened(text: str, core: Span, words: int | None) -> Span:
    """`core` with as many words of the text around it as make `words`; what one side lacks the other gets."""
    if words is None:
        return Span(0, len(text))
    before, after = text[: core.start].split(), text[core.end :].split()
    more = max(0, words - len(core.of(text).split()))
    left = min(len(before), max(more // 2, more - len(after)))
    right = min(len(after), more - left)
    start, end = core
    for word in reversed(before[len(before) - left :]):
        start = text.rindex(word, 0, start)
    for word in after[:right]:
        end = text.index(word, end) + len(word)
    return Span(start, end)


def all_candidates(count: int) -> Iterator[Members]:
    """Every set of two or more of `count` entities, small ones first; MOST_CANDIDATES of very many."""
    left = MOST_CANDIDATES
    for size in range(2, count + 1):
        if comb(count, size) > left:
            return
        left -= comb(count, size)
        yield from combinations(range(count), size)


def training_candidates(
    context: CombinationContext, most: int | None, seed: int
) -> Iterator[tuple[Members, str]]:
    """The sets to learn from, with their labels, as the study takes them.

    A set within a gold one is left out: its entities are combined, with others. Prediction does not choose it
    if it finds the larger one.

    Args:
        most: so many sets without relation at most, drawn with the seed; None for all.
    """
    yield from context.gold.items()
    larger = [set(members) for members in context.gold]
    none = [
        members
        for members in all_candidates(len(context.ids))
        if not any(each.issuperset(members) for each in larger)
    ]
    if most is not None and len(none) > most:
        none = sorted(sorted(none, key=lambda members: _rank(seed, context.instance_id, members))[:most])
    yield from ((members, NEGATIVE) for members in none)


def _rank(seed: int, instance_id: str, members: Members) -> str:
    return hashlib.sha256(f"{seed} {instance_id} {members}".encode()).hexdigest()


def chosen(
    candidates: Sequence[Members], probabilities: NDArray[np.floating], labels: Sequence[str]
) -> list[Found]:
    """The combinations of one context: the largest first, none sharing an entity with one before.

    Args:
        candidates: of the context.
        probabilities: [candidates, labels].

    Returns:
        In order of choice; of equally large sets the one whose label is more probable comes first.
    """
    combined = [
        Found(members, labels[label], float(probabilities[place, label]))
        for place, (members, label) in enumerate(zip(candidates, decide(probabilities), strict=True))
        if not is_negative(labels[label])
    ]
    taken: set[int] = set()
    kept = []
    for each in sorted(combined, key=lambda found: (-len(found.members), -found.probability, found.members)):
        if taken.isdisjoint(each.members):
            kept.append(each)
            taken.update(each.members)
    return kept


def within_gold(context: CombinationContext, members: Members) -> bool:
    """True for a set that is a part of a gold one without being one."""
    return members not in context.gold and any(set(each).issuperset(members) for each in context.gold)


def as_sets(
    context: CombinationContext, found: Iterable[tuple[Members, str]]
) -> list[tuple[frozenset[str], str]]:
    """Sets of places as sets of ids, each with its label: what harmonize.evaluation.combinations compares."""
    return [(frozenset(context.ids[place] for place in members), label) for members, label in found]
