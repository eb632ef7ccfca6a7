"""Where the two entities of an instance stand in its context: how far apart, what to mark, what to quote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from harmonize.model import Span

__all__ = ["ELLIPSIS", "Context", "Piece", "gap", "nearest", "pieces", "quoted", "spans_of"]

ELLIPSIS = "…"


class Context(NamedTuple):
    """A text and where head and tail stand in it, in order."""

    text: str
    head: tuple[Span, ...]
    tail: tuple[Span, ...]


class Piece(NamedTuple):
    """A stretch of text that lies in the same mentions all along.

    Attributes:
        sides: "head", "tail", both or neither.
        ends: the sides of which a mention ends where the piece ends.
    """

    text: str
    sides: tuple[str, ...]
    ends: tuple[str, ...]


def spans_of(row: Mapping[str, Any], side: str) -> tuple[Span, ...]:
    """Where the head or the tail of a row of the set stands in its text."""
    return tuple(Span(span["start"], span["end"]) for span in row[f"{side}_spans"])


def gap(one: Span, other: Span) -> int:
    """Code points between two spans, 0 if they touch or overlap."""
    return max(0, one.start - other.end, other.start - one.end)


def nearest(head: Iterable[Span], tail: Sequence[Span]) -> tuple[Span, Span]:
    """The mentions of head and tail with the least text between them, the earliest of equals."""
    return min(((one, other) for one in head for other in tail), key=lambda pair: gap(*pair))


def pieces(context: Context) -> list[Piece]:
    """The text cut wherever a mention begins or ends, so that nested and crossing mentions are told apart."""
    text, head, tail = context
    sides = (("head", head), ("tail", tail))
    cuts = sorted({0, len(text), *(position for _, spans in sides for span in spans for position in span)})
    return [
        Piece(
            text[start:end],
            tuple(side for side, spans in sides if any(s.start <= start and end <= s.end for s in spans)),
            tuple(side for side, spans in sides if any(s.end == end for s in spans)),
        )
        for start, end in pairwise(cuts)
    ]


def quoted(context: Context, quote: int) -> Context:
    """The context around its nearest pair of mentions, in at most `quote` characters and ellipses.

    Mentions close together are quoted with what stands between them, others each by itself. A mention
    that is longer than its share is cut.
    """
    text, head, tail = context
    if len(text) <= quote:
        return context
    one, other = sorted(nearest(head, tail))
    both = Span(one.start, max(one.end, other.end))
    if both.end - both.start <= quote:
        kept = [_around(text, both, quote)]
    else:
        kept = _joined([_around(text, one, quote // 2), _around(text, other, quote // 2)])
    return _cut(context, kept)


def _around(text: str, span: Span, size: int) -> Span:
    """At most `size` characters of whole words with the span in their middle."""
    end = min(span.end, span.start + size)
    start = max(0, min(span.start - (size - (end - span.start)) // 2, len(text) - size))
    last = min(len(text), start + size)
    while 0 < start < span.start and not text[start - 1].isspace():
        start += 1
    while start < span.start and text[start].isspace():
        start += 1
    while end < last < len(text) and not text[last].isspace():
        last -= 1
    while end < last and text[last - 1].isspace():
        last -= 1
    return Span(start, last)


def _joined(ranges: Sequence[Span]) -> list[Span]:
    one, other = sorted(ranges)
    return [Span(one.start, max(one.end, other.end))] if other.start <= one.end else [one, other]


def _cut(context: Context, kept: Sequence[Span]) -> Context:
    """Only the kept ranges, with an ellipsis for each stretch left out; mentions are clipped and moved."""
    text = ""
    sides: tuple[list[Span], list[Span]] = ([], [])
    for number, part in enumerate(kept):
        if number or part.start:
            text += f" {ELLIPSIS} " if number else f"{ELLIPSIS} "
        by = len(text) - part.start
        text += part.of(context.text)
        for moved, spans in zip(sides, (context.head, context.tail), strict=True):
            for span in spans:
                clipped = Span(max(span.start, part.start), min(span.end, part.end))
                if clipped.start < clipped.end:
                    moved.append(clipped.shifted(by))
    if kept[-1].end < len(context.text):
        text += f" {ELLIPSIS}"
    return Context(text, *(tuple(sorted(set(moved))) for moved in sides))
