"""A text cut where mentions begin and end, so that each piece can be marked with the entities it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from harmonize.explore.view import DocumentView, Entity
from harmonize.model import Span

__all__ = ["MarkedPassage", "Piece", "marked", "pieces"]


class Piece(NamedTuple):
    """A stretch of text that lies in mentions of the same entities all along.

    Attributes:
        entities: those, in order of number; none for plain text.
        ends: those of which a mention ends where the piece ends.
    """

    text: str
    entities: tuple[Entity, ...]
    ends: tuple[Entity, ...]


class MarkedPassage(NamedTuple):
    """A passage and what it is: "title", "abstract", ..."""

    kind: str
    pieces: list[Piece]


def marked(view: DocumentView) -> list[MarkedPassage]:
    """The passages of a document's text with its mentions; the whole text where it has no passages."""
    if view.text is None:
        return []
    whole = [("text", Span(0, len(view.text)))]
    passages = [(passage.kind, passage.span) for passage in view.passages] or whole
    return [MarkedPassage(kind, pieces(view.text, view.entities, span)) for kind, span in passages]


def pieces(text: str, entities: Sequence[Entity], within: Span) -> list[Piece]:
    """The pieces of a part of a text, which together are that part."""
    mentions = [(entity, clipped) for entity in entities for clipped in _clipped(entity.spans, within)]
    starts, ends = _by_place(mentions, 0), _by_place(mentions, 1)
    cuts = sorted({within.start, within.end, *starts, *ends})
    found, inside = [], dict[int, int]()
    by_number = {entity.number: entity for entity in entities}
    for start, end in pairwise(cuts):
        for entity in ends.get(start, ()):
            inside[entity.number] -= 1
        for entity in starts.get(start, ()):
            inside[entity.number] = inside.get(entity.number, 0) + 1
        here = tuple(by_number[number] for number in sorted(inside) if inside[number])
        found.append(Piece(text[start:end], here, tuple(dict.fromkeys(ends.get(end, ())))))
    return found


def _clipped(spans: Iterable[Span], within: Span) -> Iterable[Span]:
    for span in spans:
        clipped = Span(max(span.start, within.start), min(span.end, within.end))
        if clipped.start < clipped.end:
            yield clipped


def _by_place(mentions: Iterable[tuple[Entity, Span]], side: int) -> dict[int, list[Entity]]:
    found: dict[int, list[Entity]] = {}
    for entity, span in mentions:
        found.setdefault(span[side], []).append(entity)
    return found
