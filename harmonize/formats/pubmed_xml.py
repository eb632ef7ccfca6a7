"""PubMed XML: titles and abstracts as NCBI's E-utilities give them.

    <PubmedArticleSet>
      <PubmedArticle><MedlineCitation><PMID>90000001</PMID><Article>
        <ArticleTitle>A title with <i>markup</i>.</ArticleTitle>
        <Abstract>
          <AbstractText Label="METHODS">One section.</AbstractText>
          <AbstractText Label="RESULTS">Another.</AbstractText>
        </Abstract>
      </Article></MedlineCitation></PubmedArticle>
      <PubmedBookArticle><BookDocument>...</BookDocument></PubmedBookArticle>
    </PubmedArticleSet>

The abstract's sections are joined as PubTator prints them: "METHODS: One section. RESULTS: Another."
Format: https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html and its DTD, which is never loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from harmonize.errors import MalformedInput, MissingInput
from harmonize.files import user_files
from harmonize.formats.tables import SetAside, checked_pmid, unheard
from harmonize.formats.xml import file_elements

__all__ = ["Article", "read_folder"]

_ROOTS = {"PubmedArticle": "MedlineCitation", "PubmedBookArticle": "BookDocument"}
_REFUSAL = "ERROR"


@dataclass(frozen=True, slots=True)
class Article:
    """Title and abstract of one PMID.

    Attributes:
        title: empty for the few records that have none.
        abstract: None where there is none, or only blank sections.
        line: where the record's PMID stands, 1-based.
    """

    pmid: str
    title: str
    abstract: str | None
    line: int


def read_folder(folder: Path, set_aside: SetAside = unheard) -> Iterator[Article]:
    """Stream the articles and book chapters of all *.xml files of a folder, in order of name, each PMID once.

    Inline markup (<i>, <sub>, nested) gives its text alone, white space becomes single blanks; copyright
    lines and abstracts in other languages (<OtherAbstract>) are no part of the abstract.

    Args:
        set_aside: told of every repeated PMID, and of files that hold an error answer and no article.

    Raises:
        MissingInput: no such folder, or no *.xml in it.
        MalformedInput: with file and line; among them broken XML, a file without article, a PMID that is no
            number, and an entity that only the DTD could explain.
    """
    paths = user_files(folder, "*.xml")
    if not paths:
        raise MissingInput(folder, "expected a folder with *.xml files, found none")
    seen: set[str] = set()
    for path in paths:
        for element in file_elements(path, *_ROOTS, _REFUSAL):
            place = f"{path.name}:{_line(element)}"
            if element.tag == _REFUSAL:
                set_aside("error answer without articles", place)
                continue
            article = _article(element, path)
            if article.pmid in seen:
                set_aside("PMID seen before", f"{place} {article.pmid}")
                continue
            seen.add(article.pmid)
            yield article


def _article(element: etree._Element, path: Path) -> Article:
    citation = element.find(_ROOTS[str(element.tag)])
    number = None if citation is None else citation.find("PMID")
    if citation is None or number is None:
        raise MalformedInput(path, f"expected a PMID in <{element.tag!s}>, found none", line=_line(element))
    line = _line(number)
    pmid = checked_pmid((number.text or "").strip(), path, line)
    home = citation.find("Article") if element.tag == "PubmedArticle" else citation
    if home is None:
        raise MalformedInput(path, "expected an <Article>, found none", line=line, document=pmid)
    title = home.find("ArticleTitle")
    if title is None:
        title = home.find("Book/BookTitle")
    if title is None:
        raise MalformedInput(path, "expected an <ArticleTitle>, found none", line=line, document=pmid)
    sections = (_section(section) for section in home.iterfind("Abstract/AbstractText"))
    abstract = " ".join(section for section in sections if section)
    return Article(pmid, _text(title), abstract or None, line or 0)


def _section(element: etree._Element) -> str:
    """A section of an abstract with its label before it; empty where it has no text."""
    text = _text(element)
    label = " ".join((element.get("Label") or "").split())
    return f"{label}: {text}" if text and label not in ("", "UNLABELLED") else text


def _text(element: etree._Element) -> str:
    """All text below an element, white space collapsed."""
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _line(element: etree._Element) -> int | None:
    return element.sourceline
