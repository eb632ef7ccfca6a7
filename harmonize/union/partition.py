"""A data file of a set and its rows: what stands in it, and what its folders are called by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.errors import UnionError
from harmonize.union.parquet import parquet_faults
from harmonize.union.schema import FILE_SCHEMA, SCHEMA, SCHEMA_VERSION

__all__ = ["PartitionFile", "repeated", "row_batches", "with_partition"]

_ROWS_PER_BATCH = 10_000


class PartitionFile(NamedTuple):
    """Where the rows of one corpus and split stand."""

    corpus: str
    split: str
    path: Path


def row_batches(file: PartitionFile, columns: Sequence[str] = SCHEMA.names) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a data file, with `columns` of SCHEMA.

    A column that a set of an older minor version lacks is null.

    Raises:
        UnionError: the file is missing or broken, or has other columns than the schema's.
    """
    schema = pa.schema([SCHEMA.field(name) for name in columns])
    with parquet_faults(file.path), pq.ParquetFile(file.path) as parquet:
        found = parquet.schema_arrow
        if not _is_readable(found):
            raise UnionError(f"{file.path}: expected the columns of schema {SCHEMA_VERSION}")
        held = [name for name in columns if name in found.names]
        for batch in parquet.iter_batches(_ROWS_PER_BATCH, columns=held):
            yield _completed(batch, file, schema)


def _is_readable(found: pa.Schema) -> bool:
    """True if each column is there as FILE_SCHEMA has it, or may be null and was added by a later version."""
    return all(
        found.field(field.name).equals(field) if field.name in found.names else field.nullable
        for field in FILE_SCHEMA
    )


def _completed(batch: pa.RecordBatch, file: PartitionFile, schema: pa.Schema) -> pa.RecordBatch:
    values = file._asdict()
    columns = [
        batch.column(field.name)
        if field.name in batch.schema.names
        else repeated(values.get(field.name), batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def with_partition(table: pa.Table, file: PartitionFile) -> pa.Table:
    """Columns of a data file, and behind them those that its folders name."""
    for name in ("corpus", "split"):
        field = SCHEMA.field(name)
        table = table.append_column(field, repeated(getattr(file, name), table.num_rows, field.type))
    return table


def repeated(value: Any, count: int, kind: pa.DataType) -> pa.Array:
    """A column with one value in each of `count` rows."""
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            pa.repeat(pa.scalar(0, kind.index_type), count), pa.array([value])
        )
    return pa.repeat(pa.scalar(value, kind), count)
