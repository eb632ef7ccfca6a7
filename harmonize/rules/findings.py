"""What the documents of a corpus say of its mapping: types that it lacks, choices that they speak against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harmonize.errors import SpecError
from harmonize.formats.offsets import COUNTED_IN
from harmonize.ledger import READ, Ledger, Unit
from harmonize.model import Document, Relation
from harmonize.rules.spans import NOT_FOUND, NOT_IN_ONE_SENTENCE
from harmonize.spec import Corpus

__all__ = ["Findings", "left_out_in_reading", "names_concepts"]

_READ_UNITS: tuple[Unit, ...] = ("documents", "mentions", "relations")

_MOST_TYPES = 100
"""Unmapped types that a message lists; a file read as another format has no end of them."""


def names_concepts(document: Document) -> tuple[int, int]:
    """How many of a document's relations name concepts by both arguments, and how many only mentions."""
    mentions = {mention.id for mention in document.mentions}
    concepts = {identifier for mention in document.mentions for identifier in mention.concept_ids}

    def within(relation: Relation, ids: set[str]) -> bool:
        return relation.head in ids and relation.tail in ids

    of_concepts = [within(relation, concepts) for relation in document.relations]
    of_mentions = [within(relation, mentions) for relation in document.relations]
    return sum(of_concepts), sum(m and not c for m, c in zip(of_mentions, of_concepts, strict=True))


def left_out_in_reading(ledger: Ledger) -> Iterator[str]:
    """What the reading of a corpus left out, a line for each unit; the most frequent reason first."""
    for unit in _READ_UNITS:
        met, reasons = ledger.left_out(READ, unit)
        if reasons:
            why = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
            units = (unit for unit, told in COUNTED_IN.items() if told in reasons)
            advice = "".join(f"; `offsets: {unit}` in the mapping reads offsets so" for unit in units)
            yield f"left out: {reasons.total():,} of {met:,} {unit}: {why}{advice}"


@dataclass
class Findings:
    """Looks at the documents of one corpus while it is built.

    Attributes:
        ledger: of the build.
        unmapped: (key of the mapping, type) -> how often it was met, of types that the mapping lacks.
    """

    corpus: Corpus
    ledger: Ledger
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    _first: dict[tuple[str, str], str] = field(default_factory=dict)
    _unrelated: set[str] = field(default_factory=set)
    _of_concepts: int = 0
    _relations: int = 0

    def look_at(self, document: Document) -> None:
        corpus = self.corpus
        found = Counter(("entity_types", m.type) for m in document.mentions if not corpus.knows(m.type))
        types = [relation.type for relation in document.relations]
        types += [relation.type for relation in document.nary]
        known = [kind for kind in types if corpus.knows_relation(kind)]
        found.update(("relation_types", kind) for kind in types if not corpus.knows_relation(kind))
        self._unrelated.update(kind for kind in known if corpus.label(kind) is None)
        for each in found:
            self._first.setdefault(each, document.id)
        self.unmapped.update(found)
        self._of_concepts += names_concepts(document)[0]
        self._relations += len(document.relations)

    @property
    def unrelated(self) -> list[str]:
        """The types that stand for no relation: those that the mapping lists, then others that were met."""
        listed = self.corpus.spec.unrelated
        return [*listed, *sorted(self._unrelated.difference(listed))]

    def check_types(self, place: Path) -> None:
        """Raises SpecError with every type that the mapping lacks, how often and where it was first met."""
        types = {"entity_types": self.corpus.spec.entity_types}
        types["relation_types"] = self.corpus.spec.relation_types
        faults = []
        for key, known in types.items():
            lacking = sorted(kind for of_key, kind in self.unmapped if of_key == key)
            if lacking:
                shown = [self._shown(key, kind) for kind in lacking[:_MOST_TYPES]]
                shown += [f"and {len(lacking) - _MOST_TYPES} more"] if len(lacking) > _MOST_TYPES else []
                faults.append((key, f"expected one of {', '.join(known)}, got {', '.join(shown)}"))
        if faults:
            raise SpecError(self.corpus.path, [(key, f"{fault}, below {place}") for key, fault in faults])

    def _shown(self, key: str, kind: str) -> str:
        count, first = self.unmapped[key, kind], self._first[key, kind]
        return f"{kind!r} ({count:,}, first in document {first})"

    def warnings(self) -> Iterator[str]:
        """What cannot be read or named; what the mapping says that most relations speak against.

        Of a corpus of the package, which loses some relations by nature, only that it loses all.
        """
        spec, rules = self.corpus.spec, self.corpus.rules
        if self.corpus.own_folder is not None and spec.format is not None:
            yield from (f"{told}; dropped.tsv lists them" for told in left_out_in_reading(self.ledger))
        unnamed = sum(self.ledger.dropped("relations", reason) for reason in NOT_FOUND)
        if unnamed and (self.corpus.own_folder is not None or unnamed == self._relations):
            yield (
                f"{unnamed:,} of {self._relations:,} relations are lost, because no mention of their "
                "document has the id of one entity or both; dropped.tsv lists them"
            )
        if 2 * self._of_concepts <= self._relations or not self._relations:
            return
        told = f"{self._of_concepts:,} of {self._relations:,} relations name concept ids"
        if spec.entity == "mention":
            yield (
                f"entity: mention, but {told}: every pair of mentions becomes a row of its own, and none has "
                "its relation; entity: concept takes all mentions of an id together"
            )
        elif rules.level == "sentence":
            lost = self.ledger.dropped("relations", NOT_IN_ONE_SENTENCE)
            yield (
                f"level: sentence, but {told}, which say nothing of a sentence: {lost:,} never share one and "
                "are lost; level: document with rule b1 keeps them"
            )
