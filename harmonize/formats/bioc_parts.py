"""The parts of a BioC document, decoded from an XML element or a JSON value, and what they say left as it is.

    document    id, infon*, passage*, annotation*, relation*
    passage     infon*, offset, (text, annotation*) or sentence*, relation*
    sentence    infon*, offset, text, annotation*, relation*

after https://bioc.sourceforge.net (the DTD) and https://github.com/bionlplab/bioc (a document's annotations).
Relations are decoded where they are asked for. Offsets count from the start of the document, whatever the
file counts in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lxml import etree

from harmonize.formats.bioc_infons import infon_text, pmid
from harmonize.model import Span

__all__ = [
    "Annotation",
    "Article",
    "Passage",
    "RelationParts",
    "Run",
    "json_article",
    "json_fault",
    "json_name",
    "xml_article",
    "xml_pmid",
]

_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_ID = "one without id"
_LARGEST = 10**9  # what offsets and lengths stay below; more is no number to compute with


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation.

    Attributes:
        parts: where its text stands, in order; empty where none is told.
        line: 0 in JSON.
        fault: what is wrong with it, if it is none that the format knows.
        name: its id, by which relations name it.
    """

    infons: Mapping[str, str]
    text: str
    parts: tuple[Span, ...]
    line: int
    fault: str | None = None
    name: str | None = None


class RelationParts(NamedTuple):
    """A relation, wherever in the document it stands.

    Attributes:
        nodes: (name of an annotation, role) of each.
        line: 0 in JSON.
    """

    infons: Mapping[str, str]
    nodes: tuple[tuple[str, str], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text and the annotations that stand beside it: a passage's own, or a sentence."""

    offset: int
    text: str
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage. Its own text is empty where it is made of sentences."""

    own: Run
    sentences: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """A document.

    Attributes:
        infons: of each passage.
        passage: decodes one; raises ValueError, AttributeError, KeyError or TypeError for what is none.
        annotation_count: of a passage, without decoding it.
        annotations: of the document itself.
        line: 0 in JSON.
        relations: decodes those of the document and its parts.
    """

    id: str
    infons: tuple[Mapping[str, str], ...]
    passage: Callable[[int], Passage]
    annotation_count: Callable[[int], int]
    annotations: tuple[Annotation, ...]
    line: int
    relations: Callable[[], tuple[RelationParts, ...]]


def _number(value: object) -> int:
    if isinstance(value, str) and len(value) < 10 and value.strip().isdecimal():
        return int(value)
    if type(value) is int and 0 <= value < _LARGEST:
        return value
    raise ValueError(f"the offset or length {value!r}")


def _annotation(
    infons: Mapping[str, str],
    text: str,
    places: Iterable[tuple[object, object]],
    line: int,
    name: str | None,
) -> Annotation:
    try:
        spans = [Span(start := _number(offset), start + _number(length)) for offset, length in places]
    except ValueError as error:
        return Annotation(infons, text, (), line, str(error), name)
    return Annotation(infons, text, tuple(sorted(spans) if len(spans) > 1 else spans), line, None, name)


# BioC XML


def xml_article(element: etree._Element) -> Article:
    """A <document>.

    Raises:
        ValueError: it has no id.
    """
    passages = element.findall("passage")
    infons = tuple(map(_xml_infons, passages))
    identifier = pmid((element.findtext("id") or "").strip(), (_xml_infons(element), *infons))
    if not identifier:
        raise ValueError(_NO_ID)
    return Article(
        identifier,
        infons,
        lambda number: _xml_passage(passages[number]),
        lambda number: sum(1 for _ in passages[number].iter("annotation")),
        tuple(map(_xml_annotation, element.iterfind("annotation"))),
        element.sourceline or 0,
        lambda: tuple(map(_xml_relation, element.iter("relation"))),
    )


def xml_pmid(element: etree._Element) -> str:
    """What a <document> is known by: its PMID where it tells one, else its id."""
    parts = (element, *element.iterfind("passage"))
    return pmid((element.findtext("id") or "").strip(), map(_xml_infons, parts))


def _xml_passage(element: etree._Element) -> Passage:
    return Passage(_xml_run(element), tuple(map(_xml_run, element.iterfind("sentence"))))


def _xml_run(element: etree._Element) -> Run:
    return Run(
        _number(element.findtext("offset")),
        element.findtext("text") or "",
        tuple(map(_xml_annotation, element.iterfind("annotation"))),
    )


def _xml_annotation(element: etree._Element) -> Annotation:
    places = ((place.get("offset"), place.get("length")) for place in element.iterfind("location"))
    line, name = element.sourceline or 0, element.get("id")
    return _annotation(_xml_infons(element), element.findtext("text") or "", places, line, name)


def _xml_relation(element: etree._Element) -> RelationParts:
    nodes = tuple((node.get("refid") or "", node.get("role") or "") for node in element.iterfind("node"))
    return RelationParts(_xml_infons(element), nodes, element.sourceline or 0)


def _xml_infons(element: etree._Element) -> dict[str, str]:
    return {infon.get("key") or "": infon.text or "" for infon in element.iterfind("infon")}


# BioC JSON


def json_article(document: Any) -> Article:
    """A decoded document.

    Raises:
        ValueError, AttributeError, KeyError, TypeError: it is none.
    """
    told = {"article-id_pmid": _characters(document["pmid"])} if document.get("pmid") else {}
    passages = document["passages"]
    infons = tuple(map(_json_infons, passages))
    own = "" if document["id"] is None else _characters(document["id"])
    identifier = pmid(own, (_json_infons(document), *infons, told))
    if not identifier.strip():
        raise ValueError(_NO_ID)
    return Article(
        identifier,
        infons,
        lambda number: _json_passage(passages[number]),
        lambda number: _json_annotation_count(passages[number]),
        tuple(map(_json_annotation, document.get("annotations") or ())),
        line=0,
        relations=lambda: tuple(map(_json_relation, _json_relations(document))),
    )


def json_name(document: Any) -> str | None:
    """What to call a value in errors that may be no document."""
    told = document.get("id") if isinstance(document, dict) else None
    name = "" if told is None else str(told).encode(errors="backslashreplace").decode()
    return name if name.strip() else None


def _json_passage(passage: Any) -> Passage:
    return Passage(_json_run(passage), tuple(map(_json_run, passage.get("sentences") or ())))


def _json_run(part: Any) -> Run:
    annotations = part.get("annotations") or ()
    return Run(_number(part["offset"]), _json_text(part), tuple(map(_json_annotation, annotations)))


def _json_annotation_count(passage: Any) -> int:
    parts = (passage, *(passage.get("sentences") or ()))
    return sum(len(part.get("annotations") or ()) for part in parts)


def _json_annotation(annotation: Any) -> Annotation:
    try:
        places = [(place["offset"], place["length"]) for place in annotation.get("locations") or ()]
        name = None if annotation.get("id") is None else str(annotation["id"])
        return _annotation(_json_infons(annotation), _json_text(annotation), places, 0, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Annotation({}, "", (), 0, json_fault(error))


def _json_relations(document: Any) -> Iterator[Any]:
    """The relations of a document, its passages and their sentences."""
    passages = document["passages"]
    sentences = (sentence for passage in passages for sentence in passage.get("sentences") or ())
    for part in (document, *passages, *sentences):
        yield from part.get("relations") or ()


def _json_relation(relation: Any) -> RelationParts:
    nodes = tuple(
        (str(node.get("refid") or ""), str(node.get("role") or "")) for node in relation.get("nodes") or ()
    )
    infons = relation.get("infons") or {}
    told = {
        key: _characters(infon_text(_identifier(value))) for key, value in infons.items() if value is not None
    }
    return RelationParts(told, nodes, 0)


def _identifier(value: object) -> object:
    """The id in an infon that describes an entity, as PubTator 3's `role1`; other values stay."""
    return value.get("identifier") or "" if isinstance(value, dict) else value


def json_fault(error: Exception) -> str:
    """What an error of decoding says is there, or is not."""
    return f"no {error}" if isinstance(error, KeyError) else str(error)


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
    return {key: _characters(infon_text(value)) for key, value in infons.items() if value is not None}
