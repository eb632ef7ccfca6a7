"""One order for the annotations of a document, so that it is equal whatever format it was read from."""

from __future__ import annotations

from collections.abc import Iterable

from harmonize.model import Mention, Relation, Span, SpanSource

__all__ = ["numbered_mentions", "ordered_relations"]


def numbered_mentions(
    text: str, found: Iterable[tuple[Span, str, tuple[str, ...]]], *, source: SpanSource = "gold"
) -> tuple[Mention, ...]:
    """Mentions named T0, T1, ... in order of position, type and concept ids.

    For formats that give mentions no name of their own.

    Args:
        found: (span, type, concept ids) of each mention; the text is read off the span.
    """
    return tuple(
        Mention(f"T{number}", kind, span.of(text), (span,), ids, source)
        for number, (span, kind, ids) in enumerate(sorted(found))
    )


def ordered_relations(relations: Iterable[Relation]) -> tuple[Relation, ...]:
    """Relations in order of head, tail and type."""
    return tuple(sorted(relations, key=lambda r: (r.head, r.tail, r.type, r.novelty or "", r.subject or "")))
