"""A manifest of as little as there has to be, for sets that tests write by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harmonize.spec import load_leak_settings
from harmonize.union.schema import (
    CARD,
    CROISSANT,
    DOCUMENTS,
    DROPPED,
    LEAKS,
    LEAKS_TABLE,
    SCHEMA_VERSION,
)

NOTHING = {"in": 0, "out": 0, "dropped": {}}
NO_BYTES = {"bytes": 0, "sha256": ""}


def made_manifest(corpora: Mapping[str, Mapping[str, Path | None]]) -> dict[str, Any]:
    """A manifest that `read_manifest` takes.

    Args:
        corpora: corpus -> split -> its data file, None for a split without rows.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "package_version": "0",
        "sentences": "rules",
        "abbreviations": False,
        "pubtator": None,
        "licences": {"terms": "any", "accepted": []},
        "leaks": {"pairs": 0, "settings": load_leak_settings().model_dump()},
        "corpora": {name: made_corpus(name, splits) for name, splits in corpora.items()},
        "files": dict.fromkeys((DROPPED, DOCUMENTS, LEAKS, LEAKS_TABLE, CARD, CROISSANT), NO_BYTES),
    }


def made_corpus(name: str, splits: Mapping[str, Path | None]) -> dict[str, Any]:
    """A corpus' entry."""
    units = dict.fromkeys(("documents", "mentions", "relations"), NOTHING)
    rest = {"labels": {}, "steps": {"read": units}}
    return {
        "name": name.capitalize(),
        "licence": {
            "name": "L",
            "url": None,
            "redistributable": False,
            "noncommercial": False,
            "accept": False,
        },
        "citation": "C",
        "bibtex": "",
        "home": "H",
        "rules": ["a1", "b1", "c1", "d1", "e1"],
        "task": name,
        "source": "s",
        "own_ids": {},
        "source_files": {},
        "mappings": {},
        "published": {"abstracts": 0, "relations": 0, "why": None},
        "splits": {
            split: {"file": None, **rest}
            if file is None
            else {"file": file.as_posix(), "rows": 0, **NO_BYTES, **rest}
            for split, file in splits.items()
        },
    }
