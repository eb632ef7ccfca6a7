"""documents.parquet: the whole text of every document behind a set's rows.

A row of the set holds its context only; what compares, exports or divides documents needs all of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harmonize.model import Document, Passage, Span
from harmonize.union.parquet import check_columns, parquet_faults
from harmonize.union.schema import DOCUMENT_SCHEMA, DOCUMENTS
from harmonize.writing.parquet import parquet_writer

__all__ = ["DocumentKey", "DocumentsWriter", "StoredDocument", "read_documents"]

_DOCUMENTS_PER_GROUP = 1_000


class DocumentKey(NamedTuple):
    """What names a document in a set."""

    corpus: str
    split: str
    document_id: str


class StoredDocument(NamedTuple):
    """A line of documents.parquet."""

    key: DocumentKey
    pmid: str | None
    text: str
    passages: tuple[Passage, ...]


class DocumentsWriter:
    """Writes documents as they come; memory is bounded by a group of them."""

    def __init__(self, folder: Path) -> None:
        self._writer = parquet_writer(folder / DOCUMENTS, DOCUMENT_SCHEMA)
        self._waiting: list[dict[str, Any]] = []

    def add(self, corpus: str, document: Document) -> None:
        passages = [
            {"kind": passage.kind, "start": passage.span.start, "end": passage.span.end}
            for passage in document.passages
        ]
        self._waiting.append(
            {
                "corpus": corpus,
                "split": document.split,
                "document_id": document.id,
                "pmid": document.pmid,
                "text": document.text,
                "passages": passages,
            }
        )
        if len(self._waiting) >= _DOCUMENTS_PER_GROUP:
            self._write_waiting()

    def close(self) -> None:
        with self._writer:
            self._write_waiting()

    def _write_waiting(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=DOCUMENT_SCHEMA))
        self._waiting = []


def read_documents(
    folder: Path, corpus: str | None = None, split: str | None = None
) -> Iterator[StoredDocument]:
    """The documents of the set at `folder`, in the order of their corpora's files; memory as in writing.

    Args:
        corpus, split: of the documents wanted, all unless given. Nothing is made of the others.

    Raises:
        UnionError: the file is missing or broken.
    """
    path = folder / DOCUMENTS
    with parquet_faults(path), pq.ParquetFile(path) as file:
        check_columns(path, file.schema_arrow, DOCUMENT_SCHEMA)
        for batch in file.iter_batches(_DOCUMENTS_PER_GROUP):
            for column, wanted in (("corpus", corpus), ("split", split)):
                if wanted is not None:
                    batch = batch.filter(pc.equal(batch[column], wanted))
            for row in batch.to_pylist():
                yield _document(row)


def _document(row: dict[str, Any]) -> StoredDocument:
    passages = tuple(Passage(p["kind"], Span(p["start"], p["end"])) for p in row["passages"])
    key = DocumentKey(row["corpus"], row["split"], row["document_id"])
    return StoredDocument(key, row["pmid"], row["text"], passages)
