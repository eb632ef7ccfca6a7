"""The front matter of a card, by which the Hugging Face Hub and `datasets.load_dataset` know a set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harmonize.model import SPLITS
from harmonize.union.description import KEYWORDS, licence_id, title
from harmonize.union.manifest import SplitCounts
from harmonize.union.schema import DATA

__all__ = ["SPLIT_NAMES", "front_matter"]

SPLIT_NAMES = {"train": "train", "dev": "validation", "test": "test"}  # as `datasets` calls them


def front_matter(manifest: dict[str, Any], counts: Sequence[SplitCounts]) -> dict[str, Any]:
    found = any(entry["rules"][0] != "a1" for entry in manifest["corpora"].values())
    return {
        "pretty_name": title(manifest),
        **_front_licence([entry["licence"] for entry in manifest["corpora"].values()]),
        "language": ["en"],
        "task_categories": ["text-classification"],
        "tags": list(KEYWORDS),
        "size_categories": [_size_category(sum(part.instances for part in counts))],
        "annotations_creators": ["expert-generated", *(["machine-generated"] if found else [])],
        "source_datasets": [f"extended|other-{key}" for key in manifest["corpora"]],
        "configs": _configs(manifest),
    }


def _front_licence(licences: Sequence[dict[str, Any]]) -> dict[str, str]:
    by_name = {licence["name"]: licence for licence in licences}
    if len(by_name) > 1:
        return {"license": "other", "license_name": "one-per-corpus", "license_link": "README.md#licences"}
    (licence,) = by_name.values()
    known = licence_id(licence)
    if known is not None:
        return {"license": known}
    return {
        "license": "other",
        "license_name": re.sub(r"[^a-z0-9.]+", "-", licence["name"].casefold()).strip("-"),
        "license_link": licence["url"] or "README.md#licences",
    }


def _size_category(rows: int) -> str:
    bounds = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
    for number, bound in enumerate(bounds):
        if rows < 1_000 * 10**number:
            return f"{bounds[number - 1]}<n<{bound}" if number else f"n<{bound}"
    return "n>1B"


def _configs(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """What `datasets` loads: everything by default, or a corpus by name; only splits that have rows."""
    held = {
        key: [split for split in SPLITS if entry["splits"].get(split, {}).get("file")]
        for key, entry in manifest["corpora"].items()
    }
    of_all = [split for split in SPLITS if any(split in splits for splits in held.values())]
    configs = [("default", "*", of_all), *((key, key, splits) for key, splits in held.items())]
    return [
        {
            "config_name": name,
            "data_files": [
                {"split": SPLIT_NAMES[split], "path": f"{DATA}/corpus={pattern}/split={split}/*.parquet"}
                for split in splits
            ],
        }
        for name, pattern, splits in configs
        if splits
    ]
