"""PubTator: the tab-separated exchange format of NCBI's PubTator and of BioRED, BC5CDR and BioREx.

    90000001|t|Title of the article.          (or 90000001|title|..., 90000001|abstract|...)
    90000001|a|Its abstract.
    90000001<TAB>0<TAB>5<TAB>Title<TAB>Disease<TAB>D012345[<TAB>individual mentions]
    90000001<TAB>CID<TAB>D012345<TAB>D054321[<TAB>Novel]
    (blank line)

Offsets count code points from the start of the title; one character stands between title and abstract.
What PubTator itself puts out keeps to this less strictly than the corpora do, so `read` takes a handler for
mentions that their text does not spell: those of a full text of which only title and abstract are given, and
those of a text that has changed since it was annotated.
Format: https://www.ncbi.nlm.nih.gov/research/pubtator3/tutorial and the READMEs of the corpora.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from harmonize.errors import MalformedInput
from harmonize.formats.annotation_order import numbered_mentions, ordered_relations
from harmonize.formats.lines import is_offset, numbered_lines
from harmonize.formats.misfits import Misfit, fitting, misfit_reason
from harmonize.formats.offsets import Offsets
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.formats.pubtator_subject import SUBJECT, is_subject, mark_subject
from harmonize.model import Document, Relation, Span, SpanSource, Split, Subject

__all__ = [
    "MOST_ANNOTATIONS",
    "TEXT_LINE",
    "UNHOLDABLE",
    "document",
    "from_document",
    "read",
    "read_lines",
    "write",
]

# The abstract may itself contain "|", so only this prefix decides. tmVar writes out what it is.
TEXT_LINE = re.compile(r"([^|\t]+)\|(t|a|title|abstract)\|(.*)", re.DOTALL)
_FIELD_END = re.compile(r"[|\t]")
UNHOLDABLE = re.compile(r"[\t\n\r]")
"""What no field of a line can hold."""
MOST_ANNOTATIONS = 100_000  # of one article, which is held until it ends
_MENTION_COLUMNS, _RELATION_COLUMNS = (5, 6, 7), (4, 5)


def read(
    path: Path,
    *,
    mention_columns: Collection[int] = _MENTION_COLUMNS,
    relation_columns: Collection[int] = _RELATION_COLUMNS,
    misfit: Misfit | None = None,
    ids: Collection[str] | None = None,
) -> Iterator[PubTatorRecord]:
    """Stream the articles of a PubTator file.

    A line of tab columns is a mention if its second and third column are numbers (an id-less mention has the
    five columns of a relation with novelty), a subject if its fourth and last begins with "Subject:"
    (BioREDirect: PMID, both entities, and which of them acts in the relation above), else a relation.

    Args:
        mention_columns, relation_columns: the numbers of columns that this file may have.
        misfit: is given the mentions that their text does not spell, which the record then lacks; without it
            they are errors. With it an article may also have no text at all, and a title that ends in a blank
            loses it where more mentions fit so: some files write that blank and let it stand between title
            and abstract.
        ids: the articles to read; lines of others are passed over unread.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a mention that the text does not spell.
    """
    manner = _Manner(mention_columns, relation_columns, misfit, ids)
    return _Reader(path, numbered_lines(path), manner).records()


def read_lines(
    name: Path | str,
    lines: Iterable[tuple[int, str]],
    *,
    misfit: Misfit | None = None,
    ids: Collection[str] | None = None,
    offsets: Offsets | None = None,
) -> Iterator[PubTatorRecord]:
    """Stream the articles in lines that come from elsewhere than a plain file; else like `read`.

    Args:
        name: what to call the lines' origin in errors.
        lines: (1-based number, line without its end).
        offsets: what offsets count in, and learns what they seem to; code points unless given.
    """
    manner = _Manner(misfit=misfit, ids=ids, offsets=offsets or Offsets())
    return _Reader(name, lines, manner).records()


@dataclass(frozen=True, slots=True)
class _Manner:
    """How lines are read, as `read` and `read_lines` have it, and what they have shown of their offsets."""

    mention_columns: Collection[int] = _MENTION_COLUMNS
    relation_columns: Collection[int] = _RELATION_COLUMNS
    misfit: Misfit | None = None
    ids: Collection[str] | None = None
    offsets: Offsets = field(default_factory=Offsets)


class _Reader:
    """Collects lines into records; one instance reads one file."""

    def __init__(self, path: Path | str, lines: Iterable[tuple[int, str]], manner: _Manner) -> None:
        self._path, self._lines, self._manner = path, lines, manner
        self._found = False
        self._start: tuple[int, str, str] | None = None  # line, id, title
        self._abstract: str | None = None
        self._mentions: list[PubTatorMention] = []
        self._relations: list[PubTatorRelation] = []

    def records(self) -> Iterator[PubTatorRecord]:
        number, ids = 1, self._manner.ids
        for number, line in self._lines:
            if not line.strip() or (ids is not None and self._is_of_another_article(line, ids)):
                yield from self._finished()
            elif text_line := TEXT_LINE.fullmatch(line):
                identifier, kind, text = text_line.groups()
                if kind.startswith("t"):
                    yield from self._finished()
                    self._start = (number, identifier, text)
                else:
                    self._add_abstract(number, identifier, text)
            else:
                self._add_annotation(number, line.split("\t"))
        yield from self._finished()
        if not self._found:
            raise self._fault(number, "expected at least one document, found blank lines only")

    def _is_of_another_article(self, line: str, ids: Collection[str]) -> bool:
        """True for a line to pass over; inside an article that is read, only a title begins another."""
        identifier = _FIELD_END.split(line, maxsplit=1)[0]
        is_title = line.startswith(("|t|", "|title|"), len(identifier))
        self._found = self._found or is_title
        return identifier not in ids and (self._start is None or is_title)

    def _fault(self, line: int, message: str) -> MalformedInput:
        return MalformedInput(self._path, message, line=line)

    def _finished(self) -> Iterator[PubTatorRecord]:
        if self._start is None:
            return
        line, identifier, title = self._start
        record = PubTatorRecord(
            identifier, title, self._abstract, tuple(self._mentions), tuple(self._relations), line
        )
        if self._manner.misfit is None:
            self._check_offsets(record)
        else:
            record = fitting(record, self._manner.misfit, offsets=self._manner.offsets)
        self._start, self._abstract, self._mentions, self._relations = None, None, [], []
        self._found = True
        yield record

    def _check_offsets(self, record: PubTatorRecord) -> None:
        text = record.text
        if not text:
            raise self._fault(
                record.line, f"expected a title or an abstract of document {record.id}, got neither"
            )
        for mention in record.mentions:
            if misfit_reason(mention, text):
                raise self._fault(
                    mention.line,
                    f"expected {mention.text!r} at {mention.start}-{mention.end} of document {record.id}, "
                    f"the text reads {text[mention.start : mention.end]!r}",
                )

    def _expect_current(self, number: int, identifier: str) -> None:
        if self._start is None:
            raise self._fault(number, f"expected a title line {identifier}|t|... first")
        if identifier != self._start[1]:
            raise self._fault(
                number, f"expected a line of document {self._start[1]}, got one of {identifier!r}"
            )

    def _add_abstract(self, number: int, identifier: str, text: str) -> None:
        self._expect_current(number, identifier)
        if self._abstract is not None:
            raise self._fault(number, f"expected one abstract of document {identifier}, got a second")
        self._abstract = text

    def _add_annotation(self, number: int, columns: list[str]) -> None:
        if len(columns) < 2:
            raise self._fault(number, "expected a text line ID|t|... or tab-separated columns")
        self._expect_current(number, columns[0])
        if len(self._mentions) + len(self._relations) >= MOST_ANNOTATIONS:
            raise self._fault(number, f"expected at most {MOST_ANNOTATIONS} annotations of one document")
        if is_subject(columns):  # whose first entity may be a gene, and so a number
            fault = mark_subject(self._relations, columns)
            if fault is not None:
                raise self._fault(number, fault)
        elif is_offset(columns[1]):
            self._check_width(number, columns, "mention", self._manner.mention_columns)
            if not is_offset(columns[2]):
                raise self._fault(number, f"expected two offsets, got {columns[1]!r} and {columns[2]!r}")
            start, end = int(columns[1]), int(columns[2])
            identifier, extra = [*columns[5:7], None, None][:2]
            self._mentions.append(
                PubTatorMention(start, end, columns[3], columns[4], identifier, extra, number)
            )
        else:
            self._check_width(number, columns, "relation", self._manner.relation_columns)
            novelty = columns[4] if len(columns) == 5 else None
            self._relations.append(PubTatorRelation(columns[1], columns[2], columns[3], novelty, number))

    def _check_width(self, number: int, columns: list[str], kind: str, allowed: Collection[int]) -> None:
        if len(columns) not in allowed:
            widths = " or ".join(str(width) for width in sorted(allowed))
            raise self._fault(number, f"expected {widths} columns in a {kind} line, got {len(columns)}")


def document(
    record: PubTatorRecord,
    split: Split,
    concept_ids: Callable[[str, str | None], tuple[str, ...]],
    *,
    document_id: str | None = None,
    pmid: str | None = None,
    source: SpanSource = "gold",
) -> Document:
    """A Document from a record.

    Args:
        concept_ids: (mention type, id field) -> concept ids.
        document_id: the record's id unless given.
        pmid: the record's, or its id, unless given.
        source: who found the mentions.
    """
    text, passages = record.laid_out()
    found = [
        (Span(mention.start, mention.end), mention.type, concept_ids(mention.type, mention.id))
        for mention in record.mentions
    ]
    return Document(
        id=document_id or record.id,
        split=split,
        text=text,
        passages=passages,
        mentions=numbered_mentions(text, found, source=source),
        relations=ordered_relations(map(_relation, record.relations)),
        pmid=pmid or record.pmid or record.id,
        sentences=record.sentences,
    )


def _relation(line: PubTatorRelation) -> Relation:
    subject: Subject | None = None
    if line.subject is not None:
        subject = "head" if line.subject == line.head else "tail"
    return Relation(line.head.strip(), line.tail.strip(), line.type, line.novelty, subject)


def from_document(document: Document, *, separator: str = ",", unknown: str = "-") -> PubTatorRecord:
    """The record of a Document; the way back from `document`.

    The title is the first passage if one blank stands between it and more text, else the whole text; an
    abstract is always there, if empty. Tabs and line ends become blanks, so that offsets stay right. Each
    part of a discontinuous mention is a mention with the same id.

    Args:
        separator: joins the concept ids of a mention.
        unknown: the id field of a mention without concept ids.
    """
    text = UNHOLDABLE.sub(" ", document.text)
    end = _title_end(document, text)
    mentions = [
        PubTatorMention(*span, span.of(text), m.type, separator.join(m.concept_ids) or unknown, None, 0)
        for m in document.mentions
        for span in m.spans
    ]
    return PubTatorRecord(
        id=document.id,
        title=text[:end],
        abstract=text[end + 1 :],
        mentions=tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end))),
        relations=tuple(
            PubTatorRelation(
                r.type,
                r.head,
                r.tail,
                r.novelty,
                0,
                subject={"head": r.head, "tail": r.tail}.get(r.subject or ""),
            )
            for r in document.relations
        ),
        line=0,
    )


def _title_end(document: Document, text: str) -> int:
    """Where the blank between title and abstract stands; the length of a text that is all title."""
    if not document.passages:
        return len(text)
    first = document.passages[0]
    end = first.span.start - 1 if first.kind == "abstract" else first.span.end
    return end if 0 <= end < len(text) - 1 and text[end] == " " else len(text)


def write(records: Iterable[PubTatorRecord], file: TextIO) -> None:
    """Write records as `read` reads them; open the file with newline="\\n".

    Raises:
        ValueError: a field holds a tab or line end, or there is no text, which the format cannot express.
    """
    for record in records:
        if not record.text:
            raise ValueError(f"document {record.id}: PubTator cannot hold an article without text")
        lines = [f"{record.id}|t|{record.title}"]
        if record.abstract is not None:
            lines.append(f"{record.id}|a|{record.abstract}")
        lines += [
            _columns(record.id, str(m.start), str(m.end), m.text, m.type, m.id, m.extra)
            for m in record.mentions
        ]
        for r in record.relations:
            lines.append(_columns(record.id, r.type, r.head, r.tail, r.novelty))
            if r.subject is not None:
                lines.append(_columns(record.id, r.head, r.tail, f"{SUBJECT}{r.subject}"))
        if any("\n" in line for line in lines):
            raise ValueError(f"document {record.id}: PubTator cannot hold a line end inside a field")
        file.write("\n".join(lines) + "\n\n")


def _columns(*fields: str | None) -> str:
    kept = [field for field in fields if field is not None]
    if any("\t" in field for field in kept):
        raise ValueError(f"document {kept[0]}: PubTator cannot hold a tab inside a field")
    return "\t".join(kept)
