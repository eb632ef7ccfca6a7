"""One BioC document as a record: its passages laid out as one text, and its annotations as mentions of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from harmonize.errors import MalformedInput
from harmonize.formats.bioc_infons import (
    concept_id,
    mention_type,
    relation_arguments,
    relation_novelty,
    relation_type,
)
from harmonize.formats.bioc_parts import (
    Annotation,
    Article,
    Passage,
    RelationParts,
)
from harmonize.formats.misfits import NO_PLACE, NO_TYPE, Misfit, fitted
from harmonize.formats.offsets import COUNTED_IN, Offsets, OffsetUnit, length_in
from harmonize.formats.passages import PassageKind, TextChoice, is_read, passage_kinds
from harmonize.formats.pubtator_record import BodyPassage, PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.model import Span

__all__ = ["DISCONTINUOUS", "MALFORMED_MENTION", "RecordMaker", "with_relations"]

DISCONTINUOUS = "in several parts"
"""Why a BioC annotation is a misfit that the text may well spell: PubTator's mentions are of one part."""
MALFORMED_MENTION = "not as the format says"

_WIDEST_GAP = 100  # units between two sentences; more is no gap but another way to count


def with_relations(record: PubTatorRecord, article: Article) -> PubTatorRecord:
    return replace(record, relations=tuple(map(_relation, article.relations())))


def _relation(parts: RelationParts) -> PubTatorRelation:
    """A relation; its arguments are told by infons, or else by two nodes, or the first ones of two roles."""
    told, by_role = relation_arguments(parts.infons), dict[str, str]()
    for name, role in parts.nodes:
        by_role.setdefault(role, name)
    nodes = [name for name, _ in parts.nodes] if len(parts.nodes) == 2 else list(by_role.values())
    head, tail = told or (nodes if len(nodes) == 2 else ("", ""))
    novelty = relation_novelty(parts.infons)
    return PubTatorRelation(relation_type(parts.infons), head, tail, novelty, parts.line, told is None)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A run of text in a passage.

    Attributes:
        offset: where the file says that the run begins.
        start: where it begins in the passage's text, in code points.
    """

    offset: int
    text: str
    start: int
    annotations: Iterable[Annotation]


@dataclass(frozen=True, slots=True)
class _LaidOut:
    """A passage and the runs in it, one of which may be all of the text that the others are parts of."""

    kind: PassageKind
    offset: int
    text: str
    runs: list[_Placed]


class RecordMaker:
    """Makes the record of one document. One blank joins passages: offsets leave more or less between them."""

    def __init__(
        self, name: str, misfit: Misfit | None, forgiving: bool, choice: TextChoice, offsets: Offsets
    ) -> None:
        self._name, self._misfit, self._forgiving = name, misfit, forgiving
        self._choice, self._offsets = choice, offsets

    def record(self, article: Article) -> PubTatorRecord:
        """The record of an article.

        Raises:
            ValueError, AttributeError, KeyError, TypeError: a passage that is none.
            MalformedInput: without a handler, a misfit, or no text.
        """
        kinds = passage_kinds(article.infons)
        read = [is_read(kind, self._choice) for kind in kinds]
        passages = {
            number: _laid_out(kind, article.passage(number), self._offsets.unit)
            for number, kind in enumerate(kinds)
            if read[number] or article.annotations
        }
        shared = self._shared_out(article, passages)
        wanted = [passages[number] for number in range(len(kinds)) if read[number]]
        left_out = [
            (kind.kind, article.annotation_count(number) + shared[number])
            for number, kind in enumerate(kinds)
            if not read[number]
        ]
        return self._record(article, wanted, left_out)

    def _shared_out(self, article: Article, passages: Mapping[int, _LaidOut]) -> Counter[int]:
        """Put the document's own annotations into the passages that they point into; how many into each."""
        counts: Counter[int] = Counter()
        for annotation in article.annotations if passages else ():
            start = annotation.parts[0].start if annotation.parts else 0
            number = _home(start, passages, self._offsets.unit)
            home = passages[number]
            home.runs.append(_Placed(home.offset, home.text, 0, (annotation,)))
            counts[number] += 1
        return counts

    def _record(
        self, article: Article, passages: Sequence[_LaidOut], left_out: Iterable[tuple[str, int]]
    ) -> PubTatorRecord:
        by_part: dict[str, list[_LaidOut]] = {"title": [], "abstract": [], "body": []}
        for passage in passages:
            by_part[self._part_of(passage.kind)].append(passage)
        title, abstract = (" ".join(p.text for p in by_part[n] if p.text) for n in ("title", "abstract"))
        body = [p for p in by_part["body"] if p.text]
        if not (title or abstract or body) and self._misfit is None:
            raise self._fault(article, "expected a title or an abstract, got neither")
        head = len(title) + bool(abstract) + len(abstract)
        starts = {"title": 0, "abstract": len(title) + 1, "body": head + 1 if head else 0}
        mentions = [
            mention
            for part, found in by_part.items()
            for passage, start in _places(found, starts[part])
            for mention in self._mentions(article, passage, start)
        ]
        return PubTatorRecord(
            article.id,
            title,
            abstract or None,
            tuple(mentions),
            (),
            article.line,
            body=tuple(BodyPassage(p.kind.kind, p.text, p.kind.section, p.offset) for p in body),
            left_out=tuple(left_out),
        )

    def _part_of(self, kind: PassageKind) -> str:
        if kind.role == "text":
            return "abstract" if self._choice == "abstract" else "body"
        return kind.role if kind.role in ("title", "abstract") else "body"

    def _mentions(self, article: Article, passage: _LaidOut, start: int) -> Iterator[PubTatorMention]:
        """The mentions in a passage that starts there in the record's text; misfits go to the handler."""
        for run in passage.runs:
            for annotation in run.annotations:
                mention, reason = self._mention(annotation, run, start + run.start)
                if reason is None:
                    yield mention
                elif self._misfit is not None:
                    self._misfit(article.id, mention, reason)
                else:
                    raise self._fault(article, _told(annotation, mention, reason))

    def _mention(
        self, annotation: Annotation, run: _Placed, start: int
    ) -> tuple[PubTatorMention, str | None]:
        """An annotation of a run that starts there in the record's text, and why it is a misfit, if it is.

        One of several parts goes from the first part's start to the last one's end.
        """
        name, kind, parts = annotation.text, mention_type(annotation.infons), annotation.parts
        extent = Span(parts[0].start - run.offset, parts[-1].end - run.offset) if parts else Span(0, 0)
        placed = self._offsets.placed(extent, name, run.text) or extent
        reason = _oddity(annotation, kind)
        if reason is None and not placed.spells(name, run.text):
            name, reason = self._otherwise(extent, placed, name, run.text)
        return PubTatorMention(
            placed.start + start,
            placed.end + start,
            name,
            kind or "",
            concept_id(annotation.infons),
            None,
            annotation.line,
            annotation.name,
        ), reason

    def _otherwise(self, extent: Span, placed: Span, name: str, text: str) -> tuple[str, str | None]:
        """What a mention is called that its span does not spell, and why it is a misfit, if it is."""
        found = fitted(PubTatorMention(*placed, name, "", None, None, 0), text, forgiving=self._forgiving)
        if isinstance(found, PubTatorMention):
            return found.text, None
        unit = self._offsets.other_unit(extent, name, text)
        return name, found if unit is None else COUNTED_IN[unit]

    def _fault(self, article: Article, message: str) -> MalformedInput:
        return MalformedInput(self._name, message, line=article.line or None, document=article.id)


def _oddity(annotation: Annotation, kind: str | None) -> str | None:
    """Why an annotation is no mention, whatever the text is."""
    if annotation.fault is not None and not annotation.infons:
        return MALFORMED_MENTION
    if kind is None:
        return NO_TYPE
    if len(annotation.parts) != 1:
        return DISCONTINUOUS if annotation.parts else NO_PLACE
    return None


def _told(annotation: Annotation, mention: PubTatorMention, reason: str) -> str:
    """What to say of a misfit where there may be none."""
    if annotation.fault is not None:
        return f"expected a BioC document, got {annotation.fault}"
    if reason in (NO_TYPE, NO_PLACE):
        return f"expected a BioC document, got the annotation {annotation.text!r}, {reason}"
    return f"expected {mention.text!r} at {mention.start}-{mention.end}, got a mention {reason}"


def _laid_out(kind: PassageKind, passage: Passage, unit: OffsetUnit) -> _LaidOut:
    """A passage with its text, put together from its sentences where it has none of its own."""
    own = passage.own
    if own.text or not passage.sentences:
        annotations = chain(own.annotations, *(sentence.annotations for sentence in passage.sentences))
        return _LaidOut(kind, own.offset, own.text, [_Placed(own.offset, own.text, 0, annotations)])
    text, end, runs = "", own.offset, list[_Placed]()
    for sentence in passage.sentences:
        gap = sentence.offset - end
        if not 0 <= gap <= _WIDEST_GAP:
            gap = 1 if text else 0
        text += " " * gap
        runs.append(_Placed(sentence.offset, sentence.text, len(text), sentence.annotations))
        text += sentence.text
        end = sentence.offset + length_in(sentence.text, unit)
    runs.append(_Placed(own.offset, text, 0, own.annotations))
    return _LaidOut(kind, own.offset, text, runs)


def _home(start: int, passages: Mapping[int, _LaidOut], unit: OffsetUnit) -> int:
    """The passage that a place lies in; one between passages belongs to the last that begins before it."""
    before = [number for number, passage in passages.items() if passage.offset <= start]
    around = (n for n in before if start < passages[n].offset + length_in(passages[n].text, unit))
    return next(around, before[-1] if before else min(passages))


def _places(passages: Iterable[_LaidOut], start: int) -> Iterator[tuple[_LaidOut, int]]:
    """Passages of one part of the record, and where each starts, given where the first does."""
    for passage in passages:
        yield passage, start
        if passage.text:
            start += len(passage.text) + 1
