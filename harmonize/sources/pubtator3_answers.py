"""PubTator 3's answers: whole or not, the articles in one, and the record of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import requests
from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.bioc_articles import bioc_xml_record
from harmonize.formats.misfits import Misfit
from harmonize.formats.passages import TextChoice
from harmonize.formats.pubtator import read_lines
from harmonize.formats.pubtator_forgiving import read_article
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.sources.http import PassingFault

__all__ = ["ANSWERS", "whole_body"]

_TITLE = re.compile(r"([^|\t\n]+)\|t\|")
_MOST_DIGITS = 30  # of a length; Python turns no more than some thousand into a number


def whole_body(response: requests.Response, ends: tuple[str, ...]) -> tuple[str, bool]:
    """The body as text, and if its length was announced, so that it cannot have been cut.

    Args:
        ends: what whole articles end in.

    Raises:
        PassingFault: shorter than announced; not announced and not at an article's end; or not UTF-8.
    """
    length = response.headers.get("Content-Length", "")[:_MOST_DIGITS]
    came = response.raw.tell()
    if length.isdecimal() and came != int(length):
        raise PassingFault(f"expected {length} bytes, got {came}")
    try:
        body = response.content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PassingFault(f"expected UTF-8, got byte 0x{error.object[error.start]:02x}") from None
    is_announced = length.isdecimal() or "chunked" in response.headers.get("Transfer-Encoding", "")
    if not is_announced and body.strip() and not body.endswith(ends):
        raise PassingFault("expected a whole answer, it is cut inside an article")
    return body, is_announced


def ignored(article: str, mention: PubTatorMention, reason: str) -> None:
    """A handler for misfits of articles that are only checked."""


def _text_articles(body: str) -> Iterator[str]:
    """The lines of each article in PubTator text.

    Raises:
        PassingFault: something else than articles.
    """
    blocks: list[list[str]] = []
    for line in body.split("\n"):
        if _TITLE.match(line):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
        elif line.strip():
            raise PassingFault(f"expected PubTator text, got {line[:60]!r}")
    return ("\n".join(block).rstrip("\n") for block in blocks)


def _text_record(
    content: str, name: str, misfit: Misfit, *, forgiving: bool = False, choice: TextChoice = "abstract"
) -> PubTatorRecord:
    """The record of an article in PubTator text, which has no more than title and abstract to choose from."""
    lines = enumerate(content.split("\n"), 1)
    if forgiving:
        return read_article(name, ((number, line) for number, line in lines if line.strip()), misfit)
    return next(read_lines(name, lines, misfit=misfit))


def _xml_articles(body: str) -> Iterator[str]:
    """Each <document> in BioC XML.

    Raises:
        PassingFault: something else than articles.
    """
    if not body.strip():
        return iter(())
    try:
        collection = _xml(body)
    except etree.XMLSyntaxError as error:
        raise PassingFault(f"expected BioC XML, got: {error.msg}") from None
    if collection.tag != "collection":
        raise PassingFault(f"expected BioC XML, got <{collection.tag!s}>")
    documents = collection.iterfind("document")
    return (etree.tostring(document, encoding="unicode", with_tail=False) for document in documents)


def _xml_record(
    content: str, name: str, misfit: Misfit, *, forgiving: bool = False, choice: TextChoice = "abstract"
) -> PubTatorRecord:
    try:
        element = _xml(content)
    except etree.XMLSyntaxError as error:  # one that names an entity which its answer defined, say
        raise MalformedInput(name, f"expected well-formed XML, got: {error.msg}") from None
    return bioc_xml_record(element, name, misfit, forgiving=forgiving, choice=choice)


def _xml(text: str) -> etree._Element:
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(text.encode("utf-8"), parser)


ANSWERS = {
    "pubtator": (_text_articles, _text_record, ("\n\n",)),
    "biocxml": (_xml_articles, _xml_record, (">", ">\n")),
}
