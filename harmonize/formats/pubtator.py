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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TextIO

from harmonize.errors import MalformedInput
from harmonize.formats.annotations import numbered_mentions, ordered_relations
from harmonize.formats.lines import is_offset, numbered_lines
from harmonize.formats.offsets import COUNTED_IN, Offsets
from harmonize.formats.spelling import is_form
from harmonize.model import Document, Passage, Relation, Span, SpanSource, Split, Subject

__all__ = [
    "BEYOND",
    "MOST_ANNOTATIONS",
    "SUBJECT",
    "TEXT_LINE",
    "UNSPELLED",
    "BodyPassage",
    "Misfit",
    "PubTatorMention",
    "PubTatorRecord",
    "PubTatorRelation",
    "document",
    "fitted",
    "fitting",
    "from_document",
    "is_subject",
    "mark_subject",
    "misfit_reason",
    "read",
    "read_lines",
    "split_ids",
    "title_and_abstract",
    "variant_genes",
    "write",
]

# The abstract may itself contain "|", so only this prefix decides. tmVar writes out what it is.
TEXT_LINE = re.compile(r"([^|\t]+)\|(t|a|title|abstract)\|(.*)", re.DOTALL)
_FIELD_END = re.compile(r"[|\t]")
MOST_ANNOTATIONS = 100_000  # of one article, which is held until it ends
_UNHOLDABLE = re.compile(r"[\t\n\r]")

BEYOND = "beyond the text"
UNSPELLED = "the text reads otherwise"
SUBJECT = "Subject:"
"""What the last column of a line begins with that says which entity acts."""


@dataclass(frozen=True, slots=True)
class PubTatorMention:
    """A mention line. `id` is None where the column is missing, `extra` where there is no seventh column.

    `name` is what relations call the mention in formats in which they do, and `parts` where the parts of a
    discontinuous one stand, from `start` to `end`, where a reader keeps such; PubTator text has neither.
    """

    start: int
    end: int
    text: str
    type: str
    id: str | None
    extra: str | None
    line: int
    name: str | None = None
    parts: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class PubTatorRelation:
    """A relation line. `novelty` is None where the line has four columns, `subject` where none is marked.

    `head` and `tail` are ids, or with `by_name` names of mentions; empty where the file does not tell them.
    """

    type: str
    head: str
    tail: str
    novelty: str | None
    line: int
    by_name: bool = False
    subject: str | None = None


class BodyPassage(NamedTuple):
    """A passage of an article's full text; see harmonize.model.Passage."""

    kind: str
    text: str
    section: str | None
    offset: int | None


@dataclass(frozen=True, slots=True)
class PubTatorRecord:
    """One article, as PubTator text has it; other formats know more of one.

    Attributes:
        abstract: None where it has no |a| line, which an empty one is not.
        body: what follows the abstract; none in PubTator text.
        sentences: None where the format does not tell them, as PubTator text.
        left_out: kind and number of annotations of each passage that was not read; none in PubTator text.
        pmid: where it is not the id.
    """

    id: str
    title: str
    abstract: str | None
    mentions: tuple[PubTatorMention, ...]
    relations: tuple[PubTatorRelation, ...]
    line: int
    body: tuple[BodyPassage, ...] = ()
    sentences: tuple[Span, ...] | None = None
    left_out: tuple[tuple[str, int], ...] = ()
    pmid: str | None = None

    @property
    def text(self) -> str:
        """Title, abstract and body with one blank between: what the offsets count in."""
        return self.laid_out()[0]

    def laid_out(self) -> tuple[str, tuple[Passage, ...]]:
        """The text and its passages; see `title_and_abstract`."""
        text, passages = title_and_abstract(self.title, self.abstract)
        parts, found, end = [text] if text else [], list(passages), len(text)
        for kind, part, section, offset in self.body:
            start = end + 1 if parts else 0
            end = start + len(part)
            parts.append(part)
            found.append(Passage(kind, Span(start, end), section, offset))
        return " ".join(parts), tuple(found)


Misfit = Callable[[str, PubTatorMention, str], None]
"""Takes a mention that its text does not spell: (article id, mention, reason such as BEYOND)."""


def misfit_reason(mention: PubTatorMention, text: str) -> str | None:
    """Why the text does not spell a mention; None if it does."""
    found = fitted(mention, text)
    return found if isinstance(found, str) else None


def fitted(mention: PubTatorMention, text: str, *, forgiving: bool = False) -> PubTatorMention | str:
    """A mention as it fits its text, or the reason why it does not: BEYOND or UNSPELLED.

    The one place that decides; every reader of mentions asks here.

    Args:
        forgiving: a mention that the text spells in another form (see `spelling.is_form`), or that brings no
            text of its own, is what the text has at its span.
    """
    start, end = mention.start, mention.end
    if 0 <= start < end <= len(text) and text[start:end] == mention.text:  # nearly all: no call for these
        return mention
    span = Span(start, end)
    if end > len(text):
        return BEYOND
    if forgiving and _is_meant(mention.text, span, text):
        return replace(mention, text=span.of(text))
    return UNSPELLED


def _is_meant(name: str, span: Span, text: str) -> bool:
    return is_form(name, span, text) or not (name.strip() or not span.of(text).strip())


def title_and_abstract(title: str, abstract: str | None) -> tuple[str, tuple[Passage, ...]]:
    """The text of an article and its passages.

    Empty parts get no passage, and an empty abstract adds nothing to the text.
    """
    text = f"{title} {abstract}" if abstract else title
    passages = [Passage("title", Span(0, len(title)))] if title else []
    if abstract:
        passages.append(Passage("abstract", Span(len(title) + 1, len(text))))
    return text, tuple(passages)


def split_ids(
    raw: str | None, separators: str, unknown: Collection[str] = ("", "-", "-1")
) -> tuple[str, ...]:
    """The concept ids in one id field, each once, in order.

    Args:
        raw: the field, e.g. "D014786|D006311" or " CVCL_1452".
        separators: the characters that join ids here; others belong to an id ("c|SUB|G|35|A").
        unknown: ids that stand for "not known".
    """
    if raw is None:
        return ()
    parts = re.split(f"[{re.escape(separators)}]", raw) if separators else [raw]
    ids = dict.fromkeys(part.strip() for part in parts)
    return tuple(identifier for identifier in ids if identifier not in unknown)


def variant_genes(raw: str) -> tuple[str, ...]:
    """NCBI Gene ids in a tmVar id: "tmVar:p|SUB|V|600|E;HGVS:p.V600E;CorrespondingGene:673" -> ("673",).

    Empty where tmVar found no gene.
    """
    fields = dict(part.partition(":")[::2] for part in raw.split(";"))
    return split_ids(fields.get("CorrespondingGene"), ",", unknown=("", "-", "None"))


def read(
    path: Path,
    *,
    mention_columns: Collection[int] = (5, 6, 7),
    relation_columns: Collection[int] = (4, 5),
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
    lines = numbered_lines(path)
    return _Reader(path, lines, mention_columns, relation_columns, misfit, ids).records()


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
    return _Reader(name, lines, (5, 6, 7), (4, 5), misfit, ids, offsets).records()


class _Reader:
    """Collects lines into records; one instance reads one file."""

    def __init__(
        self,
        path: Path | str,
        lines: Iterable[tuple[int, str]],
        mention_columns: Collection[int],
        relation_columns: Collection[int],
        misfit: Misfit | None,
        ids: Collection[str] | None,
        offsets: Offsets | None = None,
    ) -> None:
        self._path, self._lines = path, lines
        self._offsets = offsets or Offsets()
        self._mention_columns, self._relation_columns = mention_columns, relation_columns
        self._misfit, self._ids = misfit, ids
        self._found = False
        self._start: tuple[int, str, str] | None = None  # line, id, title
        self._abstract: str | None = None
        self._mentions: list[PubTatorMention] = []
        self._relations: list[PubTatorRelation] = []

    def records(self) -> Iterator[PubTatorRecord]:
        number = 1
        for number, line in self._lines:
            if not line.strip() or (self._ids is not None and self._is_of_another_article(line, self._ids)):
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
        if self._misfit is None:
            self._check_offsets(record)
        else:
            record = fitting(record, self._misfit, offsets=self._offsets)
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
            self._check_width(number, columns, "mention", self._mention_columns)
            if not is_offset(columns[2]):
                raise self._fault(number, f"expected two offsets, got {columns[1]!r} and {columns[2]!r}")
            start, end = int(columns[1]), int(columns[2])
            identifier, extra = [*columns[5:7], None, None][:2]
            self._mentions.append(
                PubTatorMention(start, end, columns[3], columns[4], identifier, extra, number)
            )
        else:
            self._check_width(number, columns, "relation", self._relation_columns)
            novelty = columns[4] if len(columns) == 5 else None
            self._relations.append(PubTatorRelation(columns[1], columns[2], columns[3], novelty, number))

    def _check_width(self, number: int, columns: list[str], kind: str, allowed: Collection[int]) -> None:
        if len(columns) not in allowed:
            widths = " or ".join(str(width) for width in sorted(allowed))
            raise self._fault(number, f"expected {widths} columns in a {kind} line, got {len(columns)}")


def is_subject(columns: Sequence[str]) -> bool:
    """True for the columns of a line that says which of two entities acts."""
    return len(columns) == 4 and columns[3].startswith(SUBJECT)


def mark_subject(relations: list[PubTatorRelation], columns: Sequence[str]) -> str | None:
    """Mark in the relations of a pair which of the two acts.

    Args:
        relations: of the article so far; those of the pair are replaced.
        columns: of the line; a prediction's has a probability after the id, "Subject:D001241|0.98".

    Returns:
        What is wrong with the line, None if nothing is.
    """
    pair, said = columns[1:3], columns[3].removeprefix(SUBJECT)
    acting = said if said in pair else said.rpartition("|")[0]
    if acting not in pair:
        return f"expected {SUBJECT} and one of {' and '.join(pair)}, got {columns[3]!r}"
    places = [at for at, one in enumerate(relations) if {one.head, one.tail} == set(pair)]
    if not places:
        return f"expected a relation of {' and '.join(pair)} above its subject, found none"
    if any(relations[at].subject not in (None, acting) for at in places):
        return f"expected one subject of {' and '.join(pair)}, got another"
    for at in places:
        relations[at] = replace(relations[at], subject=acting)
    return None


def fitting(
    record: PubTatorRecord, misfit: Misfit, *, forgiving: bool = False, offsets: Offsets | None = None
) -> PubTatorRecord:
    """The record without the mentions that do not fit its text, which go to the handler.

    Args:
        forgiving: see `fitted`.
        offsets: what offsets count, and learns what they seem to; code points unless given.
    """
    offsets = offsets or Offsets()
    raw = record.mentions
    readings = _readings(_in_code_points(record, offsets), forgiving)
    record = readings[0] if len(readings) == 1 else max(readings, key=_spelled)
    text, kept = record.text, []
    for told, mention in zip(raw, record.mentions, strict=True):
        found = fitted(mention, text, forgiving=forgiving)
        if isinstance(found, PubTatorMention):
            kept.append(found)
        else:
            unit = offsets.other_unit(Span(told.start, told.end), told.text, text)
            misfit(record.id, mention, found if unit is None else COUNTED_IN[unit])
    return replace(record, mentions=tuple(kept))


def _in_code_points(record: PubTatorRecord, offsets: Offsets) -> PubTatorRecord:
    """The record with its offsets in code points, but for those inside a character, which stay."""
    text = record.text
    if text.isascii():
        return record
    placed = [(m, offsets.placed(Span(m.start, m.end), m.text, text)) for m in record.mentions]
    moved = (m if span is None else replace(m, start=span.start, end=span.end) for m, span in placed)
    return record if offsets.unit == "codepoints" else replace(record, mentions=tuple(moved))


def _readings(record: PubTatorRecord, forgiving: bool) -> list[PubTatorRecord]:
    """The record as it stands and, if its title ends in a blank, with that blank before the abstract.

    Forgivingly read, also without the blanks around title or abstract, which not every tool counts.
    """
    title, abstract = record.title, record.abstract
    texts = [(title, abstract)]
    if abstract and title.endswith(" "):
        texts.append((title[:-1], abstract))
    if forgiving and (title[:1].isspace() or title[-1:].isspace() or (abstract and abstract[0].isspace())):
        bare = None if abstract is None else abstract.lstrip()
        texts += [(title.strip(), abstract), (title, bare), (title.strip(), bare)]
    return [record, *(replace(record, title=one, abstract=other) for one, other in dict.fromkeys(texts[1:]))]


def _spelled(record: PubTatorRecord) -> int:
    text = record.text
    return sum(misfit_reason(mention, text) is None for mention in record.mentions)


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
    text = _UNHOLDABLE.sub(" ", document.text)
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
