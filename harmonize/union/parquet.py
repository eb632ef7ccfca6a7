"""What reading a Parquet file of a set can come upon, as errors of one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from harmonize.errors import UnionError

__all__ = ["check_columns", "parquet_faults"]


@contextmanager
def parquet_faults(path: Path) -> Iterator[None]:
    """Raise UnionError for what goes wrong in the block while `path` is read.

    Besides what Arrow calls its own: ValueError for nulls and for bytes that are no text, KeyError for a
    column that is not there, TypeError for a value of another type.
    """
    try:
        yield
    except FileNotFoundError:
        raise UnionError(f"{path}: expected a file of the union set, found none") from None
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise UnionError(f"{path}: expected Parquet, got: {error}") from None


def check_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    """Raises UnionError unless a file has the columns of a schema, in order and with their types."""
    if not found.equals(expected):
        raise UnionError(f"{path}: expected the columns {', '.join(expected.names)}, with their types")
