"""Documents as rows of a shard, and back: a document comes back as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from harmonize.model import Document, Mention, Passage, Relation, Span
from harmonize.writing.parquet import with_metadata

__all__ = ["document_of", "row_of", "shard_schema"]

_RELATION_PARTS = ("head", "tail", "type", "novelty")
"""Of a relation; documents to be predicted have none, and so nothing that says which entity acts."""


def shard_schema(metadata: Mapping[str, Any] | None = None) -> pa.Schema:
    """The columns of a shard; one row is one document. Spans are half-open, in code points of `text`.

    | column | type | meaning |
    | --- | --- | --- |
    | id | string | as the file has it |
    | split | string | "test" for documents to be predicted |
    | pmid | string | null where unknown |
    | text | string | all passages |
    | passages | list of {kind, start, end, section, offset} | title, abstract, ... in order |
    | mentions | list of {id, type, text, spans, concept_ids, source} | several spans if discontinuous |
    | relations | list of {head, tail, type, novelty} | none for documents to be predicted |
    | sentences | list of {start, end} | null where the file has none |
    | repeat | int32 | how many documents of this id come before it |

    Nothing else is null but `novelty`, and `section` and `offset` of passages that are not of full text.

    Args:
        metadata: stands under harmonize.writing.parquet.METADATA_KEY, as JSON.
    """
    text, span = pa.string(), [_required("start", pa.int32()), _required("end", pa.int32())]
    place = [pa.field("section", text), pa.field("offset", pa.int32())]
    mention = [
        *(_required(name, text) for name in ("id", "type", "text")),
        _required("spans", _list_of(pa.struct(span))),
        _required("concept_ids", _list_of(text)),
        _required("source", text),
    ]
    relation = [_required(name, text) for name in ("head", "tail", "type")]
    fields = [
        _required("id", text),
        _required("split", text),
        pa.field("pmid", text),
        _required("text", text),
        _required("passages", _list_of(pa.struct([_required("kind", text), *span, *place]))),
        _required("mentions", _list_of(pa.struct(mention))),
        _required("relations", _list_of(pa.struct([*relation, pa.field("novelty", text)]))),
        pa.field("sentences", _list_of(pa.struct(span))),
        _required("repeat", pa.int32()),
    ]
    schema = pa.schema(fields)
    return schema if metadata is None else with_metadata(schema, metadata)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _list_of(kind: pa.DataType) -> pa.DataType:
    return pa.list_(_required("element", kind))


def row_of(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "split": document.split,
        "pmid": document.pmid,
        "text": document.text,
        "passages": [_passage_row(passage) for passage in document.passages],
        "mentions": [_mention_row(mention) for mention in document.mentions],
        "relations": [
            {name: getattr(relation, name) for name in _RELATION_PARTS} for relation in document.relations
        ],
        "sentences": None if document.sentences is None else [one._asdict() for one in document.sentences],
        "repeat": document.repeat,
    }


def _passage_row(passage: Passage) -> dict[str, Any]:
    return {
        "kind": passage.kind,
        **passage.span._asdict(),
        "section": passage.section,
        "offset": passage.offset,
    }


def _mention_row(mention: Mention) -> dict[str, Any]:
    return {
        "id": mention.id,
        "type": mention.type,
        "text": mention.text,
        "spans": [span._asdict() for span in mention.spans],
        "concept_ids": list(mention.concept_ids),
        "source": mention.source,
    }


def document_of(row: Mapping[str, Any]) -> Document:
    sentences = row["sentences"]
    return Document(
        id=row["id"],
        split=row["split"],
        text=row["text"],
        passages=tuple(
            Passage(one["kind"], _span(one), one["section"], one["offset"]) for one in row["passages"]
        ),
        mentions=tuple(_mention(one) for one in row["mentions"]),
        relations=tuple(Relation(**one) for one in row["relations"]),
        pmid=row["pmid"],
        sentences=None if sentences is None else tuple(map(_span, sentences)),
        repeat=row["repeat"],
    )


def _mention(row: Mapping[str, Any]) -> Mention:
    return Mention(
        id=row["id"],
        type=row["type"],
        text=row["text"],
        spans=tuple(map(_span, row["spans"])),
        concept_ids=tuple(row["concept_ids"]),
        source=row["source"],
    )


def _span(row: Mapping[str, Any]) -> Span:
    return Span(row["start"], row["end"])
