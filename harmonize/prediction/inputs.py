"""Files of annotated documents -> Documents, streamed: memory holds one document.

    pubtator     PubTator text, one article after the other
    bioc-xml     BioC XML
    bioc-json    BioC JSON
    ppi-xml      unified PPI XML, and the DDI corpus'

each also packed with gzip, many in a zip or tar archive, from standard input, or as the files of a folder.
What is read of full texts is chosen. Relations that a file holds are read only where they are asked for, as
gold: prediction makes its own.

A mention that makes no sense is left out, a document that cannot be read is skipped, both counted by reason;
in strict reading the first of either is an error.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePath
from typing import TypeVar

from harmonize.errors import InputError, MalformedInput, UnknownName
from harmonize.formats.article_forms import is_plain_text
from harmonize.formats.bioc_articles import (
    DISCONTINUOUS,
    bioc_json_record,
    bioc_xml_record,
    json_pmid,
    xml_pmid,
)
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.lines import EndlessLine
from harmonize.formats.offsets import OFFSET_UNITS, Offsets, OffsetUnit
from harmonize.formats.passages import TEXT_CHOICES, TextChoice
from harmonize.formats.pubtator import Misfit, PubTatorMention, PubTatorRecord
from harmonize.formats.relation_tsv import is_relation_table, relation_records
from harmonize.formats.sentence_articles import sentence_article, sentence_articles
from harmonize.formats.xml import elements
from harmonize.model import Document
from harmonize.prediction.full_text import IN_A_CROWD, without_crowds
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.pubtator_input import CutInput, Wanted, pubtator_records
from harmonize.prediction.repeats import Repeats
from harmonize.prediction.tally import Tally
from harmonize.sources.annotations import (
    ARTICLE_FORMS,
    HEAD,
    ArticleForm,
    form_of,
    input_files,
    input_name,
    streams,
    whole,
)

__all__ = [
    "MALFORMED",
    "MISFIT",
    "NO_TEXT",
    "RELATION_FORMS",
    "TOO_MANY",
    "UNKNOWN_TYPE",
    "WHY_ENTITIES",
    "Parse",
    "Reading",
    "Rejected",
    "Skip",
    "Wanted",
    "read_input",
    "read_parsed",
    "read_records",
]

TSV = "tsv"
RELATION_FORMS = (*ARTICLE_FORMS, TSV)
"""What may hold relations: annotated documents, and tables of relations alone."""

MALFORMED = "not as its format says"
MISFIT = "a mention that the text does not spell"
UNKNOWN_TYPE = "an entity type that is not known"
NO_TEXT = "no title and no abstract"
TOO_MANY = "too many entities"

_SUFFIXES: dict[str, ArticleForm] = {
    ".pubtator": "pubtator",
    ".txt": "pubtator",
    ".xml": "bioc-xml",
    ".json": "bioc-json",
}
_UNHOLDABLE = re.compile(r"[\t\n\r]")

Skip = Callable[[InputError], None]
"""Is told of a document that cannot be read and is passed over."""

_Name = TypeVar("_Name", bound=str)

_Misfits = list[tuple[PubTatorMention, str]]
"""Mentions to be left out, with the reason."""

WHY_ENTITIES = (
    "relations are predicted between entities, which must be marked in the text; give articles of PubMed "
    "by their numbers (`harmonize predict --pmids`), or the PubTator or BioC that an annotator such as "
    "PubTator 3 or GNorm2 makes of the text"
)
"""What whoever has text without annotation needs to know."""

Parse = Callable[[Misfit], PubTatorRecord]
"""A record that was met and is not yet taken apart."""


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Attributes:
        text: one of TEXT_CHOICES, the passages of full texts.
        offsets: one of OFFSET_UNITS, what offsets count.
        relations: documents keep theirs, with arguments as harmonize.prediction.arguments leaves them.
    """

    text: TextChoice = "abstract"
    offsets: OffsetUnit = "codepoints"
    relations: bool = False

    @classmethod
    def named(cls, text: str, offsets: str) -> Reading:
        """The reading of these names.

        Raises:
            UnknownName: none of those.
        """
        return cls(_one_of(TEXT_CHOICES, text, "text"), _one_of(OFFSET_UNITS, offsets, "unit of offsets"))


def _one_of(known: Sequence[_Name], name: str, what: str) -> _Name:
    for each in known:
        if each == name:
            return each
    raise UnknownName(what, name, known)


class Rejected(MalformedInput):
    """A document that is not taken, with the reason that it is counted under.

    Attributes:
        record: the document.
    """

    def __init__(self, name: str, message: str, reason: str, record: PubTatorRecord, line: int) -> None:
        self.reason, self.record = reason, record
        super().__init__(name, message, line=line or record.line or None, document=record.id)


def read_input(
    path: Path,
    form: str | None = None,
    *,
    rules: PairRules | None = None,
    tally: Tally | None = None,
    strict: bool = False,
    skip: Skip = lambda fault: None,
    how: Reading | None = None,
    wanted: Wanted | None = None,
) -> Iterator[Document]:
    """Stream the documents of a file, or of the files of a folder in order of name.

    Args:
        form: one of ARTICLE_FORMS. Unless given, each file's beginning tells it, or else its name.
        rules: say what ids mean, and which types are known; BioRED's unless given.
        tally: counts what is met and what is left out.
        strict: the first mention or document that makes no sense is an error.
        skip: is told of each document that is skipped. Reading goes on with the next one: in PubTator text
            with the next title, in BioC with the next document. Faults that leave no next one (a file that is
            cut, XML or JSON that is not well-formed) are raised even so.
        how: what is read of full texts, and what offsets count; the defaults of Reading unless given.
        wanted: chooses documents; others are passed over unread, and not counted.

    Raises:
        UnknownName: no such form.
        MissingInput: no such file or folder, or an empty folder.
        MalformedInput: with the file and, where known, line or document.
    """
    if form is not None and form not in ARTICLE_FORMS:
        raise UnknownName("input format", form, ARTICLE_FORMS)
    how = how or Reading()
    reading = _Reading(rules or pair_rules(), tally or Tally(), strict, skip, how.relations)
    for file in input_files(path):
        offsets = Offsets(how.offsets)
        manner = _Manner(strict, how, offsets, wanted)
        with whole(file), reading.file(file, offsets):
            for name, stream in streams(file):
                found = form or _form(stream.peek(HEAD), name)
                met = yield from reading.documents(_RECORDS[found](stream, name, manner), name)
                if strict and met == 0 and wanted is None:
                    raise MalformedInput(name, "expected at least one document, found none")


def read_parsed(path: Path, how: Reading, form: str | None = None) -> Iterator[tuple[str, Parse]]:
    """Stream the records of a file or folder, forgivingly, each with the name of its file.

    One must be taken apart before the next is asked for, which may be an error.

    Args:
        form: one of RELATION_FORMS; each file tells it unless given.

    Raises:
        UnknownName, MissingInput, MalformedInput: as `read_input`.
    """
    if form is not None and form not in RELATION_FORMS:
        raise UnknownName("input format", form, RELATION_FORMS)
    for file in input_files(path):
        manner = _Manner(False, how, Offsets(how.offsets), None)
        with whole(file):
            for name, stream in streams(file):
                found = form or _form_with_tables(stream.peek(HEAD), name)
                for parse in _RECORDS[found](stream, name, manner):
                    yield name, parse


def read_records(
    records: Iterable[Parse], name: str, *, rules: PairRules, tally: Tally, strict: bool, skip: Skip
) -> Iterator[Document]:
    """Stream the documents of records that come from elsewhere than a file; else like `read_input`.

    Args:
        name: what to call their origin in errors.
    """
    return _Reading(rules, tally, strict, skip).documents(records, name)


def _form(head: bytes, name: str) -> ArticleForm:
    """What a file is that begins so, or else what its name says.

    Raises:
        MalformedInput: neither tells, or it is text without annotation.
    """
    suffix = PurePath(name.lower().removesuffix(".gz")).suffix
    found = form_of(head)
    if found is None and suffix not in (".pubtator", ".xml", ".json") and is_plain_text(head):
        expected = (
            "expected annotated documents (PubTator, BioC XML or BioC JSON), got text without annotation"
        )
        raise MalformedInput(name, f"{expected}: {WHY_ENTITIES}")
    found = found or _SUFFIXES.get(suffix)
    if found is None:
        raise MalformedInput(name, "expected PubTator text, BioC XML or BioC JSON, got neither")
    return found


def _form_with_tables(head: bytes, name: str) -> str:
    return TSV if form_of(head) is None and is_relation_table(head) else _form(head, name)


@dataclass
class _Reading:
    """The reading of one input, file by file."""

    rules: PairRules
    tally: Tally
    strict: bool
    skip: Skip
    relations: bool = False
    _repeats: Repeats = field(default_factory=Repeats)

    @contextmanager
    def file(self, file: Path, offsets: Offsets) -> Iterator[None]:
        """Count the file if none of its mentions that could be named is, or if its offsets look wrong."""
        nameable, named = self.tally.nameable, self.tally.named
        yield
        if (advice := offsets.advice()) is not None:
            self.tally.add_file_counted_otherwise(input_name(file), advice)
        if self.tally.nameable > nameable and self.tally.named == named:
            self.tally.add_file_without_ids(input_name(file))

    def documents(self, records: Iterable[Parse], name: str) -> Generator[Document, None, int]:
        """The documents of one file's records, each counted as read or as skipped; returns their number."""
        number = 0
        for number, parse in enumerate(records, 1):
            try:
                document = self._document(parse, name)
            except (CutInput, EndlessLine):
                raise
            except MalformedInput as fault:
                self._refuse(fault, name, number)
            else:
                self.tally.documents += 1
                yield document
        return number

    def _refuse(self, fault: MalformedInput, name: str, number: int) -> None:
        """Skip a document, or in strict reading raise what stands against it."""
        reason = fault.reason if isinstance(fault, Rejected) else MALFORMED
        if fault.line is None and fault.document is None:
            fault = MalformedInput(name, f"document number {number}: {_message(fault)}")
        if self.strict:
            raise fault from None
        self.tally.documents += 1
        self.tally.skipped[reason] += 1
        self.skip(fault)

    def _document(self, parse: Parse, name: str) -> Document:
        misfits: _Misfits = []
        record = parse(lambda _, mention, reason: misfits.append((mention, reason)))
        if _UNHOLDABLE.search(record.id):
            message = f"expected an id without tabs and line ends, got {record.id!r}"
            raise _rejected(record, name, MALFORMED, message)
        types = self.rules.corpus.spec.entity_types
        unknown = [mention for mention in record.mentions if mention.type not in types]
        if unknown:
            misfits += [(mention, UNKNOWN_TYPE) for mention in unknown]
            known = tuple(mention for mention in record.mentions if mention.type in types)
            record = replace(record, mentions=known)
        if self.strict:
            _check_misfits(misfits, record, name)
        if not record.text:
            raise _rejected(record, name, NO_TEXT, "expected a title or an abstract, got neither")
        return self._made(record, misfits, name)

    def _made(self, record: PubTatorRecord, misfits: _Misfits, name: str) -> Document:
        made = self.rules.named_document(record, related=self.relations)
        document, crowded = without_crowds(made.document, self.rules)
        if (fault := self.rules.crowding(document)) is not None:
            raise _rejected(record, name, TOO_MANY, fault)
        self.tally.mentions += len(record.mentions) + len(misfits)
        for mention, reason in misfits:
            self.tally.leave_out(reason, mention.type, place=_place(record, mention, name))
        for one in crowded:
            self.tally.leave_out(IN_A_CROWD, one.type, place=f"{name}: document {record.id}")
        self.tally.leave_out_passages(record.left_out)
        self.tally.nameable += made.nameable
        self.tally.named += made.named
        repeat = self._repeats.before(document.id)
        if not repeat:
            return document
        self.tally.repeated += 1
        return replace(document, repeat=repeat)


def _message(fault: MalformedInput) -> str:
    return str(fault).removeprefix(f"{fault.path}: ")


def _rejected(record: PubTatorRecord, name: str, reason: str, message: str, line: int = 0) -> Rejected:
    return Rejected(name, message, reason, record, line)


def _place(record: PubTatorRecord, mention: PubTatorMention, name: str) -> str:
    return f"{name}:{mention.line}" if mention.line else f"{name}: document {record.id}"


def _check_misfits(misfits: _Misfits, record: PubTatorRecord, name: str) -> None:
    """Raises what strict reading has against a document's mentions; those of several parts it leaves out."""
    for mention, reason in misfits:
        if reason == UNKNOWN_TYPE:
            known = "a known entity type (see `harmonize types`; --types names others)"
            raise _rejected(record, name, reason, f"expected {known}, got {mention.type!r}", mention.line)
        if reason != DISCONTINUOUS:
            place = f"{mention.start}-{mention.end}"
            message = f"expected {mention.text!r} at {place}: {reason}"
            raise _rejected(record, name, MISFIT, message, mention.line)


# The records of each format. One must be taken apart before the next is asked for.


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the files of one input are read, and what one of them has shown of its offsets."""

    strict: bool
    how: Reading
    offsets: Offsets
    wanted: Wanted | None

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


def _pubtator_records(stream: io.BufferedReader, name: str, manner: _Manner) -> Iterator[Parse]:
    return pubtator_records(stream, name, strict=manner.strict, offsets=manner.offsets, wanted=manner.wanted)


def _xml_records(stream: io.BufferedReader, name: str, manner: _Manner) -> Iterator[Parse]:
    for element in elements(stream, ("document",), name, required=False):
        if manner.wanted is None or manner.wanted(xml_pmid(element)):
            yield manner.bioc(bioc_xml_record, element, name)


def _json_records(stream: io.BufferedReader, name: str, manner: _Manner) -> Iterator[Parse]:
    for document in JsonStream(stream, name).documents():
        if manner.wanted is None or manner.wanted(json_pmid(document)):
            yield manner.bioc(bioc_json_record, document, name)


def _sentence_records(stream: io.BufferedReader, name: str, manner: _Manner) -> Iterator[Parse]:
    for element, ends in sentence_articles(stream, name):
        if manner.wanted is None or manner.wanted(element.get("id", "")):
            yield partial(
                sentence_article,
                element,
                name,
                ends,
                forgiving=not manner.strict,
                offsets=manner.offsets,
                relations=manner.how.relations,
            )


def _table_records(stream: io.BufferedReader, name: str, manner: _Manner) -> Iterator[Parse]:
    for record in relation_records(stream, name):
        yield partial(_as_it_is, record)


def _as_it_is(record: PubTatorRecord, misfit: Misfit) -> PubTatorRecord:
    return record


_RECORDS: dict[str, Callable[[io.BufferedReader, str, _Manner], Iterator[Parse]]] = {
    "pubtator": _pubtator_records,
    "bioc-xml": _xml_records,
    "bioc-json": _json_records,
    "ppi-xml": _sentence_records,
    TSV: _table_records,
}
