"""What one process of a session is told, and how it begins. Loads nothing heavy."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bare import hidden
from entries import Entry
from gpu_common import write

from harmonize.errors import HarmonizeError
from harmonize.relation.recipe import Recipe, load_recipe

RESULT, PREDICTIONS, LOG = "result.json", "predictions.parquet", "log.txt"
UNWATCHED = {"development": None, "patience": None, "threshold": "even", "evaluate_every": 1_000_000}
"""Values of a training that is not scored, and writes no checkpoint on the way."""


@dataclass(frozen=True)
class Job:
    """An entry with all that its process needs.

    Attributes:
        union, encoder: folders.
        folder: where it writes; those of other entries stand beside it.
        device: "cpu" or "cuda".
        until: when it must be done, as time.time() counts.
        others: entries to compare F with, if they are done.
        toy: values that make any recipe small, for a rehearsal; None outside of one.
    """

    entry: Entry
    union: Path
    encoder: Path
    folder: Path
    device: str
    until: float
    others: tuple[str, ...] = ()
    toy: Mapping[str, Any] | None = None

    def recipe(self, **more: Any) -> Recipe:
        """The entry's recipe with its values."""
        entry = self.entry
        toy = {} if self.toy is None else {**self.toy, **entry.toy}
        own = {**entry.values, "encoder": str(self.encoder), "seed": entry.seed, **toy, **more}
        if toy and "first" in own:
            own["first"] = {**own["first"], **toy}
        return load_recipe(entry.recipe, own)

    def result(self) -> dict[str, Any]:
        """What it has written so far."""
        path = self.folder / RESULT
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def written(self) -> float:
        """When it has last written its result; 0 where it has not."""
        path = self.folder / RESULT
        return path.stat().st_mtime if path.is_file() else 0.0


def run(job: Job, work: str, **more: Any) -> None:
    """Be the process of a job: what it prints goes into a file, and an error into its result.

    Args:
        work: module and function, "fine_tuning.trained".
        more: what the function is given beside the job.
    """
    log = os.open(job.folder / LOG, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    module, _, name = work.partition(".")
    gc.freeze()  # or each training looks for garbage in all that was loaded before, most of a second
    try:
        getattr(importlib.import_module(module), name)(job, **more)
        if loaded := hidden().intersection(sys.modules):
            raise HarmonizeError(f"expected no module that a bare machine lacks, got {sorted(loaded)}")
    except HarmonizeError as error:
        print(error, file=sys.stderr)
        write({**job.result(), "error": str(error)}, job.folder / RESULT)
        raise SystemExit(error.exit_code) from None
