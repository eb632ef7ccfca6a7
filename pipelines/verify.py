"""harmonize verify: the faults of a union set, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harmonize.check.verify import Fault
from harmonize.writing.json_files import json_text

__all__ = ["as_json", "report"]


def report(union: Path, faults: Sequence[Fault]) -> Iterator[RenderableType]:
    """A table of the faults, if there are any, and a line that sums up."""
    if not faults:
        yield Text(f"{union} is whole: every file and row is as its manifest says.")
        return
    table = Table(title="Faults", title_justify="left")
    for column in ("file", "place", "what was expected"):
        table.add_column(column, overflow="fold")
    for fault in faults:
        table.add_row(*(Text(part) for part in fault))
    yield table
    files = len({fault.file for fault in faults})
    yield Text(f"{union} is not whole: lines above: {len(faults):,}, files: {files:,}.")


def as_json(faults: Sequence[Fault]) -> str:
    """A list of objects with file, place and message."""
    return json_text([fault._asdict() for fault in faults]).rstrip("\n")
