"""What verify asks of documents.parquet, and of the contexts that the rows say were cut from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from harmonize.check.fault import Fault
from harmonize.check.rows import Context, Seen, digest
from harmonize.check.schema import (
    Row,
    is_readable,
    loosened,
    null_faults,
    numbered_rows,
    schema_faults,
)
from harmonize.errors import shown
from harmonize.ledger import READ
from harmonize.union.documents import DocumentKey
from harmonize.union.manifest_model import Manifest
from harmonize.union.schema import DOCUMENT_SCHEMA, DOCUMENTS

__all__ = ["document_faults"]

_Places = Mapping[Context, tuple[str, str]]


def document_faults(path: Path, manifest: Manifest, seen: Seen, keys: set[DocumentKey]) -> Iterator[Fault]:
    """All that is wrong in the file at `path`, and in the data files beside it.

    Args:
        seen: the contexts of the data files.
        keys: once all is read, the documents are added.

    Raises:
        UNREADABLE: the file is no Parquet.
    """
    with pq.ParquetFile(path) as file:
        yield from schema_faults(DOCUMENTS, file.schema_arrow, DOCUMENT_SCHEMA)
        if not is_readable(file.schema_arrow, DOCUMENT_SCHEMA):
            return
        met: set[DocumentKey] = set()
        required = loosened(file.schema_arrow, DOCUMENT_SCHEMA)
        for number, row in numbered_rows(file):
            key = DocumentKey(row["corpus"], row["split"], row["document_id"])
            messages = null_faults(row, required)
            if key in met:
                messages.append("expected a document of its own, got one that stands before")
            met.add(key)
            if not messages:
                messages += _passage_faults(row)
                yield from _context_faults(row, seen.contexts.get(key, {}))
            for message in messages:
                yield Fault(DOCUMENTS, f"row {number}, {'/'.join(map(str, key))}", message)
    yield from _missing(seen, met)
    yield from _count_faults(manifest, met)
    keys |= met


def _passage_faults(row: Row) -> Iterator[str]:
    length = len(row["text"])
    outside = [p for p in row["passages"] if not 0 <= p["start"] < p["end"] <= length]
    if outside:
        yield f"expected passages inside the {length} characters of the text, got {shown(outside)}"


def _context_faults(row: Row, contexts: _Places) -> Iterator[Fault]:
    for context, (file, place) in contexts.items():
        span = context.span
        if context.pmid != row["pmid"]:
            yield Fault(file, place, f"expected pmid {row['pmid']!r}, as its document, got {context.pmid!r}")
        if not 0 <= span.start <= span.end or digest(span.of(row["text"])) != context.digest:
            yield Fault(
                file,
                place,
                f"expected characters {span.start} to {span.end} of its document, got another text",
            )


def _missing(seen: Seen, keys: set[DocumentKey]) -> Iterator[Fault]:
    for key, contexts in seen.contexts.items():
        if key not in keys:
            file, place = next(iter(contexts.values()))
            yield Fault(file, place, f"expected a document of {DOCUMENTS}, got {key.document_id!r}")


def _count_faults(manifest: Manifest, keys: set[DocumentKey]) -> Iterator[Fault]:
    expected = {
        (corpus, str(split)): part.account(READ, "documents").out
        for corpus, entry in manifest.corpora.items()
        for split, part in entry.splits.items()
    }
    found = Counter((key.corpus, key.split) for key in keys)
    for corpus, split in sorted({*expected, *found}, key=str):
        count = expected.get((corpus, split), 0)
        if found[corpus, split] != count:
            yield Fault(
                DOCUMENTS, f"{corpus}/{split}", f"expected {count} documents, got {found[corpus, split]}"
            )
