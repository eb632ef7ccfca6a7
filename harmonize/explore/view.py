"""What a page shows of a document: its text, its entities with their mentions, and relations between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

from harmonize.model import Document, EntityInContext, Passage, Relation, Span
from harmonize.prediction.extractor import DocumentRelations
from harmonize.relation.labels import is_negative
from harmonize.spec import load_catalogue
from harmonize.union.documents import StoredDocument

__all__ = [
    "DocumentView",
    "Entity",
    "Link",
    "Prediction",
    "family",
    "gold_link",
    "gold_of",
    "view_of_answers",
    "view_of_document",
    "view_of_predictions",
    "view_of_rows",
]


@dataclass(frozen=True)
class Entity:
    """An entity of a document.

    Attributes:
        number: its place among the document's entities.
        family: C, D or G for what BioRED calls chemical, disease or gene; empty for others.
        spans: of every mention, in the document's text.
    """

    number: int
    id: str
    type: str
    name: str
    family: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of a pair; its confidence where that is told."""

    label: str
    confidence: float | None = None


@dataclass(frozen=True)
class Link:
    """A pair of entities, by number, and what is said of it.

    Attributes:
        gold: the annotated label; None where no annotation is at hand.
        source: the corpus' own types.
        predicted: None where no prediction is at hand.
        instance_id: of the set's row; None for a pair of no set.
    """

    head: int
    tail: int
    directed: bool = False
    gold: str | None = None
    source: tuple[str, ...] = ()
    predicted: Prediction | None = None
    instance_id: str | None = None

    @property
    def is_relation(self) -> bool:
        """By gold or by prediction."""
        return self.gold_relation is not None or self.predicted_relation is not None

    @property
    def gold_relation(self) -> str | None:
        return None if self.gold is None or is_negative(self.gold) else self.gold

    @property
    def predicted_relation(self) -> str | None:
        return None if self.predicted is None or is_negative(self.predicted.label) else self.predicted.label

    @property
    def verdict(self) -> str:
        """How the prediction stands to gold, empty where one of the two is missing."""
        if self.gold is None or self.predicted is None:
            return ""
        if self.gold_relation is None:
            return "false positive" if self.predicted_relation else "no relation"
        if self.predicted_relation is None:
            return "false negative"
        return "right" if self.gold_relation == self.predicted_relation else "wrong type"


@dataclass(frozen=True)
class DocumentView:
    """A document as a page shows it.

    Attributes:
        text: None where the file at hand holds none.
        links: every pair at hand.
        about: what else is known of it, to be listed: name -> value.
    """

    id: str
    pmid: str | None
    text: str | None
    passages: tuple[Passage, ...]
    entities: tuple[Entity, ...]
    links: tuple[Link, ...]
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def relations(self) -> tuple[Link, ...]:
        """The pairs that are related, by gold or by prediction."""
        return tuple(link for link in self.links if link.is_relation)

    @property
    def families(self) -> tuple[tuple[str, str], ...]:
        """(family, type) of the entities, each once."""
        return tuple(sorted({(entity.family, entity.type) for entity in self.entities}))


@cache
def _families() -> dict[str, str]:
    """Entity type, in small letters -> its letter in Table 2."""
    catalogue = load_catalogue()
    letters = {kind: str(letter) for letter, kind in catalogue.target.entity_types.items()}
    found = {kind.casefold(): letter for kind, letter in letters.items()}
    for corpus in catalogue.corpora.values():
        for own, kind in corpus.spec.entity_types.items():
            if kind is not None:
                found.setdefault(own.casefold(), letters[kind])
                internal = corpus.spec.internal_types.get(own)
                if internal is not None:
                    found.setdefault(internal.casefold(), letters[kind])
    return found


def family(entity_type: str) -> str:
    """C, D or G; empty for a type of no kind."""
    return _families().get(entity_type.casefold(), "")


class _Entities:
    """Collects entities, each once, with the mentions of all contexts."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._spans: dict[tuple[str, str], set[Span]] = {}

    def add(self, kind: str, identifier: str, name: str, spans: Iterable[Span]) -> int:
        """The number of an entity, which gets these mentions besides those that it has."""
        key = (kind, identifier)
        self._names.setdefault(key, name)
        self._spans.setdefault(key, set()).update(spans)
        return self._numbers.setdefault(key, len(self._numbers))

    def covered(self) -> set[Span]:
        return {span for spans in self._spans.values() for span in spans}

    def numbers(self) -> dict[str, int]:
        """Id -> the number of the first entity that has it."""
        found: dict[str, int] = {}
        for number, (_, identifier) in enumerate(self._names):
            found.setdefault(identifier, number)
        return found

    def done(self) -> tuple[Entity, ...]:
        return tuple(
            Entity(number, identifier, kind, name, family(kind), tuple(sorted(self._spans[kind, identifier])))
            for number, ((kind, identifier), name) in enumerate(self._names.items())
        )


def gold_of(row: Mapping[str, Any], own_types: bool) -> str:
    """The label of a row of a set; of a relation the corpus' own type, where `own_types` asks so."""
    if own_types and row["source_relations"] and not is_negative(row["relation"]):
        return str(row["source_relations"][0])
    return str(row["relation"])


def gold_link(
    head: int, tail: int, row: Mapping[str, Any], predicted: Prediction | None, own_types: bool = False
) -> Link:
    """The pair of a row of a set; see `gold_of`."""
    return Link(
        head,
        tail,
        bool(row["directed"]),
        gold_of(row, own_types),
        tuple(row["source_relations"]),
        predicted,
        row["instance_id"],
    )


def view_of_rows(
    rows: Sequence[Mapping[str, Any]],
    predictions: Mapping[str, Prediction],
    stored: StoredDocument | None,
    *,
    own_types: bool = False,
) -> DocumentView:
    """The rows of a document of a set, with what is predicted of them, by instance id.

    Args:
        rows: at least one.
        stored: the document's text; None where the set has lost it.
        own_types: the predictions have the corpora's own types; see `gold_of`.
    """
    entities, links, first = _Entities(), [], rows[0]
    for row in rows:
        head, tail = (_of_row(entities, row, side) for side in ("head", "tail"))
        links.append(gold_link(head, tail, row, predictions.get(row["instance_id"]), own_types))
    about = {name: first[name] for name in ("corpus", "split", "level", "licence")}
    return DocumentView(
        first["document_id"],
        first["pmid"],
        None if stored is None else stored.text,
        () if stored is None else stored.passages,
        entities.done(),
        tuple(links),
        about | {"repeated in": ", ".join(first["leaks_into"])},
    )


def _of_row(entities: _Entities, row: Mapping[str, Any], side: str) -> int:
    start = row["context_start"]
    spans = [Span(span["start"] + start, span["end"] + start) for span in row[f"{side}_spans"]]
    return entities.add(row[f"{side}_type"], row[f"{side}_id"], row[f"{side}_name"], spans)


def view_of_predictions(document_id: str, rows: Iterable[Mapping[str, Any]]) -> DocumentView:
    """The rows of a document in a Parquet file of predictions, which holds no text."""
    entities, links = _Entities(), []
    for row in rows:
        head, tail = (
            entities.add(row[f"{side}_type"], row[f"{side}_id"], row[f"{side}_name"], ())
            for side in ("head", "tail")
        )
        links.append(Link(head, tail, predicted=Prediction(row["label"], row["confidence"])))
    return DocumentView(document_id, None, None, (), entities.done(), tuple(links))


def view_of_document(document: Document, confidences: Mapping[Relation, float]) -> DocumentView:
    """A document of a file with the relations that it holds, and the confidence of those that tell it.

    A relation of an id that no mention has is shown with an entity of no mention.
    """
    entities = _Entities()
    for mention in document.mentions:
        for identifier in mention.concept_ids or (mention.id,):
            entities.add(mention.type, unquote(identifier), mention.text, mention.spans)
    numbers, links = entities.numbers(), []
    for relation in document.relations:
        sides = []
        for identifier in map(unquote, (relation.head, relation.tail)):
            number = numbers.get(identifier)
            sides.append(entities.add("", identifier, identifier, ()) if number is None else number)
        predicted = Prediction(relation.type, confidences.get(relation))
        links.append(Link(sides[0], sides[1], predicted=predicted))
    return DocumentView(
        document.id, document.pmid, document.text, document.passages, entities.done(), tuple(links)
    )


def view_of_answers(found: DocumentRelations) -> DocumentView:
    """A document that was just predicted, with all its pairs, and also the mentions that are in none."""
    entities, links = _Entities(), []
    for pair in found.pairs:
        start = pair.instance.context.start
        head, tail = (_of_pair(entities, entity, start) for entity in (pair.head, pair.tail))
        links.append(Link(head, tail, predicted=Prediction(pair.type, pair.confidence)))
    document, covered = found.document, entities.covered()
    for mention in document.mentions:
        if not covered.issuperset(mention.spans):
            entities.add(mention.type, (mention.concept_ids or (mention.id,))[0], mention.text, mention.spans)
    return DocumentView(
        document.id, document.pmid, document.text, document.passages, entities.done(), tuple(links)
    )


def _of_pair(entities: _Entities, entity: EntityInContext, start: int) -> int:
    spans = (span.shifted(start) for span in entity.spans)
    return entities.add(entity.type, entity.id, entity.name, spans)
