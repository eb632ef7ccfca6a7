"""Reading a union set back. Any Parquet reader will do; this one checks names and puts the parts together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from harmonize.errors import UnknownName
from harmonize.given import given_path
from harmonize.model import SPLITS
from harmonize.names import listed
from harmonize.union.manifest import corpus_held, read_manifest
from harmonize.union.partition import PartitionFile, row_batches
from harmonize.union.schema import SCHEMA

__all__ = ["load_union", "union_files", "wanted_parts"]


def load_union(
    path: Path | str = "artifacts/union",
    *,
    corpora: Iterable[str] | None = None,
    splits: Iterable[str] | None = None,
    columns: Iterable[str] | None = None,
) -> pa.Table:
    """The rows of a union set, or of some of its corpora and splits.

    Args:
        path: the set's folder, the one with manifest.json.
        corpora, splits, columns: all unless given. A corpus goes by its key or its display name, in any
            letter case.

    Returns:
        A table with the columns of harmonize.union.schema.SCHEMA; `.to_pandas()` makes a data frame. What a
        set of an earlier schema lacks of nullable columns is null.

    Raises:
        UnionError: no union set there, or a file of it is missing or broken.
        UnknownName: a corpus that the set does not hold, or a split or column that does not exist.
        HarmonizeError: a text in the place of a list.
    """
    folder = given_path(path, "path")
    names = list(SCHEMA.names) if columns is None else listed(columns, "columns")
    for name in names:
        if name not in SCHEMA.names:
            raise UnknownName("column", name, SCHEMA.names)
    schema = pa.schema([SCHEMA.field(name) for name in names])
    files = union_files(folder, read_manifest(folder), corpora, splits)
    batches = [batch for file in files for batch in row_batches(file, names)]
    return pa.Table.from_batches(batches, schema).unify_dictionaries()


def wanted_parts(
    manifest: dict[str, Any], corpora: Iterable[str] | None, splits: Iterable[str] | None
) -> tuple[list[str], list[str]]:
    """The keys of the wanted corpora, and the wanted splits; all where None.

    Raises:
        UnknownName: a corpus that the set does not hold, or a split that does not exist.
        HarmonizeError: a text in the place of a list.
    """
    named = list(manifest["corpora"]) if corpora is None else listed(corpora, "corpora")
    wanted = [corpus_held(manifest, name) for name in named]
    wanted_splits: list[str] = list(SPLITS) if splits is None else listed(splits, "splits")
    for name in wanted_splits:
        if name not in SPLITS:
            raise UnknownName("split", name, SPLITS)
    return wanted, wanted_splits


def union_files(
    folder: Path, manifest: dict[str, Any], corpora: Iterable[str] | None, splits: Iterable[str] | None
) -> list[PartitionFile]:
    """The data files of the wanted corpora and splits, in the manifest's order.

    Raises:
        UnknownName: a corpus that the set does not hold, or a split that does not exist.
    """
    wanted, wanted_splits = wanted_parts(manifest, corpora, splits)
    return [
        PartitionFile(corpus, split, folder / part["file"])
        for corpus, entry in manifest["corpora"].items()
        for split, part in entry["splits"].items()
        if corpus in wanted and split in wanted_splits and part["file"] is not None
    ]
