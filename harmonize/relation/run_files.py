"""The files that tell of a finished run. Nothing here imports torch, so that to look at a run is quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harmonize.errors import MalformedInput, MissingInput

__all__ = [
    "ENSEMBLE_FILE",
    "FIRST",
    "LEFT_OUT",
    "LINEAR_FILE",
    "PROMPT_FILE",
    "RECIPE",
    "TRAINING",
    "check_is_run",
    "holds_run",
    "read_record",
]

RECIPE, TRAINING, LEFT_OUT = "recipe.yaml", "training.json", "left_out.tsv"
PROMPT_FILE, LINEAR_FILE, ENSEMBLE_FILE = "prompt.json", "linear.json", "ensemble.json"
"""Which of them a run has tells of what kind it is."""
FIRST = "first"
"""The folder in a run with what it was after the first of two stages, a run of its own."""


def holds_run(folder: Path) -> bool:
    """True for the folder of a run of some kind, broken perhaps."""
    return any((folder / name).is_file() for name in (PROMPT_FILE, LINEAR_FILE, ENSEMBLE_FILE))


def check_is_run(folder: Path) -> None:
    """A run of some kind lies there, broken perhaps.

    Raises:
        MissingInput: none does.
    """
    if not holds_run(folder):
        raise MissingInput(folder, f"expected a run of `harmonize train`, found no {PROMPT_FILE}")


def read_record(folder: Path) -> dict[str, Any]:
    """training.json of a run.

    Raises:
        MissingInput, MalformedInput: there is none, or a broken one.
    """
    path = folder / TRAINING
    if not path.is_file():
        raise MissingInput(folder, f"expected a run of `harmonize train`, found no {TRAINING}")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MalformedInput(path, f"expected JSON: {error}") from None
    if not isinstance(record, dict) or "rows" not in record:
        raise MalformedInput(path, "expected what `harmonize train` writes")
    return record
