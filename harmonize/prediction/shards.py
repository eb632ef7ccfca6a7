"""Annotated documents as shards: Parquet files of so many documents each, that many workers can share.

    <folder>/manifest.json              documents in and out, how they were read, every shard with its hash
    <folder>/data/part-00000.parquet    see `shard_schema`; the documents stand in the order of the input

A document comes back from its shard as it was, so that predicting the shards is predicting the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harmonize import __version__
from harmonize.errors import AccountingError, HarmonizeError, MalformedInput, MissingInput
from harmonize.formats.passages import TextChoice
from harmonize.model import Document
from harmonize.prediction.shard_manifest import SHARD_SCHEMA_VERSION, VERSION_KEY, Shard, ShardManifest
from harmonize.prediction.shard_rows import document_of, row_of, shard_schema
from harmonize.prediction.tally import Tally, by_reason
from harmonize.union.manifest import file_entry, write_manifest
from harmonize.union.schema import DATA, MANIFEST
from harmonize.writing.parquet import parquet_writer
from harmonize.writing.replace import new_folder

__all__ = ["DOCUMENTS_PER_SHARD", "part_name", "read_shard", "read_shards", "write_shards"]

DOCUMENTS_PER_SHARD = 2_000
_DOCUMENTS_PER_GROUP = 500  # to hold as Python objects at once


def part_name(number: int) -> str:
    """The file of a shard, or of what is predicted of it, below its folder."""
    return f"{DATA}/part-{number:05}.parquet"


# Writing


def write_shards(
    documents: Iterable[Document],
    out: Path,
    *,
    as_corpus: str,
    tally: Tally,
    types: Mapping[str, str | None] | None = None,
    text: TextChoice = "abstract",
    documents_per_shard: int = DOCUMENTS_PER_SHARD,
) -> ShardManifest:
    """Write documents as shards, beside `out`, whose place they take when all are written.

    Memory does not grow with the number of documents, nor with that of a shard.

    Args:
        as_corpus: the mapping whose rules have read the documents.
        tally: of the reading; by the end of `documents` it has counted them all.
        types: the user's own types that they were read with.
        text: what was read of full texts.

    Raises:
        ValueError: fewer than one document a shard.
        AccountingError: documents were lost between reading and writing.
    """
    if documents_per_shard < 1:
        raise ValueError(f"expected at least 1 document a shard, got {documents_per_shard}")
    with new_folder(out) as folder:
        (folder / DATA).mkdir()
        shards = [
            _write_shard(folder, part_name(number), chunk)
            for number, chunk in enumerate(_chunks(documents, documents_per_shard))
        ]
        written = sum(shard.documents for shard in shards)
        if tally.documents != written + tally.skipped.total():
            raise AccountingError(
                f"{out}: {tally.documents} documents in, {written} out, {tally.skipped.total()} skipped"
            )
        content = {
            VERSION_KEY: SHARD_SCHEMA_VERSION,
            "package_version": __version__,
            "as_corpus": as_corpus,
            "types": dict(types or {}),
            **_account(tally, written),
            "text": text,
            "passages_left_out": dict(sorted(tally.passages.items())),
            "shards": [shard.model_dump() for shard in shards],
        }
        write_manifest(folder, content)
    return ShardManifest.model_validate(content)


def _account(tally: Tally, written: int) -> dict[str, Any]:
    """Documents in and out, and the mentions that were left out of them."""
    skipped = dict(sorted(tally.skipped.items()))
    return {
        "documents": {"in": tally.documents, "out": written, "skipped": skipped},
        "left_out": by_reason(tally.left_out),
    }


def _chunks(documents: Iterable[Document], size: int) -> Iterator[Iterator[Document]]:
    """Runs of so many documents; each must be taken to its end before the next is asked for."""
    rest = iter(documents)
    for first in rest:
        yield chain((first,), islice(rest, size - 1))


def _write_shard(folder: Path, name: str, documents: Iterator[Document]) -> Shard:
    path, count = folder / name, 0
    about = {VERSION_KEY: SHARD_SCHEMA_VERSION, "package_version": __version__}
    schema = shard_schema(about)
    with parquet_writer(path, schema) as writer:
        for group in _chunks(documents, _DOCUMENTS_PER_GROUP):
            rows = [row_of(document) for document in group]
            writer.write_table(_table(rows, schema))
            count += len(rows)
    return Shard(file=name, documents=count, **file_entry(path))


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    try:
        return pa.Table.from_pylist(rows, schema=schema)
    except UnicodeEncodeError as error:
        raise HarmonizeError(f"expected characters in documents, got: {error}") from None


# Reading


def read_shards(folder: Path, manifest: ShardManifest) -> Iterator[Document]:
    """The documents of all shards, in the order of the input; memory as in reading one.

    Raises:
        MissingInput, MalformedInput: see `read_shard`.
    """
    for shard in manifest.shards:
        yield from read_shard(folder, shard)


def read_shard(folder: Path, shard: Shard) -> Iterator[Document]:
    """The documents of a shard; memory is bounded by some hundreds of them.

    Raises:
        MissingInput: its file is not there.
        MalformedInput: the file is not as the manifest says.
    """
    path = folder / shard.file
    with _shard_faults(path):
        if file_entry(path)["sha256"] != shard.sha256:
            raise MalformedInput(path, f"expected the file that {MANIFEST} names, got another")
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(shard_schema()):
                names = ", ".join(shard_schema().names)
                raise MalformedInput(path, f"expected the columns {names}, with their types")
            for batch in file.iter_batches(_DOCUMENTS_PER_GROUP):
                for row in batch.to_pylist():
                    yield document_of(row)


@contextmanager
def _shard_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise MissingInput(path, "expected a shard, found none") from None
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise MalformedInput(path, f"expected a shard, got: {error}") from None
