"""Mention order and ids for the formats that give mentions no name of their own."""

from __future__ import annotations

from collections.abc import Iterable

from harmonize.model import Mention, Span, SpanSource

__all__ = ["numbered_mentions"]


def numbered_mentions(
    text: str, found: Iterable[tuple[Span, str, tuple[str, ...]]], *, source: SpanSource = "gold"
) -> tuple[Mention, ...]:
    """Mentions named T0, T1, ... in order of position, type and concept ids.

    The order makes one document read from two formats equal.

    Args:
        found: (span, type, concept ids) of each mention; the text is read off the span.
    """
    return tuple(
        Mention(f"T{number}", kind, span.of(text), (span,), ids, source)
        for number, (span, kind, ids) in enumerate(sorted(found))
    )
