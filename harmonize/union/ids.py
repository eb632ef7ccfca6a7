"""The ids of rows: a hash of what a row is about, so that two builds agree on them."""

from __future__ import annotations

import hashlib

from harmonize.model import Instance, Span

__all__ = ["context_id", "hashed_id", "instance_id", "pair_id"]

_SEPARATOR = "\x1f"


def instance_id(corpus: str, instance: Instance, repeat: int = 0) -> str:
    """The `pair_id` of an instance of a corpus.

    Args:
        repeat: of its document; see Document. One that repeats an id has other ids than the first.
    """
    document = f"{instance.document_id}{_SEPARATOR}{repeat}" if repeat else instance.document_id
    return pair_id(corpus, document, instance.context, instance.head.id, instance.tail.id)


def pair_id(corpus: str, document_id: str, context: Span, head_id: str, tail_id: str) -> str:
    """The id of a row of one pair: of corpus, document, context, head and tail."""
    return hashed_id(corpus, document_id, f"{context.start}-{context.end}", head_id, tail_id)


def context_id(corpus: str, document_id: str, context: Span) -> str:
    """The id of a row of nary/: of corpus, document and context."""
    return hashed_id(corpus, document_id, f"{context.start}-{context.end}")


def hashed_id(*parts: str) -> str:
    """20 hexadecimal digits of a SHA-256 over the parts, in order."""
    return hashlib.sha256(_SEPARATOR.join(parts).encode()).hexdigest()[:20]
