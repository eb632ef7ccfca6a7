"""The files that tell of a finished run. Nothing here imports torch, so that to look at a run is quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harmonize.errors import MalformedInput, MissingInput

__all__ = ["LEFT_OUT", "RECIPE", "TRAINING", "read_record"]

RECIPE, TRAINING, LEFT_OUT = "recipe.yaml", "training.json", "left_out.tsv"


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
