"""What a run says of itself: training.json and left_out.tsv."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from harmonize import __version__
from harmonize.files import sha256_of
from harmonize.relation.model.encoders import ADAPTATION
from harmonize.relation.model.known_encoders import known_encoders
from harmonize.relation.recipe import Recipe
from harmonize.relation.run_files import LEFT_OUT, TRAINING, TrainingRecord
from harmonize.relation.select.selection import LeftOut, Selection
from harmonize.union.manifest import manifest_hash
from harmonize.writing.json_files import write_json
from harmonize.writing.text import write_text

__all__ = [
    "Timer",
    "best_of",
    "model_hashes",
    "rows_hash",
    "run_record",
    "steps_learnt",
    "write_left_out",
]

_OF_MODELS = (".json", ".txt", ".model", ".safetensors", ".bin")
_PACKAGES = ("torch", "transformers", "accelerate", "tokenizers", "pyarrow", "numpy")


class Timer:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 1)
        self._last = now


def rows_hash(union: Path, selection: Selection) -> str:
    """A hash of all that the rows of a selection are from: the set, and the file of pseudo-labels."""
    hashed = manifest_hash(union)
    return hashed if selection.pseudo is None else f"{hashed} {selection.pseudo.sha256}"


def model_hashes(recipe: Recipe) -> dict[str, str]:
    """ "encoder" and "teacher" -> the sha256 of what is in their folders, of each that is one.

    Of a run and an adapted encoder it is that of its record, which no two trainings share.
    """
    named = {"encoder": recipe.encoder, "teacher": recipe.teacher}
    folders = {
        what: Path(name)
        for what, name in named.items()
        if name is not None and name not in known_encoders() and Path(name).is_dir()
    }
    return {what: _folder_hash(folder) for what, folder in folders.items()}


def _folder_hash(folder: Path) -> str:
    records = [folder / name for name in (TRAINING, ADAPTATION) if (folder / name).is_file()]
    hashed = hashlib.sha256()
    for file in records or sorted(path for path in folder.iterdir() if path.suffix in _OF_MODELS):
        hashed.update(f"{file.name} {sha256_of(file)}\n".encode())
    return hashed.hexdigest()


def write_left_out(folder: Path, selection: Selection) -> None:
    """One line for each row that was not trained on."""
    lines = ["\t".join(LeftOut._fields), *("\t".join(row) for row in selection.left_out)]
    write_text(folder / LEFT_OUT, "\n".join(lines) + "\n")


def run_record(
    folder: Path,
    union: Path,
    selection: Selection,
    labels: Sequence[str],
    learnt: Mapping[str, Any],
    device: str,
    timer: Timer,
) -> TrainingRecord:
    """Write training.json.

    Args:
        labels: the classifier's, in order.
        learnt: what the kind of training tells of itself, see `steps_learnt`.
        device: in words.

    Returns:
        What is read of it again.
    """
    record = {
        "harmonize": __version__,
        "union": {"manifest_sha256": manifest_hash(union)},
        "rows": {
            "in": selection.rows_in,
            "train": selection.train.num_rows,
            "development": selection.development.num_rows,
            "left_out": selection.reasons(),
        },
        **({} if selection.pseudo is None else {"pseudo": selection.pseudo.as_dict()}),
        "labels": list(labels),
        **learnt,
        "seconds": timer.laps,
        "device": device,
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _PACKAGES},
        },
    }
    write_json(folder / TRAINING, record, escaped=True)
    return TrainingRecord.read(folder)


def best_of(state: Any) -> dict[str, Any]:
    """What the evaluation of the best step found, under transformers' names; empty where none was made.

    Args:
        state: transformers' TrainerState at the end.
    """
    found = [entry for entry in state.log_history if "eval_pair_f" in entry]
    return next((entry for entry in found if entry["step"] == state.best_global_step), {})


def steps_learnt(inputs: Mapping[str, Mapping[str, int]], state: Any) -> dict[str, Any]:
    """What training by steps tells of itself.

    Args:
        inputs: "train" and "development" -> how their contexts fit.
        state: transformers' TrainerState at the end.
    """
    keys = {
        "epoch": "epoch",
        "step": "step",
        "eval_pair_f": "pair_f",
        "eval_typed_f": "typed_f",
        "eval_novelty_f": "novelty_f",
        "eval_subject_f": "subject_f",
        "eval_shift": "shift",
        "eval_loss": "loss",
    }
    evaluations = [
        {name: entry[key] for key, name in keys.items() if key in entry}
        for entry in state.log_history
        if "eval_pair_f" in entry
    ]
    return {
        "inputs": inputs,
        "steps": state.global_step,
        "best": {"step": state.best_global_step, "development_pair_f": state.best_metric},
        "evaluations": evaluations,
        "losses": [[entry["step"], entry["loss"]] for entry in state.log_history if "loss" in entry],
    }
