"""Parquet files: how they are packed, and what a file says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.errors import HarmonizeError
from harmonize.writing.json_files import canonical_json

__all__ = ["METADATA_KEY", "check_name", "parquet_writer", "with_metadata", "write_parquet"]

METADATA_KEY = b"harmonize"
"""The key of a file's metadata under which a JSON object says what the file is."""

_CODEC = "zstd"


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as one file.

    Raises:
        HarmonizeError: see `check_name`.
    """
    check_name(path)
    pq.write_table(table, path, compression=_CODEC)


def parquet_writer(sink: Path | IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of a file, to be closed, or used as a context.

    Raises:
        HarmonizeError: see `check_name`.
    """
    if isinstance(sink, Path):
        check_name(sink)
    return pq.ParquetWriter(sink, schema, compression=_CODEC)


def check_name(path: Path) -> None:
    """Raises HarmonizeError for a path that is no UTF-8, at which pyarrow neither writes nor reads."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise HarmonizeError(f"{path}: expected a name in UTF-8, Parquet files can have no other") from None


def with_metadata(schema: pa.Schema, about: Mapping[str, Any]) -> pa.Schema:
    """The schema of a file that says this of itself; other metadata are dropped."""
    return schema.with_metadata({METADATA_KEY: canonical_json(about).encode()})
