"""Annotated BioC of any origin as Documents: types, ids and arguments under all names that tools give them.

A relation's arguments are, in this order of preference,

    <infon key="entity1">673</infon>, entity2      concept ids, as in BioRED (also arg1, head, subject, ...)
    <node refid="T1"/> <node refid="T2"/>          annotations
    <infon key="Chemical">D001241</infon> ...      the two infons that say nothing else, as in BC5CDR

Mentions and ids: see harmonize.formats.bioc_infons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from bioc import BioCAnnotation, BioCDocument, BioCPassage, BioCRelation

from harmonize.errors import MalformedInput
from harmonize.formats.annotations import ordered_relations
from harmonize.formats.bioc import assembled, check_places, located, misspelled
from harmonize.formats.bioc_infons import concept_id, mention_type
from harmonize.formats.bioc_infons import pmid as told_pmid
from harmonize.model import Document, Mention, Relation, Split

__all__ = ["GoldDocument", "gold_document"]

_TYPES = ("type", "relationtype", "relation", "label", "predicate")
_NOVELTY = ("novel", "novelty")
_ARGUMENTS = (("entity1", "entity2"), ("arg1", "arg2"), ("head", "tail"), ("subject", "object"))
_ASIDE = frozenset((*_TYPES, *_NOVELTY, "note", "comment", "annotator", "updatedat", "score"))
_UNKNOWN = "-"


class GoldDocument(NamedTuple):
    """A document, and the relations that are not of two entities, each as "id type"."""

    document: Document
    others: list[str]


class _Annotated(NamedTuple):
    """An annotation with what was read of it."""

    mention: Mention
    name: str


def gold_document(
    record: BioCDocument,
    path: Path,
    split: Split,
    concept_ids: Callable[[str, str | None], tuple[str, ...]],
    *,
    of_mentions: bool,
    joiner: str,
) -> GoldDocument:
    """A Document from a record of annotated passages.

    Args:
        path: for errors.
        concept_ids: (mention type, id field) -> concept ids.
        of_mentions: relations are of mentions, which keep the ids of their annotations; else of concepts,
            and an argument that is an annotation stands for its concept.
        joiner: joins the ids of a composite mention that is an argument.

    Raises:
        MalformedInput: with file and document: no text, an annotation without type or that the text does not
            spell, a relation without type or of an annotation that is not there.
    """
    if not isinstance(record.id, str) or not record.id:
        raise MalformedInput(path, "expected a document id")
    check_places(record, path)
    text, passages = assembled(record, path)
    annotations = [annotation for passage in record.passages for annotation in passage.annotations]
    found = [_annotated(each, text, path, record.id, concept_ids) for each in annotations]
    arguments = _Arguments(record.id, path, found, of_mentions, joiner)
    pairs, others = [], []
    for relation in record.relations:
        ends = arguments.of(relation)
        kind = _infon(relation, _TYPES, path, record.id)
        if ends is None:
            others.append(f"{relation.id} {kind}")
        else:
            pairs.append(Relation(*ends, kind, _first(_told(relation), _NOVELTY)))
    mentions = sorted((each.mention for each in found), key=_position)
    if not of_mentions:
        mentions = [_renamed(mention, f"T{number}") for number, mention in enumerate(mentions)]
    document = Document(
        id=record.id,
        split=split,
        text=text,
        passages=passages,
        mentions=tuple(mentions),
        relations=ordered_relations(pairs),
        pmid=told_pmid(record.id, map(_told, (record, *record.passages))),
    )
    return GoldDocument(document, others)


def _told(part: BioCDocument | BioCPassage | BioCAnnotation | BioCRelation) -> dict[str, str]:
    """The infons of a part as text; JSON may hold anything in their place."""
    infons = part.infons if isinstance(part.infons, dict) else {}
    return {key: str(value) for key, value in infons.items() if value is not None}


def _annotated(
    annotation: BioCAnnotation,
    text: str,
    path: Path,
    document: str,
    concept_ids: Callable[[str, str | None], tuple[str, ...]],
) -> _Annotated:
    infons = _told(annotation)
    kind = mention_type(infons)
    if kind is None:
        raise MalformedInput(path, f"expected infon 'type' in annotation {annotation.id}", document=document)
    spans = located(annotation, path, document)
    ids = concept_ids(kind, concept_id(infons))
    mention = Mention(str(annotation.id), kind, str(annotation.text), spans, ids)
    if not spans or not mention.is_spelled_by(text):
        raise misspelled(annotation, spans, text, path, document)
    return _Annotated(mention, str(annotation.id))


def _position(mention: Mention) -> tuple[object, ...]:
    return (mention.spans, mention.type, mention.concept_ids, mention.id)


def _renamed(mention: Mention, name: str) -> Mention:
    return Mention(name, mention.type, mention.text, mention.spans, mention.concept_ids)


class _Arguments:
    """Finds what the relations of one document relate."""

    def __init__(
        self, document: str, path: Path, found: list[_Annotated], of_mentions: bool, joiner: str
    ) -> None:
        self._document, self._path = document, path
        self._of_mentions, self._joiner = of_mentions, joiner
        self._by_name = {each.name: each.mention for each in found}
        self._ids = {identifier for each in found for identifier in each.mention.concept_ids}

    def of(self, relation: BioCRelation) -> tuple[str, str] | None:
        """Head and tail; None for a relation that is not of two."""
        infons = _keyed(_told(relation))
        for first, second in _ARGUMENTS:
            if first in infons and second in infons:
                return self._known(infons[first]), self._known(infons[second])
        if relation.nodes:
            ends = [self._annotation(relation, node.refid) for node in relation.nodes]
        else:
            ends = [self._known(value) for key, value in infons.items() if key not in _ASIDE]
        return (ends[0], ends[1]) if len(ends) == 2 else None

    def _known(self, raw: str) -> str:
        """An id as the mentions have it: files leave out "MESH:" in one of the two places."""
        identifier = raw.strip()
        if identifier in self._ids:
            return identifier
        prefixed = [each for each in self._ids if each.endswith(f":{identifier}")]
        return prefixed[0] if len(prefixed) == 1 else identifier

    def _annotation(self, relation: BioCRelation, name: str) -> str:
        mention = self._by_name.get(str(name))
        if mention is None:
            message = f"expected an annotation of the document in relation {relation.id}, got {name!r}"
            raise MalformedInput(self._path, message, document=self._document)
        if self._of_mentions:
            return mention.id
        return self._joiner.join(mention.concept_ids) or _UNKNOWN


def _keyed(infons: Mapping[str, str]) -> dict[str, str]:
    """Infons by name, in small letters and digits alone."""
    return {"".join(filter(str.isalnum, key)).casefold(): value for key, value in infons.items()}


def _first(infons: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    by_key = _keyed(infons)
    return next((by_key[key] for key in keys if key in by_key), None)


def _infon(relation: BioCRelation, keys: tuple[str, ...], path: Path, document: str) -> str:
    found = _first(_told(relation), keys)
    if found is None:
        raise MalformedInput(path, f"expected infon 'type' in relation {relation.id}", document=document)
    return found
