"""BioC XML and BioC JSON, decoded by the `bioc` library, checked and turned into Documents here.

Format: https://bioc.sourceforge.net (the DTD) and https://github.com/bionlplab/bioc (JSON). Offsets of
passages and annotations count code points of the whole document.

The library's own streaming XML reader keeps every element it has read, and its JSON reader refuses files that
leave out empty lists; so documents are handed to it one at a time and with the empty lists filled in.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from bioc import (
    BioCAnnotation,
    BioCCollection,
    BioCDocument,
    BioCLocation,
    BioCNode,
    BioCPassage,
    BioCRelation,
    BioCSentence,
    biocjson,
    biocxml,
)
from bioc.biocjson.decoder import parse_doc
from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.annotation_order import numbered_mentions, ordered_relations
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.lines import unpacked
from harmonize.formats.xml import file_elements
from harmonize.model import Document, Mention, Passage, Relation, Span, Split

_WIDEST_GAP = 10_000  # characters between two passages
_LARGEST = 10**9  # what offsets and lengths stay below; more is no number to compute with

__all__ = [
    "annotation_count",
    "assembled",
    "check_places",
    "document",
    "from_document",
    "infon",
    "located",
    "read",
    "text_of_sentences",
    "write",
]


def read(path: Path, *, json_form: bool | None = None) -> Iterator[BioCDocument]:
    """Stream the documents of a BioC file.

    JSON holds them in a list ("documents", PubTator 3's "PubTator3"), or one after the other.

    Args:
        json_form: it is JSON, not XML; its name tells it unless given.

    Raises:
        MissingInput, MalformedInput: with the file and, where known, line or document.
    """
    is_json = path.suffix.lower() == ".json" if json_form is None else json_form
    return _read_json(path) if is_json else _read_xml(path)


def _read_xml(path: Path) -> Iterator[BioCDocument]:
    for element in file_elements(path, "document"):
        line, identifier = element.sourceline, element.findtext("id")
        if not identifier:
            raise MalformedInput(path, "expected an <id> in <document>", line=line)
        alone = b"<collection>%b</collection>" % etree.tostring(element, encoding="utf-8", with_tail=False)
        try:
            yield biocxml.loads(alone.decode("utf-8")).documents[0]
        except (etree.XMLSyntaxError, KeyError, TypeError, ValueError) as error:
            raise MalformedInput(
                path, f"expected a BioC document, got {_reason(error)}", line=line, document=identifier
            ) from None


def _read_json(path: Path) -> Iterator[BioCDocument]:
    number = -1
    with unpacked(path) as file:
        for number, record in enumerate(JsonStream(file, str(path)).documents()):
            if not _is_of_characters(record):
                raise MalformedInput(
                    path, f"documents[{number}]: expected characters, got one half of a surrogate pair"
                )
            try:
                yield parse_doc(_with_empty_parts(record))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise MalformedInput(
                    path, f"documents[{number}]: expected a BioC document, got {_reason(error)}"
                ) from None
    if number < 0:
        forms = "one a line, or in a list 'documents' or 'PubTator3'"
        raise MalformedInput(path, f"expected BioC documents, {forms}, found none", line=1)


def _is_of_characters(record: Any) -> bool:
    """False if some string holds half a surrogate pair, which JSON can escape and UTF-8 cannot hold."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError):
        return False
    return True


def _with_empty_parts(told: Any) -> dict[str, Any]:
    """The record with the lists, infons and roles that BioC JSON files leave out when empty."""
    record = _with_empty_lists({"passages": []} | told)
    record["passages"] = [_with_empty_lists({"sentences": []} | passage) for passage in record["passages"]]
    for passage in record["passages"]:
        passage["sentences"] = [_with_empty_lists(sentence) for sentence in passage["sentences"]]
    return record


def _with_empty_lists(told: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = {"infons": {}, "annotations": [], "relations": []} | told
    part["annotations"] = [{"infons": {}, "text": "", "locations": []} | each for each in part["annotations"]]
    part["relations"] = [{"infons": {}, "nodes": []} | each for each in part["relations"]]
    for relation in part["relations"]:
        relation["nodes"] = [{"role": ""} | node for node in relation["nodes"]]
    return part


def _reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def annotation_count(record: BioCDocument) -> int:
    return sum(len(passage.annotations) for passage in record.passages)


def infon(item: BioCAnnotation | BioCRelation, key: str, path: Path, document: str) -> str:
    """An infon that must be there.

    Raises:
        MalformedInput: it is not.
    """
    value = item.infons.get(key) if isinstance(item.infons, dict) else None
    if not isinstance(value, str):
        kind = "relation" if isinstance(item, BioCRelation) else "annotation"
        raise MalformedInput(path, f"expected infon {key!r} in {kind} {item.id}", document=document)
    return value


def document(
    record: BioCDocument,
    path: Path,
    split: Split,
    mention: Callable[[BioCAnnotation], tuple[str, tuple[str, ...]]],
    relation: Callable[[BioCRelation], Relation],
) -> Document:
    """A Document from a title and an abstract passage.

    Args:
        path: for errors.
        mention: annotation -> (type, concept ids).
        relation: BioC relation -> Relation.

    Raises:
        MalformedInput: a passage overlaps the one before, or an annotation is not spelled by the text.
    """
    if not isinstance(record.id, str) or not record.id:
        raise MalformedInput(path, f"expected text as the id of a document, got {record.id!r}")
    check_places(record, path)
    text, passages = assembled(record, path)
    found = []
    for annotation in (a for passage in record.passages for a in passage.annotations):
        kind, ids = mention(annotation)
        found.append((_span(annotation, text, path, record.id), kind, ids))
    return Document(
        id=record.id,
        split=split,
        text=text,
        passages=passages,
        mentions=numbered_mentions(text, found),
        relations=ordered_relations(relation(r) for r in record.relations),
        pmid=record.id,
    )


def check_places(record: BioCDocument, path: Path) -> None:
    """Annotations stand in passages and relations in the document; others would be lost."""
    passages = record.passages
    elsewhere = [*record.annotations, *(a for p in passages for s in p.sentences for a in s.annotations)]
    elsewhere += [r for p in passages for r in (*p.relations, *(r for s in p.sentences for r in s.relations))]
    if elsewhere:
        raise MalformedInput(
            path,
            f"expected annotations in passages, relations in the document; {elsewhere[0].id} is elsewhere",
            document=record.id,
        )


def assembled(record: BioCDocument, path: Path) -> tuple[str, tuple[Passage, ...]]:
    """Passages at their offsets, the gaps filled with blanks; the first is the title."""
    text, passages = "", []
    for number, passage in enumerate(record.passages):
        _check_part(passage, len(text), path, record.id)
        if passage.text:
            text += " " * (passage.offset - len(text)) + passage.text
            kind = "title" if number == 0 else "abstract"
            passages.append(Passage(kind, Span(passage.offset, len(text))))
    if not text:
        raise MalformedInput(path, "expected a passage with text", document=record.id)
    return text, tuple(passages)


def text_of_sentences(passage: BioCPassage, path: Path, document: str) -> str:
    """The sentences of a passage at their offsets, the gaps filled with blanks."""
    text = ""
    if type(passage.offset) is not int:
        message = f"expected a passage offset, got {passage.offset!r}"
        raise MalformedInput(path, message, document=document)
    for sentence in passage.sentences:
        _check_part(sentence, passage.offset + len(text), path, document)
        text += " " * (sentence.offset - passage.offset - len(text)) + (sentence.text or "")
    return text


def _check_part(part: BioCPassage | BioCSentence, least: int, path: Path, document: str) -> None:
    most = least + _WIDEST_GAP
    if type(part.offset) is not int or not least <= part.offset <= most:
        kind = "passage" if isinstance(part, BioCPassage) else "sentence"
        raise MalformedInput(
            path,
            f"expected a {kind} offset from {least} to {most}, got {part.offset!r}",
            document=document,
        )
    if not isinstance(part.text, str | None):
        raise MalformedInput(path, f"expected text, got {part.text!r}", document=document)


def _span(annotation: BioCAnnotation, text: str, path: Path, document: str) -> Span:
    spans = located(annotation)
    if annotation.locations and not spans:
        message = f"expected numbers in the location of annotation {annotation.id}"
        raise MalformedInput(path, message, document=document)
    if len(spans) != 1:
        message = f"expected one location in annotation {annotation.id}, got {len(spans)}"
        raise MalformedInput(path, message, document=document)
    if not spans[0].spells(annotation.text, text):
        place, read = f"{spans[0].start}-{spans[0].end}", spans[0].of(text)
        message = f"expected {annotation.text!r} at {place}, the text reads {read!r}"
        raise MalformedInput(path, message, document=document)
    return spans[0]


def located(annotation: BioCAnnotation) -> tuple[Span, ...]:
    """The spans of an annotation's locations, in order of position; none if one of them is not of numbers."""
    places = [(each.offset, each.length) for each in annotation.locations]
    if not all(type(number) is int and abs(number) < _LARGEST for place in places for number in place):
        return ()
    return tuple(sorted(Span(offset, offset + length) for offset, length in places))


def from_document(document: Document) -> BioCDocument:
    """The BioC document of a Document, with the infons that BioRED uses.

    Annotations have `type` and `identifier`, the concept ids joined by ","; a discontinuous mention has a
    location for each part. Relations, in the document's order, have `entity1`, `entity2`, `type` and, where
    known, `novel` and `subject` (head, tail or neither); their nodes are the annotations of the two entities,
    as `head` and `tail`.
    """
    record = BioCDocument()
    record.id = document.id
    passages = document.passages or (Passage("text", Span(0, len(document.text))),)
    record.passages = [_passage(passage, document.text) for passage in passages]
    starts = [passage.span.start for passage in passages]
    annotations: dict[str, list[str]] = defaultdict(list)
    for mention in document.mentions:
        home = max(bisect_right(starts, mention.extent.start) - 1, 0)
        record.passages[home].add_annotation(_annotation(mention))
        for identifier in mention.concept_ids or (mention.id,):
            annotations[identifier].append(mention.id)
    for number, relation in enumerate(document.relations):
        record.add_relation(_relation(f"R{number}", relation, annotations))
    return record


def _passage(passage: Passage, text: str) -> BioCPassage:
    record = BioCPassage()
    record.offset, record.text = passage.span.start, passage.span.of(text)
    record.infons["type"] = passage.kind
    if passage.section is not None:
        record.infons["section_type"] = passage.section
    return record


def _annotation(mention: Mention) -> BioCAnnotation:
    record = BioCAnnotation()
    record.id, record.text = mention.id, mention.text
    record.infons.update(type=mention.type, identifier=",".join(mention.concept_ids))
    for span in mention.spans:
        record.add_location(BioCLocation(span.start, span.end - span.start))
    return record


def _relation(identifier: str, relation: Relation, annotations: dict[str, list[str]]) -> BioCRelation:
    record = BioCRelation()
    record.id = identifier
    record.infons.update(entity1=relation.head, entity2=relation.tail, type=relation.type)
    if relation.novelty is not None:
        record.infons["novel"] = relation.novelty
    if relation.subject is not None:
        record.infons["subject"] = relation.subject
    for role, entity in (("head", relation.head), ("tail", relation.tail)):
        for annotation in annotations.get(entity, ()):
            record.add_node(BioCNode(annotation, role))
    return record


def write(collection: BioCCollection, documents: Iterable[BioCDocument], file: TextIO) -> None:
    """Write a BioC JSON file, a document a line; documents are taken one by one.

    Args:
        collection: for all but its documents.
    """
    head = biocjson.toJSON(collection) | {"documents": []}
    file.write(json.dumps(head, ensure_ascii=False).removesuffix("]}"))
    for number, record in enumerate(documents):
        file.write("\n" if number == 0 else ",\n")
        file.write(json.dumps(biocjson.toJSON(record), ensure_ascii=False))
    file.write("\n]}\n")
