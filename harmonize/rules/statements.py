"""What relations say of a pair beside their types: whether it is new, and which entity acts.

Two relations may meet on a pair, of two types, or by a composite mention that has the entity of another. Then

    novelty    is Novel if one of them is: what an article finds is new, whatever it repeats as well
    subject    is null if they differ: that each acts on the other is not what either of them says

Relations whose types stand for none say nothing. Statements in = statements that stand + dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from enum import Enum

from harmonize.ledger import Drop
from harmonize.model import NOVELTY, Instance, Relation, Subject
from harmonize.rules.entity_index import EntityIndex
from harmonize.spec import Corpus

__all__ = ["NOT_BIORED", "NOT_SHOWN", "OTHER_IS_NOVEL", "OTHER_SUBJECT", "Statements"]

OTHER_IS_NOVEL = "not novel, where another relation of the pair is"
OTHER_SUBJECT = "a subject, where another relation of the pair has another"
NOT_SHOWN = "said of a pair that no context shows"
NOT_BIORED = f"a novelty other than {' or '.join(NOVELTY)}"


class Acting(Enum):
    """What acts in a pair, where that is no entity by its id."""

    FIRST_KIND = "the entity of the kind that Table 2 names first"
    NEITHER = "neither"


_Pair = frozenset[str]
_Novelties = Mapping[_Pair, set[str]]
_Subjects = Mapping[_Pair, set[str | Acting]]


@dataclass(frozen=True)
class Statements:
    """What the relations of a document say of its pairs.

    Attributes:
        novelty: pair -> "Novel" or "No".
        subject: pair -> the entity that acts.
        entered: different things said of all pairs.
        drops: those that do not stand.
    """

    novelty: Mapping[_Pair, str]
    subject: Mapping[_Pair, str | Acting]
    entered: int
    drops: list[Drop]

    @classmethod
    def of(
        cls, relations: Iterable[Relation], index: EntityIndex, corpus: Corpus, shown: Set[_Pair]
    ) -> Statements:
        """What relations say; in a `directed` corpus the first kind acts unless they say else.

        Args:
            shown: the pairs that stand in some context; what is said of others is dropped.
        """
        novelties, subjects = _said(relations, index, corpus)
        entered = sum(len(said) for of_pair in (novelties, subjects) for said in of_pair.values())
        novelty, not_standing = _novelty(novelties, shown)
        subject, differing = _subject(subjects, shown)
        return cls(novelty, subject, entered, not_standing + differing)

    @property
    def left(self) -> int:
        """How many stand: at most two of a pair."""
        return len(self.novelty) + len(self.subject)

    def put_into(self, instance: Instance) -> Instance:
        """The instance with what is said of its pair."""
        pair = frozenset((instance.head.id, instance.tail.id))
        if pair not in self.novelty and pair not in self.subject:
            return instance
        sides: dict[str | Acting, Subject] = {
            instance.head.id: "head",
            instance.tail.id: "tail",
            Acting.FIRST_KIND: "head",
            Acting.NEITHER: "neither",
        }
        subject = sides[self.subject[pair]] if pair in self.subject else None
        return replace(instance, novelty=self.novelty.get(pair), subject=subject)


def _said(relations: Iterable[Relation], index: EntityIndex, corpus: Corpus) -> tuple[_Novelties, _Subjects]:
    """Everything that is said of each pair; of an entity and itself nothing is."""
    novelties: dict[_Pair, set[str]] = defaultdict(set)
    subjects: dict[_Pair, set[str | Acting]] = defaultdict(set)
    for relation in relations:
        if corpus.label(relation.type) is None:
            continue
        for head, tail in index.ordered_pairs(relation):
            pair = frozenset((head, tail))
            acting = _acting(relation, head, tail, corpus)
            if relation.novelty is not None and len(pair) > 1:
                novelties[pair].add(relation.novelty)
            if acting is not None and len(pair) > 1:
                subjects[pair].add(acting)
    return novelties, subjects


def _acting(relation: Relation, head: str, tail: str, corpus: Corpus) -> str | Acting | None:
    """What acts in one of a relation's pairs; None where the corpus does not say.

    The pairs of a `directed` corpus are of two kinds, and ordered by them, not by how a relation is written.
    """
    match relation.subject:
        case "head":
            return head
        case "tail":
            return tail
        case "neither":
            return Acting.NEITHER
    return Acting.FIRST_KIND if corpus.spec.directed else None


def _novelty(said: _Novelties, shown: Set[_Pair]) -> tuple[dict[_Pair, str], list[Drop]]:
    """One novelty for each pair that has one, and what does not stand."""
    stands: dict[_Pair, str] = {}
    drops: list[Drop] = []
    for pair, found in said.items():
        if pair not in shown:
            drops += [Drop("statements", NOT_SHOWN, _named(pair, word)) for word in sorted(found)]
            continue
        known = [word for word in NOVELTY if word in found]
        if known:
            stands[pair] = known[0]
        drops += [Drop("statements", OTHER_IS_NOVEL, _named(pair, word)) for word in known[1:]]
        drops += [Drop("statements", NOT_BIORED, _named(pair, word)) for word in sorted(found - set(NOVELTY))]
    return stands, drops


def _subject(said: _Subjects, shown: Set[_Pair]) -> tuple[dict[_Pair, str | Acting], list[Drop]]:
    """The subject of each pair that has one; those that contradict each other, or that nothing shows."""
    stands: dict[_Pair, str | Acting] = {}
    drops: list[Drop] = []
    for pair, found in said.items():
        if pair in shown and len(found) == 1:
            (stands[pair],) = found
            continue
        reason = OTHER_SUBJECT if pair in shown else NOT_SHOWN
        entities = (entity.value if isinstance(entity, Acting) else entity for entity in found)
        drops += [Drop("statements", reason, _named(pair, entity)) for entity in sorted(entities)]
    return stands, drops


def _named(pair: _Pair, said: str) -> str:
    return " ".join((said, "of", *sorted(pair)))
