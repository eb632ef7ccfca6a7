"""Files of annotated documents -> Documents, streamed: memory holds one document.

    pubtator     PubTator text, one article after the other
    bioc-xml     BioC XML
    bioc-json    BioC JSON

each also compressed with gzip, many in a tar archive, or as the files of a folder. Of full text only title
and abstract are read. Relations that a file holds are no labels and are not read: prediction makes its own.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, groupby
from pathlib import Path, PurePath

from harmonize.errors import InputError, MalformedInput, UnknownName
from harmonize.formats.bioc_articles import DISCONTINUOUS, bioc_json_record, bioc_xml_record
from harmonize.formats.json_stream import JsonStream
from harmonize.formats.lines import decoded, raw_lines
from harmonize.formats.pubtator import Misfit, PubTatorMention, PubTatorRecord, read_lines
from harmonize.formats.xml import elements
from harmonize.model import Document
from harmonize.prediction.pairs import MOST_ENTITIES, PairRules, pair_rules
from harmonize.prediction.tally import Tally
from harmonize.sources.annotations import (
    ARTICLE_FORMS,
    HEAD,
    ArticleForm,
    form_of,
    input_files,
    streams,
    whole,
)

__all__ = ["MALFORMED", "MISFIT", "NO_TEXT", "TOO_MANY", "UNKNOWN_TYPE", "Skip", "read_input"]

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
_TITLE_LINE = re.compile(rb"[^|\t]+\|t\|")
_UNHOLDABLE = re.compile(r"[\t\n\r]")

Skip = Callable[[InputError], None]
"""Is told of a document that cannot be read and is passed over."""

_Parse = Callable[[Misfit], PubTatorRecord]
"""A record met in a file and not yet taken apart."""


class _Rejected(MalformedInput):
    """A document that is not taken, with the reason that it is counted under."""

    def __init__(
        self, name: str, message: str, reason: str, *, line: int | None, document: str | None
    ) -> None:
        self.reason = reason
        super().__init__(name, message, line=line or None, document=document)


def read_input(
    path: Path,
    form: str | None = None,
    *,
    rules: PairRules | None = None,
    tally: Tally | None = None,
    skip: Skip | None = None,
) -> Iterator[Document]:
    """Stream the documents of a file, or of the files of a folder in order of name.

    Args:
        form: one of ARTICLE_FORMS. Unless given, each file's beginning tells it, or else its name.
        rules: say what ids mean, and which types are known; BioRED's unless given.
        tally: counts documents in, and what is left out.
        skip: takes the fault of a document that cannot be read, and reading goes on with the next one: in
            PubTator text after a blank line or with the next title, in BioC with the next document. Faults
            that leave no next one (a cut archive, XML or JSON that is not well-formed) are raised even so.

    Raises:
        UnknownName: no such form.
        MissingInput: no such file or folder, or an empty folder.
        MalformedInput: with the file and, where known, line or document.
    """
    if form is not None and form not in ARTICLE_FORMS:
        raise UnknownName("input format", form, ARTICLE_FORMS)
    rules, tally = rules or pair_rules(), tally or Tally()
    for file in input_files(path):
        with whole(file):
            for name, stream in streams(file):
                found = form or form_of(stream.peek(HEAD)) or _form_by_name(name)
                if found is None:
                    raise MalformedInput(name, "expected PubTator text, BioC XML or BioC JSON, got neither")
                yield from _documents(_RECORDS[found](stream, name), name, rules, tally, skip)


def _form_by_name(name: str) -> ArticleForm | None:
    return _SUFFIXES.get(PurePath(name.lower().removesuffix(".gz")).suffix)


def _documents(
    records: Iterator[_Parse], name: str, rules: PairRules, tally: Tally, skip: Skip | None
) -> Iterator[Document]:
    number = 0
    for number, parse in enumerate(records, 1):
        tally.documents += 1
        try:
            document = _document(parse, name, rules, tally)
        except MalformedInput as fault:
            if fault.line is None and fault.document is None:
                fault = MalformedInput(name, f"document number {number}: {_message(fault)}")
            if skip is None:
                raise fault from None
            tally.skipped[fault.reason if isinstance(fault, _Rejected) else MALFORMED] += 1
            skip(fault)
        else:
            yield document
    if number == 0:
        raise MalformedInput(name, "expected at least one document, found none")


def _message(fault: MalformedInput) -> str:
    return str(fault).removeprefix(f"{fault.path}: ")


def _document(parse: _Parse, name: str, rules: PairRules, tally: Tally) -> Document:
    misfits: list[tuple[PubTatorMention, str]] = []
    record = parse(lambda _, mention, reason: misfits.append((mention, reason)))

    def rejected(reason: str, message: str, line: int = record.line) -> _Rejected:
        return _Rejected(name, message, reason, line=line, document=record.id)

    if _UNHOLDABLE.search(record.id):
        raise rejected(MALFORMED, f"expected an id without tabs and line ends, got {record.id!r}")
    for mention, reason in misfits:
        if reason != DISCONTINUOUS:
            place = f"{mention.start}-{mention.end}"
            raise rejected(MISFIT, f"expected {mention.text!r} at {place}: {reason}", mention.line)
    if not record.text:
        raise rejected(NO_TEXT, "expected a title or an abstract, got neither")
    for mention in record.mentions:
        if not rules.knows(mention.type):
            known = "a known entity type (Gene, Disease, Chemical, ...)"
            raise rejected(UNKNOWN_TYPE, f"expected {known}, got {mention.type!r}", mention.line)
    document = rules.document(record)
    count = rules.entity_count(document)
    if count > MOST_ENTITIES:
        raise rejected(TOO_MANY, f"expected at most {MOST_ENTITIES} entities, got {count}")
    for mention, reason in misfits:
        tally.leave_out(reason, mention.type)
    tally.mentions += len(record.mentions) + len(misfits)
    return document


# The records of each format. One must be taken apart before the next is asked for.


def _pubtator_records(stream: io.BufferedReader, name: str) -> Iterator[_Parse]:
    """A record is what stands between blank lines or titles, whether or not it makes sense."""
    block = 0

    def block_of(item: tuple[int, bytes | MalformedInput]) -> int:
        nonlocal block
        line = item[1]
        if isinstance(line, bytes) and (not line.strip() or _TITLE_LINE.match(line)):
            block += 1
        return block

    for _, group in groupby(_lines_and_cut(stream, name), key=block_of):
        lines = (item for item in group if not isinstance(item[1], bytes) or item[1].strip())
        first = next(lines, None)
        if first is not None:
            yield partial(_pubtator_record, first, lines, name)


def _lines_and_cut(stream: io.BufferedReader, name: str) -> Iterator[tuple[int, bytes | MalformedInput]]:
    """The lines of a file and, where it ends without a line end, that fault in the place of the last one."""
    number = 0
    try:
        for number, line in raw_lines(stream, name):
            yield number, line
    except MalformedInput as fault:
        if stream.peek(1):
            raise
        yield number + 1, fault


def _pubtator_record(
    first: tuple[int, bytes | MalformedInput],
    rest: Iterator[tuple[int, bytes | MalformedInput]],
    name: str,
    misfit: Misfit,
) -> PubTatorRecord:
    lines = ((number, _text(number, line, name)) for number, line in chain((first,), rest))
    (record,) = read_lines(name, lines, misfit=misfit)
    return record


def _text(number: int, line: bytes | MalformedInput, name: str) -> str:
    if isinstance(line, MalformedInput):
        raise line
    return decoded(number, line, name)


def _xml_records(stream: io.BufferedReader, name: str) -> Iterator[_Parse]:
    for element in elements(stream, ("document",), name):
        yield partial(bioc_xml_record, element, name)


def _json_records(stream: io.BufferedReader, name: str) -> Iterator[_Parse]:
    for document in JsonStream(stream, name).documents():
        yield partial(bioc_json_record, document, name)


_RECORDS: dict[str, Callable[[io.BufferedReader, str], Iterator[_Parse]]] = {
    "pubtator": _pubtator_records,
    "bioc-xml": _xml_records,
    "bioc-json": _json_records,
}
