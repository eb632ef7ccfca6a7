"""Encoded pairs kept beside the union set, so that a second training on the same rows begins at once.

    SET.encoded/KEY.arrow     input_ids and token_type_ids of each row, in their order

The key is a hash of all that an input depends on: the set's manifest, the rows, the tokenizer, its tags, the
kind of input and the length. A broken file, or a folder that cannot be written to, is as if there were none.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from harmonize.relation.encode.encoding import Encoded, TextEncoder
from harmonize.writing.json_files import json_hash
from harmonize.writing.replace import new_path

__all__ = ["Cache", "cache_folder"]

WORTH_KEEPING = 10_000
"""Rows; fewer are encoded in a few seconds."""

_VERSION = 2
_ROWS = 8192
_SCHEMA = pa.schema(
    [
        pa.field("input_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("token_type_ids", pa.list_(pa.int8()), nullable=False),
        pa.field("windows", pa.int32(), nullable=False),
        pa.field("cut", pa.bool_(), nullable=False),
        pa.field("lost", pa.int8(), nullable=False),
        pa.field("head_place", pa.int32(), nullable=False),
        pa.field("tail_place", pa.int32(), nullable=False),
    ]
)


def cache_folder(union: Path) -> Path:
    """Where the encoded rows of a set stand."""
    return union.with_name(f"{union.name}.encoded")


class Cache:
    """Encoded rows of one set.

    Args:
        folder: see `cache_folder`.
        manifest: the hash of what the rows are from: see harmonize.relation.train.record.rows_hash.
    """

    def __init__(self, folder: Path, manifest: str) -> None:
        self.folder, self.manifest = folder, manifest

    def encoded(
        self, instances: Sequence[str], encoder: TextEncoder, make: Iterable[Encoded]
    ) -> Iterator[Encoded]:
        """The inputs of rows: from their file, or as `make` gives them, written on the way.

        Args:
            instances: the ids of the rows, in order.
            encoder: that `make` encodes with.
        """
        if len(instances) < WORTH_KEEPING:
            yield from make
            return
        path = self.folder / f"{self.key(instances, encoder)}.arrow"
        kept = _read(path, len(instances))
        if kept is not None:
            yield from kept
            return
        with contextlib.closing(_keeping(path)) as keeping:
            is_kept = _kept(keeping, None)
            for batch in _batches(make):
                is_kept = is_kept and _kept(keeping, batch)
                yield from batch
            if is_kept:
                _kept(keeping, [])

    def key(self, instances: Iterable[str], encoder: TextEncoder) -> str:
        """The name of the file of these rows, so encoded."""
        rows = hashlib.sha256()
        for instance in instances:
            rows.update(instance.encode() + b"\n")
        tokenizer: Any = encoder.tokenizer
        about = {
            "version": _VERSION,
            "manifest": self.manifest,
            "rows": rows.hexdigest(),
            "tokenizer": hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
            "tags": encoder.tags,
            "input": encoder.kind.name,
            "max_length": encoder.max_length,
            # None is not told, so that what was kept before there was any is still found.
            **({} if encoder.knowledge is None else {"knowledge": encoder.knowledge.sha256}),
        }
        return json_hash(about)[:32]


_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def _batches(encoded: Iterable[Encoded]) -> Iterator[list[Encoded]]:
    rows = iter(encoded)
    while batch := list(islice(rows, _ROWS)):
        yield batch


def _keeping(path: Path) -> Generator[None, Sequence[Encoded] | None, None]:
    """Writes each batch that it is sent, and ends with an empty one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_path(path) as part, pa.ipc.new_file(str(part), _SCHEMA, options=_OPTIONS) as writer:
        while batch := (yield):
            writer.write_batch(pa.RecordBatch.from_pydict(_columns(batch), schema=_SCHEMA))


def _kept(keeping: Generator[None, Sequence[Encoded] | None, None], batch: Sequence[Encoded] | None) -> bool:
    """Send it on, or the None that it begins with; False if it cannot be written, or is the last."""
    try:
        keeping.send(batch)
    except (OSError, StopIteration):
        return False
    return True


def _columns(batch: Sequence[Encoded]) -> Mapping[str, list[Any]]:
    return {name: [getattr(one, name) for one in batch] for name in _SCHEMA.names}


def _read(path: Path, rows: int) -> Iterator[Encoded] | None:
    """The inputs of a file, None where there is none, or one that is not whole."""
    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            batches = [reader.get_batch(place) for place in range(reader.num_record_batches)]
    except (OSError, pa.ArrowInvalid):
        return None
    if sum(batch.num_rows for batch in batches) != rows or any(batch.schema != _SCHEMA for batch in batches):
        return None
    return (Encoded(*row) for batch in batches for row in zip(*_lists(batch), strict=True))


def _lists(batch: pa.RecordBatch) -> list[Any]:
    """Its columns; lists of numbers as arrays, which are many times smaller than Python's lists."""
    return [
        batch[name].to_numpy(zero_copy_only=False)
        if pa.types.is_list(batch.schema.field(name).type)
        else batch[name].to_pylist()
        for name in _SCHEMA.names
    ]
