"""BioC with the annotation of public tools, read as PubTator's articles: their text, and the mentions in it.

What is read of the text is chosen, and whether relations are read. Format: harmonize.formats.bioc_parts.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from typing import Any

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.bioc_parts import (
    json_article,
    json_fault,
    json_name,
    xml_article,
    xml_pmid,
)
from harmonize.formats.bioc_record import RecordMaker, with_relations
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.misfits import Misfit
from harmonize.formats.offsets import Offsets
from harmonize.formats.passages import TextChoice
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.formats.xml import elements

__all__ = ["bioc_json_record", "bioc_xml_record", "json_articles", "json_pmid", "xml_articles", "xml_pmid"]


def bioc_xml_record(
    element: etree._Element,
    name: str,
    misfit: Misfit | None = None,
    *,
    forgiving: bool = False,
    choice: TextChoice = "abstract",
    offsets: Offsets | None = None,
    relations: bool = False,
) -> PubTatorRecord:
    """The text that is wanted of a BioC <document>, and its annotations.

    Args:
        name: what to call the file in errors.
        misfit: is given the annotations that cannot be mentions of the text, which the record then lacks;
            without it they are errors. See harmonize.formats.pubtator.read.
        forgiving: see harmonize.formats.misfits.fitted.
        choice: the passages to read.
        offsets: what offsets count in, and learns what they seem to; code points unless given.
        relations: read them too.

    Raises:
        MalformedInput: not such a document, or, without a handler, a misfit.
    """
    maker = RecordMaker(name, misfit, forgiving, choice, offsets or Offsets())
    try:
        article = xml_article(element)
        return with_relations(maker.record(article), article) if relations else maker.record(article)
    except ValueError as error:
        raise MalformedInput(
            name,
            f"expected a BioC document, got {error}",
            line=element.sourceline,
            document=element.findtext("id"),
        ) from None


def bioc_json_record(
    document: Any,
    name: str,
    misfit: Misfit | None = None,
    *,
    forgiving: bool = False,
    choice: TextChoice = "abstract",
    offsets: Offsets | None = None,
    relations: bool = False,
) -> PubTatorRecord:
    """The same of a decoded document of BioC JSON; see `bioc_xml_record`."""
    maker = RecordMaker(name, misfit, forgiving, choice, offsets or Offsets())
    try:
        article = json_article(document)
        return with_relations(maker.record(article), article) if relations else maker.record(article)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedInput(
            name, f"expected a BioC document, got {json_fault(error)}", document=json_name(document)
        ) from None


def xml_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    """Title and abstract of the documents of a BioC XML file, of some PMIDs unless None."""
    for element in elements(stream, ("document",), name):
        if pmids is None or xml_pmid(element) in pmids:
            yield bioc_xml_record(element, name, misfit)


def json_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    """The same of BioC JSON."""
    for document in JsonStream(stream, name).documents():
        pmid = "" if pmids is None else json_pmid(document)
        if pmids is None or not pmid or pmid in pmids:  # what is no document is told as a fault
            yield bioc_json_record(document, name, misfit)


def json_pmid(document: Any) -> str:
    """What a decoded document is known by; the empty string for a value that is no document."""
    try:
        return json_article(document).id
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""
