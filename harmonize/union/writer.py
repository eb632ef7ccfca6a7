"""Writing a union set: documents in any order in, sorted Parquet files out, in memory that does not grow.

Documents are first laid down, mostly a batch each, in one Arrow file per partition; once all are there, the
batches are picked up in order of document id and written as Parquet. Only ids are held in memory. The Arrow
files repeat a document's text in each of its rows, and are not compressed all the same: with so many small
batches that would take a sixth of a build's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize.model import Document, Instance, Split
from harmonize.spec import Corpus
from harmonize.union.documents import DocumentKey
from harmonize.union.parquet import check_columns, parquet_faults
from harmonize.union.partition import PartitionFile, repeated
from harmonize.union.rows import record_batches
from harmonize.union.schema import FILE_SCHEMA, ROW_SCHEMA, part_name, partition_file
from harmonize.writing.parquet import parquet_writer, with_metadata

__all__ = ["Leaks", "Partition", "rewrite_leaks", "write_partition"]

ROWS_PER_GROUP = 10_000


class Partition:
    """The rows of one corpus and split, laid down document by document.

    Args:
        folder: for the temporary Arrow file.
    """

    def __init__(self, corpus: Corpus, split: Split, folder: Path) -> None:
        self.corpus, self.split = corpus, split
        self._path = folder / f"{corpus.key}-{split}.arrow"
        self._sink = pa.OSFile(str(self._path), "wb")
        self._writer = pa.ipc.new_file(self._sink, ROW_SCHEMA)
        self._document_ids: list[str] = []

    def add(self, document: Document, instances: Sequence[Instance]) -> None:
        for batch in record_batches(self.corpus.key, document, instances):
            self._writer.write_batch(batch)
            self._document_ids.append(document.id)

    def close(self) -> None:
        with self._sink:
            self._writer.close()

    def in_order(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """(document id, its rows) by document id, once, after `close`; then the Arrow file is deleted."""
        numbered = sorted((document_id, number) for number, document_id in enumerate(self._document_ids))
        with pa.OSFile(str(self._path)) as source:
            reader = pa.ipc.open_file(source)
            for document_id, number in numbered:
                yield document_id, reader.get_batch(number)
        self._path.unlink()


Leaks = Mapping[DocumentKey, Sequence[str]]
"""Document -> the "corpus/split" names of its rows' `leaks_into`; none for a document that is not there."""


def write_partition(partition: Partition, root: Path, leaks: Leaks, metadata: Mapping[str, Any]) -> int:
    """Write a partition's Parquet file below `root` and return its number of rows.

    Args:
        leaks: of the whole set.
        metadata: written as JSON into the file's metadata.
    """
    path = root / partition_file(partition.corpus.key, partition.split)
    path.parent.mkdir(parents=True)
    schema = with_metadata(FILE_SCHEMA, metadata)
    rows = 0
    with parquet_writer(path, schema) as writer:
        for table in _tables(partition, leaks, schema):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def rewrite_leaks(source: PartitionFile, target: Path, leaks: Leaks) -> None:
    """Copy a data file of a set to `target` with another `leaks_into`; otherwise the bytes stay as they were.

    Raises:
        UnionError: the file is missing or broken, or has other columns.
    """
    with parquet_faults(source.path), pq.ParquetFile(source.path) as file:
        check_columns(source.path, file.schema_arrow, FILE_SCHEMA)
        with parquet_writer(target, file.schema_arrow) as writer:
            for group in range(file.num_row_groups):
                writer.write_table(_leaking(file.read_row_group(group), source, leaks))


def _leaking(table: pa.Table, file: PartitionFile, leaks: Leaks) -> pa.Table:
    keys = (DocumentKey(file.corpus, file.split, name) for name in table["document_id"].to_pylist())
    values = [leaks.get(key, ()) for key in keys]
    number = FILE_SCHEMA.names.index("leaks_into")
    field = FILE_SCHEMA.field(number)
    return table.set_column(number, field, pa.array(values, field.type))


def _tables(partition: Partition, leaks: Leaks, schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of about ROWS_PER_GROUP rows; a document is never divided."""
    batches: list[pa.RecordBatch] = []
    leaking: list[Sequence[str]] = []
    for document_id, batch in partition.in_order():
        batches.append(batch)
        key = DocumentKey(partition.corpus.key, partition.split, document_id)
        leaking += [leaks.get(key, ())] * batch.num_rows
        if len(leaking) >= ROWS_PER_GROUP:
            yield _completed(partition, batches, leaking, schema)
            batches, leaking = [], []
    if batches:
        yield _completed(partition, batches, leaking, schema)


def _completed(
    partition: Partition, batches: list[pa.RecordBatch], leaking: list[Sequence[str]], schema: pa.Schema
) -> pa.Table:
    table = pa.Table.from_batches(batches)
    values = _partition_values(partition)
    columns = []
    for field in schema:
        if field.name == "leaks_into":
            columns.append(pa.array(leaking, field.type))
        elif field.name in values:
            columns.append(repeated(values[field.name], table.num_rows, field.type))
        else:
            columns.append(table[field.name])
    return pa.Table.from_arrays(columns, schema=schema)


def _partition_values(partition: Partition) -> dict[str, Any]:
    spec, rules = partition.corpus.spec, partition.corpus.rules
    return {
        "part": part_name(partition.corpus.key, partition.split),
        "level": "document" if rules.b == "b1" else "sentence",
        "directed": spec.directed,
        "task": rules.task,
        "rules": list(rules.names),
        "licence": spec.licence.name,
        "redistributable": spec.licence.redistributable,
    }
