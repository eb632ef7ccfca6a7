"""The last step of a set: what is said of the whole of it, once its rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harmonize.spec import LeakSettings
from harmonize.union.card import card
from harmonize.union.croissant import croissant
from harmonize.union.leak_table import leak_table
from harmonize.union.leaks import Repeat, write_repeats
from harmonize.union.manifest import file_entry, write_manifest
from harmonize.union.schema import CARD, CROISSANT, DOCUMENTS, DROPPED, LEAKS, LEAKS_TABLE
from harmonize.writing.text import write_text

__all__ = ["finish"]


def finish(folder: Path, manifest: dict[str, Any], repeats: Sequence[Repeat], settings: LeakSettings) -> None:
    """Write leaks.parquet, leaks.md, the card, its metadata and the manifest of the set in `folder`.

    Args:
        folder: holds the data, the documents and the list of drops.
        manifest: without what is known only now: the files' sizes and hashes and the number of repeats.
    """
    write_repeats(folder, repeats)
    write_text(folder / LEAKS_TABLE, leak_table(repeats, settings))
    manifest["leaks"] = {"pairs": len(repeats), "settings": settings.model_dump()}
    manifest["files"] = {name: file_entry(folder / name) for name in (DROPPED, DOCUMENTS, LEAKS, LEAKS_TABLE)}
    for entry in manifest["corpora"].values():
        for part in entry["splits"].values():
            if part["file"] is not None:
                part |= file_entry(folder / part["file"])
            if part.get("nary") is not None:
                part["nary"] |= file_entry(folder / part["nary"]["file"])
    for name, text in ((CARD, card(manifest, repeats)), (CROISSANT, croissant(manifest))):
        write_text(folder / name, text)
        manifest["files"][name] = file_entry(folder / name)
    write_manifest(folder, manifest)
