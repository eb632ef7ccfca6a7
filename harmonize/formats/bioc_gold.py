"""Annotated BioC of any origin as Documents: types, ids and arguments under all names that tools give them.

Annotations and relations may stand in the document, in its passages or in their sentences, and a passage may
have its text in sentences. A relation's arguments are, in this order of preference,

    <infon key="entity1">673</infon>, entity2      concept ids, as in BioRED (also role1, arg1, head, ...)
    <node refid="T1"/> <node refid="T2"/>          annotations
    <infon key="Gene">673</infon> ...              the two infons that say nothing else

All names of infons: see harmonize.formats.bioc_infons.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bioc import BioCAnnotation, BioCDocument, BioCPassage, BioCRelation, BioCSentence

from harmonize.errors import MalformedInput
from harmonize.formats.annotation_order import ordered_relations
from harmonize.formats.bioc import assembled, located, text_of_sentences
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
from harmonize.formats.misfits import BEYOND, NO_PLACE, NO_TYPE, UNSPELLED, fitted_parts
from harmonize.formats.offsets import COUNTED_IN, OFFSET_UNITS, OffsetUnit, code_points
from harmonize.ledger import Drop
from harmonize.model import Document, Mention, Relation, Span, Split

__all__ = [
    "NOT_OF_TWO",
    "WITHOUT_TYPE",
    "GoldDocument",
    "GoldReading",
    "annotations_in",
    "gold_document",
    "has_text",
    "relations_in",
]

NOT_OF_TWO = "is not of two entities"
_OF_NOTHING = "names an annotation that is not there"
_OF_SEVERAL = "names annotations of different entities"
_OF_ONE_LEFT_OUT = "names a mention that is left out"
WITHOUT_TYPE = "no relation type"
_UNKNOWN = "-"


class GoldDocument(NamedTuple):
    """A document, and the annotations and relations that it lacks."""

    document: Document
    left_out: list[Drop]


def annotations_in(record: BioCDocument) -> list[BioCAnnotation]:
    """The annotations of a document, its passages and their sentences."""
    return [annotation for part in _parts(record) for annotation in part.annotations]


def relations_in(record: BioCDocument) -> list[BioCRelation]:
    """The relations of a document, its passages and their sentences."""
    return [relation for part in _parts(record) for relation in part.relations]


def has_text(record: BioCDocument) -> bool:
    """False for a document of which neither passages nor their sentences have text."""
    return any(part.text for passage in record.passages for part in (passage, *passage.sentences))


def _parts(record: BioCDocument) -> list[BioCDocument | BioCPassage | BioCSentence]:
    return [record, *(part for passage in record.passages for part in (passage, *passage.sentences))]


@dataclass(frozen=True)
class GoldReading:
    """How the annotated BioC of one corpus is read.

    Attributes:
        concept_ids: (mention type, id field) -> concept ids.
        of_mentions: relations are of mentions, which keep the ids of their annotations; else of concepts,
            and an argument that is an annotation stands for its concept.
        joiner: joins the ids of a composite mention that is an argument.
        offsets: what offsets count.
        forgiving: see harmonize.formats.misfits.fitted.
    """

    concept_ids: Callable[[str, str | None], tuple[str, ...]]
    of_mentions: bool
    joiner: str
    offsets: OffsetUnit = "codepoints"
    forgiving: bool = True


def gold_document(record: BioCDocument, path: Path, split: Split, how: GoldReading) -> GoldDocument:
    """A Document from an annotated record. What is odd about an annotation or a relation costs that one only.

    Args:
        record: its passages get the text of their sentences where they have none of their own.
        path: for errors.

    Raises:
        MalformedInput: with file and document: no text, or a passage or sentence that overlaps one before.
    """
    if not isinstance(record.id, str) or not record.id:
        raise MalformedInput(path, f"expected text as the id of a document, got {record.id!r}")
    runs = [run for passage in record.passages for run in _with_text(passage, path, record.id)]
    text, passages = assembled(record, path)
    arguments, left_out = _Arguments(record, how), list[Drop]()
    mentions = _mentions(record, _Places(text, runs, how), how, arguments, left_out)
    pairs = []
    for relation in relations_in(record):
        pair = arguments.pair(relation)
        if isinstance(pair, Relation):
            pairs.append(pair)
        else:
            left_out.append(Drop("relations", pair, f"{relation.id} {relation_type(_told(relation))}"))
    document = Document(
        id=record.id,
        split=split,
        text=text,
        passages=passages,
        mentions=mentions,
        relations=ordered_relations(pairs),
        pmid=told_pmid(record.id, map(_told, (record, *record.passages))),
    )
    return GoldDocument(document, left_out)


def _mentions(
    record: BioCDocument, places: _Places, how: GoldReading, arguments: _Arguments, left_out: list[Drop]
) -> tuple[Mention, ...]:
    """The mentions in order of position, each told to the arguments; the other annotations are left out."""
    mentions, names = list[Mention](), set[str]()
    for annotation in annotations_in(record):
        infons = _told(annotation)
        kind = mention_type(infons)
        ids = how.concept_ids(kind or "", concept_id(infons))
        found = NO_TYPE if kind is None else places.mention(annotation, kind, ids)
        if isinstance(found, Mention):
            found = _named_apart(found, names)
            names.add(found.id)
            mentions.append(found)
            arguments.add(str(annotation.id), ids, found.id)
        else:
            left_out.append(Drop("mentions", found, _shown(annotation, kind)))
            arguments.add(str(annotation.id), ids, None)
    mentions.sort(key=_position)
    if how.of_mentions:
        return tuple(mentions)
    return tuple(_renamed(mention, f"T{number}") for number, mention in enumerate(mentions))


def _with_text(passage: BioCPassage, path: Path, document: str) -> Sequence[BioCPassage | BioCSentence]:
    """Give a passage the text of its sentences where it has none; what its offsets count in, part by part."""
    if passage.text or not passage.sentences:
        return [passage]
    passage.text = text_of_sentences(passage, path, document)
    return list(passage.sentences)


def _shown(annotation: BioCAnnotation, kind: str | None) -> str:
    places = ",".join(f"{span.start}-{span.end}" for span in located(annotation)) or "no place"
    return f"{annotation.id} {kind or 'of no type'} {annotation.text!r} at {places}"


def _told(part: BioCDocument | BioCPassage | BioCAnnotation | BioCRelation) -> dict[str, str]:
    """The infons of a part as text; JSON may hold anything in their place."""
    infons = part.infons if isinstance(part.infons, dict) else {}
    return {key: infon_text(value) for key, value in infons.items() if value is not None}


def _position(mention: Mention) -> tuple[object, ...]:
    return (mention.spans, mention.type, mention.concept_ids, mention.id)


def _named_apart(mention: Mention, names: set[str]) -> Mention:
    """The mention, with a prime to its name where an earlier mention of the document has that."""
    name = mention.id
    while name in names:
        name += "'"
    return _renamed(mention, name)


def _renamed(mention: Mention, name: str) -> Mention:
    return Mention(name, mention.type, mention.text, mention.spans, mention.concept_ids)


class _Places:
    """Where the offsets of a record point in its text.

    Args:
        text: of the record, in which each run begins at its offset, whatever that counts.
        runs: the passages, or the sentences that they are made of.
    """

    def __init__(self, text: str, runs: Sequence[BioCPassage | BioCSentence], how: GoldReading) -> None:
        self._text, self._runs, self._unit, self._forgiving = text, runs, how.offsets, how.forgiving
        self._starts = [run.offset for run in runs]

    def mention(self, annotation: BioCAnnotation, kind: str, ids: tuple[str, ...]) -> Mention | str:
        """The mention that an annotation is, or why it is none."""
        name, told = str(annotation.text or ""), located(annotation)
        if not told:
            return NO_PLACE
        spans = self._placed(told, self._unit)
        if found := fitted_parts(name, spans, self._text, forgiving=self._forgiving):
            return Mention(str(annotation.id), kind, found, spans, ids)
        for unit in OFFSET_UNITS:
            if unit != self._unit and self._spells(name, self._placed(told, unit)):
                return COUNTED_IN[unit]
        return BEYOND if spans[-1].end > len(self._text) else UNSPELLED

    def _placed(self, told: Sequence[Span], unit: OffsetUnit) -> tuple[Span, ...]:
        """Spans that count in a unit, in code points; one that begins or ends inside a character stays."""
        return (
            tuple(told) if unit == "codepoints" else tuple(self._in_code_points(span, unit) for span in told)
        )

    def _in_code_points(self, span: Span, unit: OffsetUnit) -> Span:
        run = self._runs[max(bisect_right(self._starts, span.start) - 1, 0)]
        found = code_points(span.shifted(-run.offset), run.text or "", unit)
        return span if found is None else found.shifted(run.offset)

    def _spells(self, name: str, spans: Sequence[Span]) -> bool:
        return " ".join(span.of(self._text) for span in spans) == name


class _Arguments:
    """Finds what the relations of one document relate."""

    def __init__(self, record: BioCDocument, how: GoldReading) -> None:
        self._of_mentions, self._joiner = how.of_mentions, how.joiner
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._ids: set[str] = set()
        self._relations = {str(relation.id) for relation in relations_in(record)}

    def add(self, name: str, ids: tuple[str, ...], mention: str | None) -> None:
        """Take in an annotation of that name; its mention is None where it is left out."""
        self._by_name[name].add((mention or "") if self._of_mentions else self._joiner.join(ids) or _UNKNOWN)
        self._ids.update(ids)

    def pair(self, told: BioCRelation) -> Relation | str:
        """A relation of two entities, or why it is none."""
        infons = _told(told)
        kind, ends = relation_type(infons), relation_arguments(infons)
        if not kind:
            return WITHOUT_TYPE
        if ends is not None or not told.nodes:
            found = [self._known(identifier) for identifier in ends or other_arguments(infons)]
        else:
            named = [str(node.refid) for node in told.nodes]
            if any(name in self._relations and name not in self._by_name for name in named):
                return NOT_OF_TWO
            candidates = [self._by_name.get(name, set()) for name in named]
            if not all(candidates):
                return _OF_NOTHING
            if any(len(each) > 1 for each in candidates):
                return _OF_SEVERAL
            found = [next(iter(each)) for each in candidates]
        if len(found) != 2:
            return NOT_OF_TWO
        if not all(found):
            return _OF_ONE_LEFT_OUT
        return Relation(found[0], found[1], kind, relation_novelty(infons))

    def _known(self, identifier: str) -> str:
        """An id as the mentions have it: files leave out "MESH:" in one of the two places."""
        if identifier in self._ids:
            return identifier
        prefixed = [each for each in self._ids if each.endswith(f":{identifier}")]
        return prefixed[0] if len(prefixed) == 1 else identifier
