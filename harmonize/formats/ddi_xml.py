"""The DDI corpus' XML: one document a file, offsets within the sentence, ends INCLUSIVE, parts joined by ";".

Every unordered pair of a sentence is listed, with ddi="true" or "false" and, for most true ones, a type.
Format: https://github.com/isegura/DDICorpus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import BytesIO

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.sentences import AnnotatedSentence, Pair, SentenceRecord, check_pairs
from harmonize.formats.xml import attribute, elements
from harmonize.model import Mention, Span

__all__ = ["read"]

_OFFSETS = re.compile(r"\d{1,9}-\d{1,9}(;\d{1,9}-\d{1,9})*", re.ASCII)


def read(
    content: bytes, name: str, corrections: Mapping[str, Sequence[tuple[int, int]]] | None = None
) -> SentenceRecord:
    """The document in one XML file.

    A pair with ddi="true" and no type has the type "true": what the file says of it.

    Args:
        name: the file, for errors.
        corrections: entity id -> its true spans in the sentence, half-open, where charOffset is known wrong.

    Raises:
        MalformedInput: with file and line.
    """
    records = [
        _record(element, name, corrections or {})
        for element in elements(BytesIO(content), ("document",), name)
    ]
    if len(records) != 1:
        raise MalformedInput(name, f"expected one document a file, got {len(records)}")
    return records[0]


def _record(
    element: etree._Element, name: str, corrections: Mapping[str, Sequence[tuple[int, int]]]
) -> SentenceRecord:
    identifier = attribute(element, "id", name)
    sentences = (_sentence(s, name, identifier, corrections) for s in element.iterchildren("sentence"))
    return SentenceRecord(identifier, None, tuple(sentences))


def _sentence(
    element: etree._Element, name: str, document: str, corrections: Mapping[str, Sequence[tuple[int, int]]]
) -> AnnotatedSentence:
    text = attribute(element, "text", name, document)
    mentions = tuple(
        _mention(entity, text, name, document, corrections) for entity in element.iterchildren("entity")
    )
    pairs = tuple(_pair(pair, name, document) for pair in element.iterchildren("pair"))
    check_pairs(pairs, {mention.id for mention in mentions}, name, element.sourceline, document)
    return AnnotatedSentence(attribute(element, "id", name, document), None, text, mentions, pairs)


def _mention(
    element: etree._Element,
    text: str,
    name: str,
    document: str,
    corrections: Mapping[str, Sequence[tuple[int, int]]],
) -> Mention:
    identifier, offsets, spelled, kind = (
        attribute(element, key, name, document) for key in ("id", "charOffset", "text", "type")
    )
    if not _OFFSETS.fullmatch(offsets):
        raise MalformedInput(
            name,
            f"expected charOffset like 0-4;9-12, got {offsets!r}",
            line=element.sourceline,
            document=document,
        )
    parts = (part.split("-") for part in offsets.split(";"))
    spans = tuple(Span(int(start), int(end) + 1) for start, end in parts)
    if identifier in corrections:
        spans = tuple(Span(start, end) for start, end in corrections[identifier])
    mention = Mention(identifier, kind, spelled, spans)
    if not mention.is_spelled_by(text) or not spelled:
        read = " ".join(span.of(text) for span in spans)
        raise MalformedInput(
            name,
            f"expected {spelled!r} at {offsets} of the sentence, the text reads {read!r}",
            line=element.sourceline,
            document=document,
        )
    return mention


def _pair(element: etree._Element, name: str, document: str) -> Pair:
    head, tail, verdict = (attribute(element, key, name, document) for key in ("e1", "e2", "ddi"))
    if verdict not in ("true", "false"):
        raise MalformedInput(
            name, f"expected ddi true or false, got {verdict!r}", line=element.sourceline, document=document
        )
    return Pair(head, tail, element.get("type", verdict), verdict == "true")
