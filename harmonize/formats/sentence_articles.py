"""Unified PPI XML as new documents: entities are mentions, and one that does not fit is no error.

    corpus > document > sentence (text) > entity (text, type, charOffset), pair

The corpora's own readers are harmonize.formats.ppi_xml and ddi_xml, where formats and dialects are described;
what stands here reads the files of both, the protein corpora's and the DDI corpus'. Pairs are read where they
are asked for, those that stand for a relation, and so are then entities in several parts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.bioc_record import DISCONTINUOUS
from harmonize.formats.misfits import NO_PLACE, NO_TYPE, UNSPELLED, Misfit, fitted
from harmonize.formats.offsets import COUNTED_IN, Offsets
from harmonize.formats.pubtator_record import BodyPassage, PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.formats.xml import attribute, elements
from harmonize.model import Mention, Span

__all__ = ["Ends", "sentence_article", "sentence_articles", "sentence_pmid"]

_PARTS = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_PMID_ATTRIBUTES = ("PMID", "pmid", "origId", "origID")
_PPI, _DDI = "PPI", "true"  # the types of a pair that has none
_HPRD_IDS = re.compile(r"(?:[a-z]+-)?pm\d{7}\S*", re.ASCII)


@dataclass
class Ends:
    """What to add to the ends of a file's offsets to make them exclusive; None until a mention shows it."""

    beyond: int | None = None


def sentence_articles(stream: io.BufferedReader, name: str) -> Iterator[tuple[etree._Element, Ends]]:
    """Stream the <document> elements of a file, each to be read before the next is asked for.

    Yields:
        (element, the file's ends)

    Raises:
        MalformedInput: see harmonize.formats.xml.elements.
    """
    ends = Ends()
    for element in elements(stream, ("document",), name, required=False):
        yield element, ends


def sentence_article(
    element: etree._Element,
    name: str,
    ends: Ends,
    misfit: Misfit | None = None,
    *,
    forgiving: bool = False,
    offsets: Offsets | None = None,
    relations: bool = False,
) -> PubTatorRecord:
    """A document as an article of one passage, with its sentences.

    Args:
        name: what to call the file in errors.
        ends: of the file.
        misfit, forgiving, offsets, relations: see harmonize.formats.bioc_articles.bioc_xml_record.

    Raises:
        MalformedInput: no id, a sentence without text; or, without a handler, a misfit.
    """
    identifier = attribute(element, "id", name)
    if not identifier.strip():
        raise MalformedInput(name, "expected an id in <document>, got none", line=element.sourceline)
    reader = _Reader(name, identifier, ends, misfit, forgiving, offsets or Offsets(), relations)
    texts: list[str] = []
    sentences: list[Span] = []
    mentions: list[PubTatorMention] = []
    related: list[PubTatorRelation] = []
    start = 0
    for sentence in element.iterchildren("sentence"):
        text = attribute(sentence, "text", name, identifier)
        mentions += reader.mentions(sentence, text, start)
        if relations:
            related += _relations(sentence)
        if text.strip():
            sentences.append(Span(start, start + len(text)))
        texts.append(text)
        start += len(text) + 1
    whole = " ".join(texts)
    body = (BodyPassage("text", whole, None, None),) if whole else ()
    line = element.sourceline or 0
    return PubTatorRecord(
        identifier,
        "",
        None,
        tuple(mentions),
        tuple(related),
        line,
        body,
        tuple(sentences),
        pmid=sentence_pmid(element),
    )


def sentence_pmid(element: etree._Element) -> str | None:
    """The PMID of a document; the corpora call it by several names, under which others have their own ids."""
    told = (element.get(name, "") for name in _PMID_ATTRIBUTES)
    return next((number for number in told if number.isascii() and number.isdecimal()), None)


def _relations(sentence: etree._Element) -> Iterator[PubTatorRelation]:
    """Interactions, and those pairs that are said to be one; DDI's may have no type, as the corpora's may."""
    for pair in sentence.iterchildren("interaction", "pair"):
        verdict, untyped = pair.get("ddi"), _DDI
        if verdict is None:
            verdict, untyped = pair.get("interaction", str(pair.tag == "interaction")), _PPI
        if verdict.casefold() == "true":
            kind, line = pair.get("type") or untyped, pair.sourceline or 0
            yield PubTatorRelation(kind, pair.get("e1", ""), pair.get("e2", ""), None, line, by_name=True)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the entities of one document."""

    name: str
    document: str
    ends: Ends
    misfit: Misfit | None
    forgiving: bool
    offsets: Offsets
    with_parts: bool

    def mentions(self, sentence: etree._Element, text: str, start: int) -> Iterator[PubTatorMention]:
        """The mentions of a sentence that starts there in the record's text; misfits go to the handler."""
        for entity in sentence.iterchildren("entity"):
            mention, reason = self._mention(entity, text)
            parts = tuple(part.shifted(start) for part in mention.parts)
            moved = replace(mention, start=mention.start + start, end=mention.end + start, parts=parts)
            if reason is None:
                yield moved
            elif self.misfit is not None:
                self.misfit(self.document, moved, reason)
            else:
                place = f"{mention.text!r} at {entity.get('charOffset')} of the sentence"
                raise MalformedInput(
                    self.name,
                    f"expected {place}, got a mention {reason}",
                    line=mention.line or None,
                    document=self.document,
                )

    def _mention(self, entity: etree._Element, text: str) -> tuple[PubTatorMention, str | None]:
        """An entity, counted from the start of its sentence, and why it is a misfit, if it is one."""
        parts = [(int(first), int(last)) for first, last in _PARTS.findall(entity.get("charOffset", ""))]
        name, (kind, identifier) = entity.get("text", ""), _kind_and_id(entity.get("type", "protein"))
        raw = self._extent(parts, name, text)
        placed = self.offsets.placed(raw, name, text) or raw
        line = entity.sourceline or 0
        mention = PubTatorMention(*placed, name, kind, identifier, None, line, entity.get("id"))
        if len(parts) > 1 and kind and self.with_parts:
            return self._of_parts(mention, parts, text)
        if len(parts) != 1 or not kind:
            return mention, DISCONTINUOUS if len(parts) > 1 else NO_TYPE if parts else NO_PLACE
        found = fitted(mention, text, forgiving=self.forgiving)
        if isinstance(found, PubTatorMention):
            return found, None
        unit = self.offsets.other_unit(raw, name, text)
        return mention, found if unit is None else COUNTED_IN[unit]

    def _of_parts(
        self, mention: PubTatorMention, parts: list[tuple[int, int]], text: str
    ) -> tuple[PubTatorMention, str | None]:
        """A mention of several parts, and why it is a misfit, if it is one."""
        for beyond in (0, 1) if self.ends.beyond is None else (self.ends.beyond,):
            spans = tuple(Span(first, last + beyond) for first, last in parts)
            if Mention("", mention.type, mention.text, spans).is_spelled_by(text):
                extent = Span(spans[0].start, spans[-1].end)
                found = replace(mention, start=extent.start, end=extent.end, text=extent.of(text))
                return replace(found, parts=spans), None
        return mention, UNSPELLED

    def _extent(self, parts: list[tuple[int, int]], name: str, text: str) -> Span:
        """From the first part's start to the last one's end; a mention that fits tells what ends mean."""
        if not parts:
            return Span(0, 0)
        start, end = parts[0][0], parts[-1][1]
        if self.ends.beyond is None and len(parts) == 1:
            spans = {beyond: Span(start, end + beyond) for beyond in (0, 1)}
            placed = {beyond: self.offsets.placed(span, name, text) for beyond, span in spans.items()}
            fits = (beyond for beyond, span in placed.items() if span is not None and span.spells(name, text))
            self.ends.beyond = next(fits, None)
        return Span(start, end + (self.ends.beyond or 0))


def _kind_and_id(kind: str) -> tuple[str, str | None]:
    """Type and id; HPRD50 has the ids of a protein, joined by "||", in the place of its type."""
    return ("protein", kind.replace("||", "|")) if _HPRD_IDS.fullmatch(kind) else (kind, None)
