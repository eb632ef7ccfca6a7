"""What form an input has, and its records, each met and not yet taken apart.

    pubtator     PubTator text, one article after the other
    bioc-xml     BioC XML
    bioc-json    BioC JSON
    ppi-xml      unified PPI XML, and the DDI corpus'
    brat         brat's standoff: annotations, whose text stands beside them
    tsv          tables of relations alone, where relations are what is read
    parquet      what `harmonize predict` writes, likewise

One record must be taken apart before the next is asked for.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import TypeVar

from lxml import etree

from harmonize.errors import MalformedInput
from harmonize.formats.article_forms import (
    BRAT,
    BRAT_ANNOTATIONS,
    BRAT_TEXT,
    DOCUMENT_FORMS,
    is_plain_text,
    is_utf_16,
)
from harmonize.formats.bioc_articles import (
    bioc_json_record,
    bioc_xml_record,
    json_pmid,
    xml_pmid,
)
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.lines import NO_UTF_16
from harmonize.formats.misfits import Misfit
from harmonize.formats.offsets import Offsets
from harmonize.formats.passages import TextChoice
from harmonize.formats.prediction_parquet import is_parquet, predicted_records
from harmonize.formats.pubtator_articles import pubtator_records
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.formats.relation_tsv import COLUMNS, is_relation_table, relation_records
from harmonize.formats.sentence_articles import sentence_article, sentence_articles, sentence_pmid
from harmonize.formats.xml import elements
from harmonize.prediction.reading import Reading
from harmonize.sources.archive import IN_ARCHIVE
from harmonize.sources.article_files import ArticleForm, form_of

__all__ = [
    "PARQUET",
    "RECORDS",
    "RELATION_FORMS",
    "WHY_ENTITIES",
    "Manner",
    "Parse",
    "check_text_choice",
    "form_told",
    "form_with_tables",
]

TSV, PARQUET = "tsv", "parquet"
RELATION_FORMS = (*DOCUMENT_FORMS, TSV, PARQUET)
"""What may hold relations: annotated documents, tables of relations alone, and predictions."""

_FORMS_OF_PASSAGES = ("bioc-xml", "bioc-json")
_SUFFIXES: dict[str, ArticleForm] = {
    ".pubtator": "pubtator",
    ".txt": "pubtator",
    ".xml": "bioc-xml",
    ".json": "bioc-json",
}


WHY_ENTITIES = (
    "relations are predicted between entities, which must be marked in the text; give articles of PubMed "
    "by their numbers (`harmonize predict --pmids`), or the PubTator or BioC that an annotator such as "
    "PubTator 3 or GNorm2 makes of the text"
)
"""What whoever has text without annotation needs to know."""

_ANNOTATED = "expected annotated documents (PubTator, BioC XML or JSON, unified PPI XML or brat's .ann)"
_UNPACK = "gzip, zip and tar are unpacked here, others are not"
_BEGINNING = 1 << 12
_OTHERS = tuple(
    (re.compile(begins, re.DOTALL), told)
    for begins, told in (
        (rb"<.*?<(PubmedArticle|MedlineCitation)\b", f"PubMed's XML: {WHY_ENTITIES}"),
        (rb"<(.*?<)?(article|pmc-articleset)\b", f"an article in JATS: {WHY_ENTITIES}"),
        (rb"(?i)<(!doctype )?html\b", f"HTML: {WHY_ENTITIES}"),
        (rb"%PDF", f"PDF: {WHY_ENTITIES}"),
        (rb"PK\x03\x04", f"a file of Excel, Word or the like: {WHY_ENTITIES}"),
        (rb"BZh", f"a file packed by bzip2: {_UNPACK}"),
        (rb"\xfd7zXZ", f"a file packed by xz: {_UNPACK}"),
        (rb"\x28\xb5\x2f\xfd", f"a file packed by Zstandard: {_UNPACK}"),
    )
)
"""What other files begin with, and what to say of them."""
_TABLE = f"a table of relations needs tabs between its columns ({COLUMNS})"

Parse = Callable[[Misfit], PubTatorRecord]
"""A record that was met and is not yet taken apart."""


def form_told(head: bytes, name: str) -> str:
    """What a file is that begins so, or else what its name says.

    Raises:
        MalformedInput: neither tells, or it is text without annotation.
    """
    if found := form_of(head):
        return found
    if _suffix(name) == BRAT_ANNOTATIONS:
        return BRAT
    if is_utf_16(head):
        raise MalformedInput(name, NO_UTF_16)
    if got := _other_told(head, name) or _text_told(head, name, "text without annotation", WHY_ENTITIES):
        raise MalformedInput(name, f"{_ANNOTATED}, got {got}")
    if found := _SUFFIXES.get(_suffix(name)):
        return found
    raise MalformedInput(name, f"{_ANNOTATED}, got none of these")


def form_with_tables(head: bytes, name: str) -> str:
    """The same of a file that may also be a table of relations, or predictions.

    Raises:
        MalformedInput: neither tells, or it is text of no such form.
    """
    if is_parquet(head):
        return PARQUET
    if form_of(head) is None and _suffix(name) != BRAT_ANNOTATIONS:
        if is_relation_table(head):
            return TSV
        if got := _text_told(head, name, "other text", _TABLE):
            raise MalformedInput(name, f"{_ANNOTATED} or relations in a table, got {got}")
    return form_told(head, name)


def _other_told(head: bytes, name: str) -> str | None:
    """What a file of another kind is, and what to do; None if it is of none that is known."""
    if _suffix(name) == BRAT_TEXT and IN_ARCHIVE not in name:
        annotations = Path(name).with_suffix(BRAT_ANNOTATIONS)
        if annotations.is_file():
            return f"the text of brat's annotations: give {annotations}, or the folder"
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:_BEGINNING]
    return next((told for begins, told in _OTHERS if begins.match(start)), None)


def _text_told(head: bytes, name: str, what: str, advice: str) -> str | None:
    """What text in no known form is, as far as its name tells, and what to do; None if it is no such text."""
    suffix = _suffix(name)
    if suffix in (".pubtator", ".xml", ".json") or not is_plain_text(head):
        return None
    return f"{'a table with commas' if suffix == '.csv' else what}: {advice}"


def _suffix(name: str) -> str:
    return PurePath(name.lower().removesuffix(".gz")).suffix


def check_text_choice(form: str, choice: TextChoice, name: str) -> None:
    """Raises MalformedInput if passages are to be chosen from a file that tells none and is read whole."""
    if choice != "abstract" and form not in _FORMS_OF_PASSAGES:
        raise MalformedInput(
            name, f"expected BioC for --text {choice}; {form} tells no passages and is always read whole"
        )


_D = TypeVar("_D")


@dataclass(frozen=True, slots=True)
class Manner:
    """How the files of one input are read, and what one of them has shown of its offsets."""

    strict: bool
    how: Reading
    offsets: Offsets

    def wants(self, pmid_of: Callable[[_D], str], document: _D) -> bool:
        """True for a document to be read, whose PMID this function tells."""
        return self.how.wanted is None or self.how.wanted(pmid_of(document))

    def bioc(self, read: Callable[..., PubTatorRecord], document: object, name: str) -> Parse:
        """A document of BioC to be taken apart by this function."""
        return partial(
            read,
            document,
            name,
            forgiving=not self.strict,
            choice=self.how.text,
            offsets=self.offsets,
            relations=self.how.relations,
        )


def _pubtator_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    return pubtator_records(
        stream, name, strict=manner.strict, offsets=manner.offsets, wanted=manner.how.wanted
    )


def _xml_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    for element in elements(stream, ("document",), name, required=False):
        if manner.wants(xml_pmid, element):
            yield manner.bioc(bioc_xml_record, element, name)


def _json_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    for document in JsonStream(stream, name).documents():
        if manner.wants(json_pmid, document):
            yield manner.bioc(bioc_json_record, document, name)


def _sentence_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    for element, ends in sentence_articles(stream, name):
        if manner.wants(_sentence_pmid, element):
            yield partial(
                sentence_article,
                element,
                name,
                ends,
                forgiving=not manner.strict,
                offsets=manner.offsets,
                relations=manner.how.relations,
            )


def _sentence_pmid(element: etree._Element) -> str:
    told = sentence_pmid(element)
    return element.get("id", "") if told is None else told


def _brat_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    from harmonize.formats import brat

    if manner.wants(brat.document_id, name):
        yield partial(_brat_record, stream.read(), name, manner)


def _brat_record(annotations: bytes, name: str, manner: Manner, misfit: Misfit) -> PubTatorRecord:
    from bioc import biocjson

    from harmonize.formats import brat

    record, left_out = brat.read_beside(name, annotations)
    for unit, reason, item in left_out:
        if unit == "mentions" or manner.how.relations:
            misfit(record.id, PubTatorMention(0, 0, item, "", None, None, 0), reason)
    return manner.bioc(bioc_json_record, biocjson.toJSON(record), name)(misfit)


def _table_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    for record in relation_records(stream, name):
        yield partial(_as_it_is, record)


def _predicted_records(stream: io.BufferedReader, name: str, manner: Manner) -> Iterator[Parse]:
    for record in predicted_records(stream, name):
        yield partial(_as_it_is, record)


def _as_it_is(record: PubTatorRecord, misfit: Misfit) -> PubTatorRecord:
    return record


RECORDS: dict[str, Callable[[io.BufferedReader, str, Manner], Iterator[Parse]]] = {
    "pubtator": _pubtator_records,
    "bioc-xml": _xml_records,
    "bioc-json": _json_records,
    "ppi-xml": _sentence_records,
    BRAT: _brat_records,
    TSV: _table_records,
    PARQUET: _predicted_records,
}
