"""Parquet files: packed alike, and saying what they are."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harmonize.errors import HarmonizeError
from harmonize.writing.parquet import METADATA_KEY, parquet_writer, with_metadata, write_parquet

TABLE = pa.table({"a": [1, 2], "b": ["x", None]})


def codecs(path: Path) -> set[str]:
    group = pq.ParquetFile(path).metadata.row_group(0)
    return {group.column(place).compression for place in range(group.num_columns)}


def test_a_table_is_packed_and_read_back(tmp_path: Path) -> None:
    write_parquet(TABLE, tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").equals(TABLE)
    assert codecs(tmp_path / "a.parquet") == {"ZSTD"}


def test_a_writer_packs_the_same(tmp_path: Path) -> None:
    write_parquet(TABLE, tmp_path / "a.parquet")
    with parquet_writer(tmp_path / "b.parquet", TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    schema = with_metadata(TABLE.schema, {"version": 1, "about": "μ"})
    write_parquet(TABLE.cast(schema), tmp_path / "a.parquet")
    said = pq.read_schema(tmp_path / "a.parquet").metadata[METADATA_KEY]
    assert json.loads(said) == {"version": 1, "about": "μ"}
    assert said == b'{"about": "\\u03bc", "version": 1}'


def test_a_name_that_is_no_utf_8_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.parquet")
    message = re.escape(r"\udcff.parquet: expected a name in UTF-8")
    with pytest.raises(HarmonizeError, match=message):
        write_parquet(TABLE, path)
    with pytest.raises(HarmonizeError, match=message):
        parquet_writer(path, TABLE.schema)
    assert not list(tmp_path.iterdir())
