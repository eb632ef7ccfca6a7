"""Annotated BioC of any origin as Documents: types, ids and arguments under all names that tools give them.

A relation's arguments are, in this order of preference,

    <infon key="entity1">673</infon>, entity2      concept ids, as in BioRED (also role1, arg1, head, ...)
    <node refid="T1"/> <node refid="T2"/>          annotations
    <infon key="Gene">673</infon> ...              the two infons that say nothing else

All names of infons: see harmonize.formats.bioc_infons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bioc import BioCAnnotation, BioCDocument, BioCPassage, BioCRelation

from harmonize.errors import MalformedInput
from harmonize.formats.annotation_order import ordered_relations
from harmonize.formats.bioc import assembled, check_places, located, misspelled
from harmonize.formats.bioc_infons import (
    concept_id,
    infon_text,
    mention_type,
    other_arguments,
    relation_arguments,
    relation_novelty,
    relation_type,
)
from harmonize.formats.bioc_infons import pmid as told_pmid
from harmonize.model import Document, Mention, Relation, Span, Split

__all__ = ["GoldDocument", "gold_document"]

_UNKNOWN = "-"


class GoldDocument(NamedTuple):
    """A document, and the relations that are not of two entities, each as "id type"."""

    document: Document
    others: list[str]


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
            spell, a relation without type or of an annotation that is not there or is one of several.
    """
    if not isinstance(record.id, str) or not record.id:
        raise MalformedInput(path, f"expected text as the id of a document, got {record.id!r}")
    check_places(record, path)
    text, passages = assembled(record, path)
    annotations = [annotation for passage in record.passages for annotation in passage.annotations]
    mentions = [_mention(each, text, path, record.id, concept_ids) for each in annotations]
    names = [mention.id for mention in mentions]
    if of_mentions:
        mentions = _named_apart(mentions)
    arguments = _Arguments(record, path, zip(names, mentions, strict=True), of_mentions, joiner)
    pairs, others = [], []
    for relation in record.relations:
        infons = _told(relation)
        ends, kind = arguments.of(relation, infons), relation_type(infons)
        if not kind:
            message = f"expected infon 'type' in relation {relation.id}"
            raise MalformedInput(path, message, document=record.id)
        if ends is None:
            others.append(f"{relation.id} {kind}")
        else:
            pairs.append(Relation(*ends, kind, relation_novelty(infons)))
    mentions = sorted(mentions, key=_position)
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
    return {key: infon_text(value) for key, value in infons.items() if value is not None}


def _mention(
    annotation: BioCAnnotation,
    text: str,
    path: Path,
    document: str,
    concept_ids: Callable[[str, str | None], tuple[str, ...]],
) -> Mention:
    infons = _told(annotation)
    kind = mention_type(infons)
    if kind is None:
        raise MalformedInput(path, f"expected infon 'type' in annotation {annotation.id}", document=document)
    spans = located(annotation, path, document)
    ids, name = concept_ids(kind, concept_id(infons)), str(annotation.text)
    if len(spans) > 1 and Span(spans[0].start, spans[-1].end).spells(name, text):
        name = " ".join(span.of(text) for span in spans)  # its text has what stands between the parts as well
    mention = Mention(str(annotation.id), kind, name, spans, ids)
    if not spans or not mention.is_spelled_by(text):
        raise misspelled(annotation, spans, text, path, document)
    return mention


def _position(mention: Mention) -> tuple[object, ...]:
    return (mention.spans, mention.type, mention.concept_ids, mention.id)


def _named_apart(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions with a name each: one that an earlier mention of the document has gets a prime."""
    taken, seen, named = {mention.id for mention in mentions}, set[str](), []
    for mention in mentions:
        name = mention.id
        while mention.id in seen and name in taken:
            name += "'"
        seen.add(mention.id)
        taken.add(name)
        named.append(_renamed(mention, name))
    return named


def _renamed(mention: Mention, name: str) -> Mention:
    return Mention(name, mention.type, mention.text, mention.spans, mention.concept_ids)


class _Arguments:
    """Finds what the relations of one document relate."""

    def __init__(
        self,
        record: BioCDocument,
        path: Path,
        mentions: Iterable[tuple[str, Mention]],
        of_mentions: bool,
        joiner: str,
    ) -> None:
        self._document, self._path = record.id, path
        self._of_mentions, self._joiner = of_mentions, joiner
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._ids: set[str] = set()
        for name, mention in mentions:
            self._by_name[name].add(self._end(mention))
            self._ids.update(mention.concept_ids)
        self._relations = {str(relation.id) for relation in record.relations}

    def of(self, relation: BioCRelation, infons: dict[str, str]) -> tuple[str, str] | None:
        """Head and tail; None for a relation that is not of two entities, but of more, or of a relation."""
        told = relation_arguments(infons)
        if relation.nodes and told is None:
            names = [str(node.refid) for node in relation.nodes]
            if any(name in self._relations and name not in self._by_name for name in names):
                return None
            ends = [self._annotation(relation, name) for name in names]
        else:
            ends = [self._known(identifier) for identifier in told or other_arguments(infons)]
        return (ends[0], ends[1]) if len(ends) == 2 else None

    def _known(self, identifier: str) -> str:
        """An id as the mentions have it: files leave out "MESH:" in one of the two places."""
        if identifier in self._ids:
            return identifier
        prefixed = [each for each in self._ids if each.endswith(f":{identifier}")]
        return prefixed[0] if len(prefixed) == 1 else identifier

    def _annotation(self, relation: BioCRelation, name: str) -> str:
        found = self._by_name.get(name, set())
        if len(found) != 1:
            got = f", got {len(found)} of different entities" if found else ""
            message = f"expected an annotation {name!r} of the document in relation {relation.id}{got}"
            raise MalformedInput(self._path, message, document=self._document)
        return next(iter(found))

    def _end(self, mention: Mention) -> str:
        return mention.id if self._of_mentions else self._joiner.join(mention.concept_ids) or _UNKNOWN
