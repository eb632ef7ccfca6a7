"""Relations in the Parquet that `harmonize predict` writes: what it says of documents, without their text.

Columns: harmonize.prediction.outputs.prediction_schema. A row is a pair in one context; of those that are
related only, and each relation of a document once, with the novelty of its surest row, as in PubTator text.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.errors import MalformedInput
from harmonize.formats.pubtator_record import PubTatorRecord, PubTatorRelation

__all__ = ["is_parquet", "predicted_records"]

_COLUMNS = {
    "document_id": pa.string(),
    "head_id": pa.string(),
    "tail_id": pa.string(),
    "label": pa.string(),
    "is_relation": pa.bool_(),
    "confidence": pa.float32(),
}
_NOVELTY = "novelty"
_ROWS_AT_ONCE = 10_000

_Surest = dict[tuple[frozenset[str], str], tuple[float, PubTatorRelation]]
"""Pair and label -> the highest confidence, and what its row says."""


def is_parquet(head: bytes) -> bool:
    """True for a file that begins so, if it is Parquet."""
    return head.startswith(b"PAR1")


def predicted_records(stream: io.BufferedReader, name: str) -> Iterator[PubTatorRecord]:
    """The documents of predictions in order of their first rows, each with its relations and nothing else.

    Raises:
        MalformedInput: no Parquet, or not with these columns.
    """
    documents: dict[str, _Surest] = {}
    try:
        for row in _rows(stream, name):
            relations = documents.setdefault(row["document_id"] or "", {})
            if row["is_relation"]:
                _add(row, relations)
    except (pa.ArrowException, OSError) as error:
        told = str(error).partition("\n")[0]
        raise MalformedInput(name, f"expected Parquet of `harmonize predict`, got: {told}") from None
    for identifier, relations in documents.items():
        said = tuple(relation for _, relation in relations.values())
        yield PubTatorRecord(identifier, "", None, (), said, 0)


def _rows(stream: io.BufferedReader, name: str) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryFile() as file:  # what its columns are stands at its end
        shutil.copyfileobj(stream, file)
        parquet = pq.ParquetFile(file)
        missing = _COLUMNS.keys() - set(parquet.schema_arrow.names)
        if missing:
            lacks = ", ".join(sorted(missing))
            raise MalformedInput(name, f"expected Parquet of `harmonize predict`, found no column {lacks}")
        known = {**_COLUMNS, _NOVELTY: pa.string()}
        columns = [column for column in known if column in parquet.schema_arrow.names]
        schema = pa.schema([(column, known[column]) for column in columns])
        for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=columns):
            yield from pa.Table.from_batches([batch]).select(columns).cast(schema).to_pylist()


def _add(row: dict[str, Any], relations: _Surest) -> None:
    head, tail, label = (row[column] or "" for column in ("head_id", "tail_id", "label"))
    key, confidence = (frozenset((head, tail)), label), row["confidence"] or 0.0
    if key not in relations or confidence > relations[key][0]:
        relations[key] = confidence, PubTatorRelation(label, head, tail, row.get(_NOVELTY), 0)
