"""The texts that triples speak of: articles, in PubTator's wording where PubTator has annotated them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from harmonize.curated.documents import CuratedText
from harmonize.formats import pubmed_xml
from harmonize.formats.pubmed_xml import Article
from harmonize.formats.pubtator_record import PubTatorRecord, title_and_abstract
from harmonize.model import Split
from harmonize.sources.source import Source

__all__ = ["article_texts"]


def article_texts(
    source: Source, split: Split, abstracts: Path, annotated: Mapping[str, PubTatorRecord]
) -> Iterator[CuratedText]:
    """A text for each PMID: the articles of a folder of PubMed XML, then those that only PubTator has.

    PubTator's offsets count in PubTator's text, so that text is taken where there is one. An article without
    abstract is no text, since a title alone does not say what was found; it is counted as lost.
    """
    left: dict[str, PubTatorRecord | Article] = dict(annotated)
    for article in pubmed_xml.read_folder(abstracts, partial(source.lost_document, split)):
        record = left.pop(article.pmid, article)
        if not record.abstract:
            record = article
        if record.abstract:
            yield _text(article.pmid, record.title, record.abstract)
        else:
            source.lost_document(split, "no abstract", article.pmid)
    for pmid, record in left.items():
        if record.abstract:
            yield _text(pmid, record.title, record.abstract)
        else:
            source.lost_document(split, "no abstract", pmid)


def _text(pmid: str, title: str, abstract: str) -> CuratedText:
    text, passages = title_and_abstract(title, abstract)
    return CuratedText(pmid, pmid, pmid, text, passages)
