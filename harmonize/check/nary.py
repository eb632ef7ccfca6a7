"""What verify asks of a file of n-ary relations: every row by itself, and beside the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from harmonize.check.fault import Fault
from harmonize.check.rows import DataFile, Seen, leak_faults, spans_of, value_faults
from harmonize.check.schema import (
    Row,
    is_readable,
    loosened,
    metadata_faults,
    null_faults,
    numbered_rows,
    schema_faults,
)
from harmonize.errors import shown
from harmonize.model import Mention, Span
from harmonize.union.ids import context_id
from harmonize.union.manifest_model import NaryEntry
from harmonize.union.nary import counted
from harmonize.union.schema import NARY_FILE_SCHEMA

__all__ = ["nary_faults"]


def nary_faults(path: Path, data: DataFile, entry: NaryEntry, seen: Seen) -> Iterator[Fault]:
    """All that is wrong in the file at `path`.

    Args:
        entry: what the manifest says of it.
        seen: of the files before; this one's ids and contexts are added.

    Raises:
        UNREADABLE: the file is no Parquet.
    """
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        yield from schema_faults(data.name, schema, NARY_FILE_SCHEMA)
        yield from metadata_faults(data.name, schema, data.metadata)
        if not is_readable(schema, NARY_FILE_SCHEMA):
            return
        required = loosened(schema, NARY_FILE_SCHEMA)
        rows: list[Row] = []
        for number, row in numbered_rows(file):
            place = f"row {number}, instance {row['instance_id']}"
            messages = null_faults(row, required)
            if not messages:
                messages = list(_row_faults(row, rows[-1] if rows else None, data, seen, place))
                rows.append(row)
            for message in messages:
                yield Fault(data.name, place, message)
    for message in _count_faults(rows, entry):
        yield Fault(data.name, "", message)


def _row_faults(row: Row, before: Row | None, data: DataFile, seen: Seen, place: str) -> Iterator[str]:
    context = Span(row["context_start"], row["context_end"])
    yield from value_faults(row, data.values)
    expected = context_id(data.corpus, row["document_id"], context)
    if row["instance_id"] != expected:
        yield f"expected instance_id {expected}, the hash of corpus, document and context"
    if row["instance_id"] in seen.ids:
        before_it = seen.ids[row["instance_id"]]
        yield f"expected an instance_id of its own, got one that stands in {before_it} before"
    if before is not None and _position(row) < _position(before):
        yield "expected rows by document id and context, got one that belongs before the last"
    if context.end - context.start != len(row["text"]):
        yield f"expected a context of {len(row['text'])} characters, as its text"
    yield from _entity_faults(row)
    yield from _relation_faults(row, data)
    yield from leak_faults(row, data)
    seen.add(data, row, context, place)


def _position(row: Row) -> tuple[str, int]:
    return row["document_id"], row["context_start"]


def _entity_faults(row: Row) -> Iterator[str]:
    entities = row["entities"]
    ids = [entity["id"] for entity in entities]
    if len(ids) < 2 or len(set(ids)) < len(ids):
        yield f"expected two entities or more, each with an id of its own, got {shown(ids)}"
    for entity in entities:
        spans = tuple(Span(*span) for span in spans_of(entity["spans"]))
        mention = Mention(entity["id"], entity["source_type"], entity["name"], spans)
        if not spans or not mention.is_spelled_by(row["text"]):
            yield f"expected the spans of entity {entity['id']} to spell {shown(entity['name'])}"
    starts = [entity["spans"][0]["start"] for entity in entities if entity["spans"]]
    if starts != sorted(starts):
        yield "expected entities in order of position"


def _relation_faults(row: Row, data: DataFile) -> Iterator[str]:
    order = {entity["id"]: place for place, entity in enumerate(row["entities"])}
    for relation in row["relations"]:
        arguments: Sequence[str] = relation["arguments"]
        places = [order.get(argument, -1) for argument in arguments]
        if len(places) < 2 or -1 in places or places != sorted(set(places)):
            yield f"expected two or more of the row's entities in order, each once, got {shown(arguments)}"
        if relation["relation"] not in data.target.nary_labels:
            labels = ", ".join(data.target.nary_labels)
            yield f"expected a relation of {labels}, got {relation['relation']!r}"


def _count_faults(rows: list[Row], entry: NaryEntry) -> Iterator[str]:
    if len(rows) != entry.rows:
        yield f"expected {entry.rows} rows, got {len(rows)}"
    found = counted(rows)
    for name, expected in (("labels", entry.labels), ("arguments", entry.arguments)):
        if Counter(found[name]) != Counter(expected):
            yield f"expected {name} {expected}, got {found[name]}"
