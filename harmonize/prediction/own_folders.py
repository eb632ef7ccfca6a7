"""Folders that this package writes, and that hold no files of documents to read."""

from __future__ import annotations

from pathlib import Path

from harmonize.errors import HarmonizeError
from harmonize.prediction.shard_manifest import is_shards
from harmonize.prediction.union_input import is_union
from harmonize.relation.run_files import holds_run

__all__ = ["check_no_folder_of_ours"]


def check_no_folder_of_ours(path: Path, wanted: str) -> None:
    """Raises HarmonizeError for the folder of a set, of shards or of a run in the place of files."""
    if is_union(path):
        got = (
            "a union set's folder; `harmonize evaluate` scores on it, `harmonize export` writes its documents"
        )
    elif is_shards(path):
        got = "a folder of `harmonize shard`; `harmonize predict` reads it"
    elif holds_run(path):
        got = "a run's folder; `harmonize predict` makes its predictions, `harmonize evaluate` scores it"
    else:
        return
    raise HarmonizeError(f"{path}: expected {wanted}, got {got}")
