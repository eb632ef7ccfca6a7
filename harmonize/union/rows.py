"""Instances -> Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from harmonize.model import Document, Instance, Span
from harmonize.text.sentences import sentences_within
from harmonize.union.ids import instance_id
from harmonize.union.schema import ROW_SCHEMA

__all__ = ["entity_columns", "record_batch", "record_batches"]

_MOST_CHARACTERS = 2**29 - 1
"""Of the texts of a batch: a column of text holds 2 GiB, and a character is four bytes at most."""

# To ask Arrow for a field's name takes as long as to look it up in a row.
_COLUMNS = [(field.name, field.type, field.nullable) for field in ROW_SCHEMA]


def record_batches(
    corpus: str, document: Document, instances: Sequence[Instance]
) -> Iterator[pa.RecordBatch]:
    """The instances of one document as batches of ROW_SCHEMA, several if their texts do not fit in one."""
    longest = max((len(instance.text) for instance in instances), default=0)
    most = max(_MOST_CHARACTERS // max(longest, 1), 1)
    for start in range(0, len(instances), most):
        yield record_batch(corpus, document, instances[start : start + most])


def record_batch(corpus: str, document: Document, instances: Sequence[Instance]) -> pa.RecordBatch:
    """The instances of one document as a batch of ROW_SCHEMA.

    Args:
        document: with its sentences, or the rows have none.

    Raises:
        ValueError: a required column would hold a null (a fault of the code).
    """
    sentences = {context: _sentences(document, context) for context in {i.context for i in instances}}
    rows = [_row(corpus, document, instance, sentences[instance.context]) for instance in instances]
    arrays = [pa.array([row[name] for row in rows], kind) for name, kind, _ in _COLUMNS]
    for (name, _, nullable), array in zip(_COLUMNS, arrays, strict=True):
        if array.null_count and not nullable:
            raise ValueError(f"document {document.id}: column {name} holds a null")
    return pa.RecordBatch.from_arrays(arrays, schema=ROW_SCHEMA)


def _sentences(document: Document, context: Span) -> tuple[Span, ...] | None:
    return None if document.sentences is None else sentences_within(document.sentences, context)


def _row(
    corpus: str, document: Document, instance: Instance, sentences: tuple[Span, ...] | None
) -> dict[str, Any]:
    return {
        "instance_id": instance_id(corpus, instance),
        "document_id": document.id,
        "pmid": document.pmid,
        "text": instance.text,
        "context_start": instance.context.start,
        "context_end": instance.context.end,
        **entity_columns(instance),
        "head_spans": instance.head.spans,
        "tail_spans": instance.tail.spans,
        "sentences": sentences,
        "relation": instance.labels[0],
        "relations": instance.labels,
        "source_relations": instance.source_relations,
        "novelty": instance.novelty,
        "subject": instance.subject,
        "span_source": instance.span_source,
    }


def entity_columns(instance: Instance) -> dict[str, str]:
    """What any row of a pair says of head and tail: ids, names, types after rule e and the corpus' own."""
    head, tail = instance.head, instance.tail
    return {
        "head_id": head.id,
        "tail_id": tail.id,
        "head_name": head.name,
        "tail_name": tail.name,
        "head_type": head.type,
        "tail_type": tail.type,
        "source_head_type": head.source_type,
        "source_tail_type": tail.source_type,
    }
