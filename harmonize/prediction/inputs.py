"""Files of annotated documents -> Documents, streamed: memory holds one document.

    pubtator     PubTator text, one article after the other
    bioc-xml     BioC XML
    bioc-json    BioC JSON
    ppi-xml      unified PPI XML, and the DDI corpus'

each also packed with gzip, many in a zip or tar archive, from standard input, or as the files of a folder.
What is read of full texts is chosen. Relations that a file holds are read only where they are asked for, as
gold: prediction makes its own.

A mention that makes no sense is left out, a document that cannot be read is skipped, and so is a file of a
folder or archive that is in no known form, all counted by reason; in strict reading the first is an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from harmonize.errors import InputError, MalformedInput, UnknownName
from harmonize.formats.article_forms import DOCUMENT_FORMS
from harmonize.formats.bioc_record import DISCONTINUOUS
from harmonize.formats.lines import EndlessLine
from harmonize.formats.offsets import COUNTED_IN, Offsets
from harmonize.formats.pubtator import UNHOLDABLE
from harmonize.formats.pubtator_articles import CutInput
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord
from harmonize.given import check_given, given_path
from harmonize.model import Document
from harmonize.prediction.file_forms import FileForms
from harmonize.prediction.full_text import IN_A_CROWD, without_crowds
from harmonize.prediction.input_forms import (
    PARQUET,
    RECORDS,
    RELATION_FORMS,
    Manner,
    Parse,
    check_text_choice,
    form_told,
    form_with_tables,
)
from harmonize.prediction.own_folders import check_no_folder_of_ours
from harmonize.prediction.pairs import PairRules, pair_rules
from harmonize.prediction.reading import Reading
from harmonize.prediction.repeats import Repeats
from harmonize.prediction.tally import Tally
from harmonize.sources.article_files import (
    HEAD,
    STANDARD_INPUT,
    FilesInput,
    Several,
    input_files,
    input_name,
    input_places,
    streams,
    whole,
)

__all__ = [
    "MALFORMED",
    "MISFIT",
    "NO_DOCUMENT",
    "NO_TEXT",
    "TOO_MANY",
    "UNKNOWN_FORM",
    "UNKNOWN_TYPE",
    "Reading",
    "Rejected",
    "Skip",
    "check_form",
    "read_input",
    "read_parsed",
    "read_records",
    "warn_of",
]


MALFORMED = "not as its format says"
MISFIT = "a mention that the text does not spell"
UNKNOWN_TYPE = "an entity type that is not known"
NO_TEXT = "no title and no abstract"
TOO_MANY = "too many entities"
UNKNOWN_FORM = "a file in no known form"
NO_DOCUMENT = "a file without a document"

_NO_PLACES = (
    "expected PubTator or BioC of `harmonize predict`: each mention is an entity here, and Parquet does not "
    "tell where it stands"
)

Skip = Callable[[InputError], None]
"""Is told of a document that cannot be read and is passed over."""


_Misfits = list[tuple[PubTatorMention, str]]
"""Mentions to be left out, with the reason."""


class Rejected(MalformedInput):
    """A document that is not taken, with the reason that it is counted under.

    Attributes:
        record: the document.
    """

    def __init__(self, name: str, message: str, reason: str, record: PubTatorRecord, line: int) -> None:
        self.reason, self.record = reason, record
        super().__init__(name, message, line=line or record.line or None, document=record.id)


def warn_of(fault: InputError) -> None:
    """Tell by Python's warnings of what is passed over."""
    warnings.warn(str(fault), stacklevel=2)


def read_input(
    source: FilesInput | str,
    form: str | None = None,
    *,
    rules: PairRules | None = None,
    tally: Tally | None = None,
    strict: bool = False,
    skip: Skip = warn_of,
    how: Reading | None = None,
) -> Iterator[Document]:
    """Stream the documents of a file, or of the files of a folder in order of name, or of several such.

    Args:
        form: one of DOCUMENT_FORMS. Unless given, each file's beginning tells it, or else its name.
        rules: say what ids mean, and which types are known; BioRED's unless given.
        tally: counts what is met and what is left out.
        strict: the first mention, document or file that makes no sense is an error.
        skip: is told of each document that is skipped, and at the end of each file that gives none; it warns
            unless given. Reading goes on with the next one: in PubTator text with the next title, in BioC
            with the next document. Faults that leave no next one (a file that is cut, XML or JSON that is not
            well-formed) are raised even so.
        how: what is read of full texts, what offsets count, and which documents are read; the defaults of
            Reading unless given.

    Raises:
        UnknownName: no such form.
        MissingInput: no such file or folder, or an empty folder.
        MalformedInput: with the file and, where known, line or document; a file in no known form, or none
            that is in one; or more than the abstract is to be read of a file that tells no passages.
        HarmonizeError: the folder of a set, of shards or of a run, unless the form is told.
    """
    if form is not None and form not in DOCUMENT_FORMS:
        raise UnknownName("input format", form, DOCUMENT_FORMS)
    how, rules = how or Reading(), rules or pair_rules()
    check_given(rules, PairRules, "rules", "harmonize.prediction.pairs.pair_rules")
    check_given(how, Reading, "how", "harmonize.prediction.reading.Reading.named")
    source = source if isinstance(source, Several) else given_path(source, "source")
    for place in input_places(source) if form is None else ():  # others, too, have a manifest.json
        check_no_folder_of_ours(place, "annotated documents")
    reading = _Reading(rules, tally or Tally(), strict, skip, how.relations)
    forms = FileForms(form_told, form, alone=input_name(source), strict=strict)
    for file in input_files(source):
        offsets = Offsets(how.offsets)
        manner = Manner(strict, how, offsets)
        with whole(file), reading.file(file, offsets):
            for name, stream in streams(file):
                if (found := forms.told(stream, name)) is None:
                    continue
                check_text_choice(found, how.text, name)
                met = yield from reading.documents(RECORDS[found](stream, name, manner), name)
                if met == 0 and how.wanted is None:
                    forms.saw_empty(MalformedInput(name, "expected at least one document, found none"))
    for fault in forms.unknown():
        reading.pass_over(fault, UNKNOWN_FORM)
    for fault in forms.empty:
        reading.pass_over(fault, NO_DOCUMENT)


def check_form(source: FilesInput, form: str | None) -> None:
    """What is wrong with the form of a single file is told, as far as its beginning tells.

    Raises:
        MissingInput: no such file or folder, or an empty folder.
        MalformedInput: a file in no known form.
    """
    files = input_files(source)
    if form is None and len(files) == 1 and files[0] != STANDARD_INPUT:
        with whole(files[0]):
            for name, stream in islice(streams(files[0]), 1):
                if name == input_name(source):  # else it is one of an archive
                    form_told(stream.peek(HEAD), name)


def read_parsed(
    path: Path,
    how: Reading,
    form: str | None = None,
    *,
    by_mention: bool = False,
    skip: Skip = lambda fault: None,
) -> Iterator[tuple[str, Parse]]:
    """Stream the records of a file or folder, forgivingly, each with the name of its file.

    One must be taken apart before the next is asked for, which may be an error.

    Args:
        form: one of RELATION_FORMS; each file tells it unless given.
        by_mention: relations are of mentions, not of concepts.
        skip: is told at the end of each file of a folder or archive that is in no known form.

    Raises:
        UnknownName, MissingInput, MalformedInput: as `read_input`; or Parquet where it does not tell enough.
    """
    if form is not None and form not in RELATION_FORMS:
        raise UnknownName("input format", form, RELATION_FORMS)
    forms = FileForms(form_with_tables, form, alone=input_name(path))
    for file in input_files(path):
        manner = Manner(False, how, Offsets(how.offsets))
        with whole(file):
            for name, stream in streams(file):
                if (found := forms.told(stream, name)) is not None:
                    if found == PARQUET and by_mention:
                        raise MalformedInput(name, _NO_PLACES)
                    for parse in RECORDS[found](stream, name, manner):
                        yield name, parse
    for fault in forms.unknown():
        skip(fault)


def read_records(
    records: Iterable[Parse], name: str, *, rules: PairRules, tally: Tally, strict: bool, skip: Skip
) -> Iterator[Document]:
    """Stream the documents of records that come from elsewhere than a file; else like `read_input`.

    Args:
        name: what to call their origin in errors.
    """
    return _Reading(rules, tally, strict, skip).documents(records, name)


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
            fault = MalformedInput(name, f"document number {number}: {fault.said}")
        if self.strict:
            raise fault from None
        self.pass_over(fault, reason)

    def pass_over(self, fault: MalformedInput, reason: str) -> None:
        """Count and tell a document, or a file in its place, that is skipped."""
        self.tally.documents += 1
        self.tally.skipped[reason] += 1
        self.skip(fault)

    def _document(self, parse: Parse, name: str) -> Document:
        misfits: _Misfits = []
        record = parse(lambda _, mention, reason: misfits.append((mention, reason)))
        if UNHOLDABLE.search(record.id):
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
            how = next((f" (--offsets {unit})" for unit, told in COUNTED_IN.items() if told == reason), "")
            message = f"expected {mention.text!r} at {place}: {reason}{how}"
            raise _rejected(record, name, MISFIT, message, mention.line)
