"""The whole texts of a set's documents, read when they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from harmonize.model import Passage, Span
from harmonize.union.documents import DocumentKey, StoredDocument
from harmonize.union.parquet import parquet_faults
from harmonize.union.schema import DOCUMENTS

__all__ = ["texts_of"]

_COLUMNS = ["corpus", "split", "document_id", "pmid", "text", "passages"]


def texts_of(
    folder: Path, keys: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], StoredDocument]:
    """The texts of some documents of the set at `folder`, by (corpus, split, document id).

    Raises:
        UnionError: documents.parquet is missing or broken.
    """
    wanted = set(keys)
    path = folder / DOCUMENTS
    with parquet_faults(path):
        ids = pa.array(sorted({document_id for _, _, document_id in wanted}), pa.string())
        table = ds.dataset(path, format="parquet").to_table(
            columns=_COLUMNS, filter=ds.field("document_id").isin(ids)
        )
        found: dict[tuple[str, str, str], StoredDocument] = {}
        for row in table.to_pylist():
            key = DocumentKey(row["corpus"], row["split"], row["document_id"])
            if key in wanted:
                passages = tuple(Passage(p["kind"], Span(p["start"], p["end"])) for p in row["passages"])
                found[key] = StoredDocument(key, row["pmid"], row["text"], passages)
    return found
