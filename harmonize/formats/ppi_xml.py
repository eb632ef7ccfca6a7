"""The unified XML of the five protein-protein corpora, in both of its dialects.

    unified    charOffset ends EXCLUSIVE; <interaction e1 e2 type>, positives only
    learning   charOffset ends INCLUSIVE; <pair e1 e2 interaction="True|False">, negatives too

Offsets are relative to the sentence; parts of a discontinuous mention are joined by ",". Which ends a file
has is read off its first mention whose text decides it. Entities without a type (IEPA's) are proteins. A
document's own number is its origId, spelled origID in IEPA, which has the PMID in an attribute of that name;
elsewhere origId is the PMID. Source: Pyysalo et al. 2008, BMC Bioinformatics 9
Suppl 3:S6 (unified), and the "learning format" of Airola et al. 2008.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset
from harmonize.formats.misfits import BEYOND, UNSPELLED, Misfit, fitted_parts
from harmonize.formats.pubtator_record import PubTatorMention
from harmonize.formats.sentences import AnnotatedSentence, Pair, SentenceRecord, check_pairs
from harmonize.formats.xml import attribute, file_elements
from harmonize.model import Mention, Span

__all__ = ["PROTEIN", "read"]

PROTEIN = "protein"
"""The type of an entity of which the file tells none: all of the five corpora are proteins and genes."""
_SHORTEST_PMID = 5  # digits: an origId of fewer counts documents
_OFFSETS = re.compile(r"\d{1,9}-\d{1,9}(,\d{1,9}-\d{1,9})*", re.ASCII)


def read(path: Path, misfit: Misfit | None = None) -> Iterator[SentenceRecord]:
    """Stream the documents of a file.

    Args:
        misfit: is given the mentions that the text does not spell, forgivingly read, which the record then
            lacks, though pairs may name them; without it they are errors.

    Raises:
        MissingInput, MalformedInput: with file, line and document.
    """
    dialect = _Dialect(path, misfit)
    for element in file_elements(path, "document"):
        identifier = attribute(element, "id", path)
        sentences = tuple(dialect.sentence(child, identifier) for child in element.iterchildren("sentence"))
        yield SentenceRecord(identifier, _own_number(element), sentences, _pmid(element))


def _own_number(element: etree._Element) -> str | None:
    return element.get("origId", element.get("origID"))


def _pmid(element: etree._Element) -> str | None:
    """The PMID that a document tells; None for a number that is none."""
    told = element.get("PMID")
    if told is None:
        told = _own_number(element) or ""
        return told if is_offset(told) and len(told) >= _SHORTEST_PMID else None
    return told.strip() if is_offset(told.strip()) else None


class _Dialect:
    """Reads the sentences of one file; knows the file's end convention once a mention has shown it."""

    def __init__(self, path: Path, misfit: Misfit | None) -> None:
        self._path, self._misfit = path, misfit
        self._beyond: int | None = None  # what to add to an end to make it exclusive

    def sentence(self, element: etree._Element, document: str) -> AnnotatedSentence:
        text = attribute(element, "text", self._path, document)
        entities = element.findall("entity")
        found = (self._mention(entity, text, document) for entity in entities)
        mentions = tuple(mention for mention in found if mention is not None)
        pairs = tuple(self._pair(child, document) for child in element.iterchildren("interaction", "pair"))
        names = {attribute(entity, "id", self._path, document) for entity in entities}
        check_pairs(pairs, names, self._path, element.sourceline, document)
        identifier = attribute(element, "id", self._path, document)
        return AnnotatedSentence(identifier, _own_number(element), text, mentions, pairs)

    def _mention(self, element: etree._Element, text: str, document: str) -> Mention | None:
        """The mention that an entity is; None for one that the handler was given."""
        identifier, offsets, spelled = (
            attribute(element, key, self._path, document) for key in ("id", "charOffset", "text")
        )
        kind = element.get("type") or PROTEIN
        if not _OFFSETS.fullmatch(offsets) or not spelled:
            raise self._fault(
                element, document, f"expected charOffset like 0-4,9-12 and a text, got {offsets!r}"
            )
        bounds = [tuple(map(int, part.split("-"))) for part in offsets.split(",")]
        for beyond in (0, 1) if self._beyond is None else (self._beyond,):
            spans = tuple(Span(start, end + beyond) for start, end in bounds)
            mention = Mention(identifier, kind, spelled, spans)
            if mention.is_spelled_by(text):
                self._beyond = beyond
                return mention
        if self._misfit is None:
            read = " ".join(span.of(text) for span in spans)
            message = f"expected {spelled!r} at {offsets} of the sentence, the text reads {read!r}"
            raise self._fault(element, document, message)
        if self._beyond is not None and (name := fitted_parts(spelled, spans, text, forgiving=True)):
            return Mention(identifier, kind, name, spans)
        line, (start, end) = element.sourceline or 0, Span(spans[0].start, spans[-1].end)
        reason = BEYOND if end > len(text) else UNSPELLED
        self._misfit(document, PubTatorMention(start, end, spelled, kind, None, None, line), reason)
        return None

    def _pair(self, element: etree._Element, document: str) -> Pair:
        head, tail = (attribute(element, key, self._path, document) for key in ("e1", "e2"))
        if element.tag == "interaction":
            return Pair(head, tail, element.get("type", "PPI"), positive=True)
        verdict = attribute(element, "interaction", self._path, document)
        if verdict not in ("True", "False"):
            raise self._fault(element, document, f"expected interaction True or False, got {verdict!r}")
        return Pair(head, tail, element.get("type", "PPI"), verdict == "True")

    def _fault(self, element: etree._Element, document: str, message: str) -> MalformedInput:
        return MalformedInput(self._path, message, line=element.sourceline, document=document)
