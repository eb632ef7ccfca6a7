"""What verify asks of the schema of a Parquet file, and how it reads the rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.check.fault import Fault
from harmonize.check.manifest import flat
from harmonize.writing.parquet import METADATA_KEY

__all__ = [
    "UNREADABLE",
    "Row",
    "is_readable",
    "loosened",
    "metadata_faults",
    "null_faults",
    "numbered_rows",
    "schema_faults",
]

UNREADABLE = (pa.ArrowException, OSError, UnicodeError)
"""What reading a broken Parquet file raises."""

Row = dict[str, Any]
_ROWS_PER_BATCH = 5_000


def schema_faults(file: str, found: pa.Schema, expected: pa.Schema) -> Iterator[Fault]:
    """Columns that are missing, too many, of another type, or in another order."""
    fields, wanted = {f.name: f for f in found}, {f.name: f for f in expected}
    for name in (*wanted, *(name for name in fields if name not in wanted)):
        kind, got = _kind(wanted.get(name)), _kind(fields.get(name))
        if kind != got:
            yield Fault(file, f"column {name}", f"expected {kind}, got {got}")
    if set(fields) == set(wanted) and found.names != expected.names:
        yield Fault(
            file, "", f"expected the columns {', '.join(expected.names)}, got {', '.join(found.names)}"
        )


def _kind(column: pa.Field | None) -> str:
    if column is None:
        return "no such column"
    return f"{column.type}{'' if column.nullable else ' not null'}"


def is_readable(found: pa.Schema, expected: pa.Schema) -> bool:
    """True if the columns are the expected ones, but for which of them may hold nulls."""
    return bool(found.names == expected.names and found.types == expected.types)


def metadata_faults(file: str, schema: pa.Schema, expected: Mapping[str, Any]) -> Iterator[Fault]:
    """Where the JSON in a file's metadata differs from what is expected."""
    content = (schema.metadata or {}).get(METADATA_KEY)
    if content is None:
        yield Fault(file, "metadata", f"expected the key {METADATA_KEY.decode()}, got none")
        return
    try:
        found = flat(json.loads(content))
    except (ValueError, AttributeError):
        yield Fault(file, "metadata", f"expected a JSON object under {METADATA_KEY.decode()}, got none")
        return
    wanted = flat(expected)
    for key in sorted(set(wanted) | set(found)):
        if wanted.get(key) != found.get(key):
            yield Fault(
                file, f"metadata, {key}", f"expected {wanted.get(key, 'none')}, got {found.get(key, 'none')}"
            )


def numbered_rows(file: pq.ParquetFile) -> Iterator[tuple[int, Row]]:
    """The rows with their numbers, from 0; some thousands are in memory at a time."""
    number = 0
    for batch in file.iter_batches(_ROWS_PER_BATCH):
        for row in batch.to_pylist():
            yield number, row
            number += 1


def loosened(found: pa.Schema, expected: pa.Schema) -> list[str]:
    """The columns that may hold nulls in a file and should not."""
    return [f.name for f in expected if not f.nullable and found.field(f.name).nullable]


def null_faults(row: Row, columns: Iterable[str]) -> list[str]:
    """A message for each of the columns that is null."""
    return [f"expected a value of {name}, got null" for name in columns if row[name] is None]
