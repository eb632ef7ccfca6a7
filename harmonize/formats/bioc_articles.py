"""BioC with PubTator's annotation, read as PubTator's articles: title and abstract, and the mentions in them.

Of full text only title and abstract are read, of relations none. Format: https://bioc.sourceforge.net.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.pubtator import Misfit, PubTatorMention, PubTatorRecord, fitted
from harmonize.formats.xml import elements
from harmonize.model import Span

__all__ = [
    "DISCONTINUOUS",
    "bioc_json_record",
    "bioc_xml_record",
    "json_articles",
    "json_pmid",
    "xml_articles",
    "xml_pmid",
]

DISCONTINUOUS = "in several parts"
"""Why a BioC annotation is a misfit that the text may well spell: PubTator's mentions are of one part."""

_LARGEST = 10**9  # what offsets and lengths stay below; more is no number to compute with
_SURROGATE = re.compile("[\ud800-\udfff]")

# Infons that hold an id, the surest first, and what PubTator text writes before the id.
_ID_INFONS = {
    "identifier": "",
    "mesh": "MESH:",
    "omim": "OMIM:",
    "cvcl": "CVCL:",
    "chebi": "CHEBI:",
    "ncbi gene": "",
    "entrez gene": "",
    "gene": "",
    "ncbi species": "",
    "ncbi taxonomy": "",
    "taxonomy": "",
    "species": "",
    "tmvar": "",
    "dbsnp": "",
    "cellosaurus": "",
}


@dataclass(frozen=True, slots=True)
class _Annotation:
    """An annotation; its parts count from the start of the document, in code points."""

    infons: Mapping[str, str]
    text: str
    parts: tuple[Span, ...]
    line: int


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage of title or abstract; `offset` counts from the start of the document."""

    role: str
    offset: int
    text: str
    annotations: tuple[_Annotation, ...]


@dataclass(frozen=True, slots=True)
class _Article:
    id: str
    passages: tuple[_Passage, ...]
    line: int


def _roles(passages: Iterable[Mapping[str, str]]) -> list[Literal["title", "abstract"] | None]:
    """What the passages with these infons are; where none says so (BioRED's JSON), the first is the title.

    The section says so in full text, where "title" is also the type of headings.
    """
    kinds = [(infons.get("section_type") or infons.get("type") or "").casefold() for infons in passages]
    if not any(kinds):
        return ["title" if number == 0 else "abstract" for number in range(len(kinds))]
    return ["title" if kind == "title" else "abstract" if kind == "abstract" else None for kind in kinds]


def _pmid(identifier: str, infons: Iterable[Mapping[str, str]]) -> str:
    """The PMID; documents of full text are named by their PMC number and tell the PMID in an infon."""
    told: dict[str, str] = {}
    for infon in infons:
        told = dict(infon) | told
    if told.get("article-id_pmid"):
        return told["article-id_pmid"]
    number = identifier.removeprefix("PMC")
    if number and told.get("article-id_pmc", "").removeprefix("PMC") == number:
        return f"PMC{number}"
    return identifier


def _identifier(infons: Mapping[str, str]) -> str | None:
    """The id as PubTator text writes it; None where no infon holds one."""
    by_key = {key.casefold(): value.strip() for key, value in infons.items()}
    for key, prefix in _ID_INFONS.items():
        value = by_key.get(key, "")
        if value and value != "Unknown":
            return prefix + value.removeprefix(prefix)
    return None


def _record(
    article: _Article, name: str, misfit: Misfit | None, *, forgiving: bool = False
) -> PubTatorRecord:
    """One blank joins passages; what the offsets of BioC leave between them differs from file to file."""
    title = _joined(article, "title")
    abstract = _joined(article, "abstract")
    mentions = []
    for passage, start in _places(article, len(title) + 1):
        for annotation in passage.annotations:
            mention = _mention(annotation, start - passage.offset)
            found = _fitted(annotation, passage, forgiving)
            if isinstance(found, PubTatorMention):
                mentions.append(mention if found.text == mention.text else replace(mention, text=found.text))
            elif misfit is not None:
                misfit(article.id, mention, found)
            else:
                raise _unspelled(name, article, mention, found)
    record = PubTatorRecord(article.id, title, abstract or None, tuple(mentions), (), article.line)
    if not record.text and misfit is None:
        raise _fault(name, article, "expected a title or an abstract, got neither")
    return record


def _joined(article: _Article, role: str) -> str:
    return " ".join(passage.text for passage in article.passages if passage.role == role and passage.text)


def _places(article: _Article, abstract: int) -> Iterator[tuple[_Passage, int]]:
    """Each passage and where it starts in the record's text, given where the abstract does."""
    starts = {"title": 0, "abstract": abstract}
    for passage in article.passages:
        yield passage, starts[passage.role]
        if passage.text:
            starts[passage.role] += len(passage.text) + 1


def _fitted(annotation: _Annotation, passage: _Passage, forgiving: bool) -> PubTatorMention | str:
    if len(annotation.parts) > 1:
        return DISCONTINUOUS
    return fitted(_mention(annotation, -passage.offset), passage.text, forgiving=forgiving)


def _mention(annotation: _Annotation, by: int) -> PubTatorMention:
    """The annotation, shifted; from the first part's start to the last one's end."""
    start, end = (
        (annotation.parts[0].start + by, annotation.parts[-1].end + by) if annotation.parts else (0, 0)
    )
    infons = annotation.infons
    return PubTatorMention(
        start, end, annotation.text, infons["type"], _identifier(infons), None, annotation.line
    )


def _fault(name: str, article: _Article, message: str) -> MalformedInput:
    return MalformedInput(name, message, line=article.line or None, document=article.id)


def _unspelled(name: str, article: _Article, mention: PubTatorMention, reason: str) -> MalformedInput:
    return _fault(
        name, article, f"expected {mention.text!r} at {mention.start}-{mention.end}, got a mention {reason}"
    )


def _number(value: object) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if type(value) is int and 0 <= value < _LARGEST:
        return value
    raise ValueError(f"the offset or length {value!r}")


def _annotation(
    infons: Mapping[str, str], text: str, locations: Iterable[tuple[object, object]], line: int = 0
) -> _Annotation:
    if "type" not in infons:
        raise ValueError(f"the annotation {text!r} without type")
    spans = []
    for offset, length in locations:
        start = _number(offset)
        spans.append(Span(start, start + _number(length)))
    return _Annotation(infons, text, tuple(sorted(spans)), line)


# BioC XML


def xml_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    for element in elements(stream, ("document",), name):
        if pmids is None or xml_pmid(element) in pmids:
            yield bioc_xml_record(element, name, misfit)


def bioc_xml_record(
    element: etree._Element, name: str, misfit: Misfit | None = None, *, forgiving: bool = False
) -> PubTatorRecord:
    """Title, abstract and their annotations of a BioC <document>; see `iter_articles`.

    Args:
        forgiving: see `pubtator.fitted`.

    Raises:
        MalformedInput: not such a document, or, without a handler, a mention that the text does not spell.
    """
    try:
        article = _xml_article(element)
    except ValueError as error:
        raise MalformedInput(
            name,
            f"expected a BioC document, got {error}",
            line=element.sourceline,
            document=element.findtext("id"),
        ) from None
    return _record(article, name, misfit, forgiving=forgiving)


def xml_pmid(element: etree._Element) -> str:
    """What a <document> is known by: its PMID where it tells one, else its id."""
    parts = (element, *element.iterfind("passage"))
    return _pmid((element.findtext("id") or "").strip(), map(_xml_infons, parts))


def _xml_article(element: etree._Element) -> _Article:
    identifier = xml_pmid(element)
    if not identifier:
        raise ValueError("one without id")
    if element.find("annotation") is not None:
        raise ValueError("annotations outside its passages")
    passages = element.findall("passage")
    roles = zip(passages, _roles(map(_xml_infons, passages)), strict=True)
    return _Article(
        identifier,
        tuple(_xml_passage(passage, role) for passage, role in roles if role),
        element.sourceline or 0,
    )


def _xml_passage(element: etree._Element, role: str) -> _Passage:
    if element.find("sentence") is not None:
        raise ValueError("a passage of sentences")
    return _Passage(
        role,
        _number(element.findtext("offset")),
        element.findtext("text") or "",
        tuple(_xml_annotation(annotation) for annotation in element.iterfind("annotation")),
    )


def _xml_annotation(element: etree._Element) -> _Annotation:
    locations = ((place.get("offset"), place.get("length")) for place in element.iterfind("location"))
    return _annotation(
        _xml_infons(element), element.findtext("text") or "", locations, element.sourceline or 0
    )


def _xml_infons(element: etree._Element) -> dict[str, str]:
    return {infon.get("key") or "": infon.text or "" for infon in element.iterfind("infon")}


# BioC JSON


def json_articles(
    stream: io.BufferedReader, name: str, pmids: Collection[str] | None, misfit: Misfit | None
) -> Iterator[PubTatorRecord]:
    for document in JsonStream(stream, name).documents():
        article = _checked_json_article(document, name)
        if pmids is None or article.id in pmids:
            yield _record(article, name, misfit)


def bioc_json_record(
    document: object, name: str, misfit: Misfit | None = None, *, forgiving: bool = False
) -> PubTatorRecord:
    """Title, abstract and their annotations of a decoded BioC document; see `iter_articles`.

    Args:
        forgiving: see `pubtator.fitted`.

    Raises:
        MalformedInput: not such a document, or, without a handler, a mention that the text does not spell.
    """
    return _record(_checked_json_article(document, name), name, misfit, forgiving=forgiving)


def _checked_json_article(document: Any, name: str) -> _Article:
    try:
        return _json_article(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedInput(
            name, f"expected a BioC document, got {_json_fault(error)}", document=_json_name(document)
        ) from None


def json_pmid(document: Any) -> str:
    """What a decoded document is known by; the empty string for a value that is no document."""
    try:
        return _json_article(document).id
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _json_fault(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _json_name(document: Any) -> str | None:
    if not isinstance(document, dict) or "id" not in document:
        return None
    return str(document["id"]).encode(errors="backslashreplace").decode()


def _json_article(document: Any) -> _Article:
    if document.get("annotations"):
        raise ValueError("annotations outside its passages")
    told = {"article-id_pmid": _characters(document["pmid"])} if document.get("pmid") else {}
    infons = [_json_infons(part) for part in (document, *document["passages"])]
    roles = zip(document["passages"], _roles(infons[1:]), strict=True)
    return _Article(
        _pmid(_characters(document["id"]), [*infons, told]),
        tuple(_json_passage(passage, role) for passage, role in roles if role),
        line=0,
    )


def _json_passage(passage: Any, role: str) -> _Passage:
    if passage.get("sentences"):
        raise ValueError("a passage of sentences")
    annotations = passage.get("annotations") or ()
    return _Passage(
        role, _number(passage["offset"]), _json_text(passage), tuple(map(_json_annotation, annotations))
    )


def _json_annotation(annotation: Any) -> _Annotation:
    places = annotation.get("locations") or ()
    locations = ((place["offset"], place["length"]) for place in places)
    return _annotation(_json_infons(annotation), _json_text(annotation), locations)


def _json_text(part: Any) -> str:
    text = part.get("text") or ""
    if not isinstance(text, str):
        raise ValueError(f"the text {text!r}")
    return _characters(text)


def _characters(value: object) -> str:
    """A value as text, without half of a surrogate pair, which JSON can escape and UTF-8 cannot hold."""
    text = str(value)
    if _SURROGATE.search(text):
        raise ValueError(f"the text {text!r}")
    return text


def _json_infons(part: Any) -> dict[str, str]:
    infons = part.get("infons") or {}
    return {key: _characters(value) for key, value in infons.items() if value is not None}
