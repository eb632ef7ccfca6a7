"""What a run says of itself: training.json, left_out.tsv and the model card."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
import yaml

from harmonize import __version__
from harmonize.errors import MalformedInput, MissingInput
from harmonize.relation.inputs import input_named
from harmonize.relation.labels import is_negative
from harmonize.relation.recipe import Recipe
from harmonize.relation.selection import LeftOut, Selection
from harmonize.spec import load_catalogue
from harmonize.union.manifest import read_manifest
from harmonize.union.schema import MANIFEST

__all__ = [
    "LEFT_OUT",
    "TRAINING",
    "Timer",
    "manifest_hash",
    "read_record",
    "run_record",
    "write_card",
    "write_left_out",
]

TRAINING, LEFT_OUT, CARD = "training.json", "left_out.tsv", "README.md"
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


def manifest_hash(union: Path) -> str:
    """The sha256 of a set's manifest, which holds those of all its files.

    Raises:
        UnionError: no union set there.
    """
    read_manifest(union)
    return hashlib.sha256((union / MANIFEST).read_bytes()).hexdigest()


def write_left_out(folder: Path, selection: Selection) -> None:
    """One line for each row that was not trained on."""
    lines = ["\t".join(LeftOut._fields), *("\t".join(row) for row in selection.left_out)]
    (folder / LEFT_OUT).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def run_record(
    folder: Path,
    union: Path,
    recipe: Recipe,
    selection: Selection,
    inputs: Mapping[str, Mapping[str, int]],
    state: Any,
    device: torch.device,
    timer: Timer,
) -> dict[str, Any]:
    """Write training.json and the model card.

    Args:
        inputs: "train" and "development" -> how their contexts fit.
        state: transformers' TrainerState at the end.
    """
    keys = {
        "epoch": "epoch",
        "step": "step",
        "eval_pair_f": "pair_f",
        "eval_typed_f": "typed_f",
        "eval_loss": "loss",
    }
    evaluations = [
        {name: entry[key] for key, name in keys.items() if key in entry}
        for entry in state.log_history
        if "eval_pair_f" in entry
    ]
    losses = [[entry["step"], entry["loss"]] for entry in state.log_history if "loss" in entry]
    record = {
        "harmonize": __version__,
        "union": {"manifest_sha256": manifest_hash(union)},
        "rows": {
            "in": selection.rows_in,
            "train": selection.train.num_rows,
            "development": selection.development.num_rows,
            "left_out": selection.reasons(),
        },
        "inputs": inputs,
        "steps": state.global_step,
        "best": {"step": state.best_global_step, "development_pair_f": state.best_metric},
        "evaluations": evaluations,
        "losses": losses,
        "seconds": timer.laps,
        "device": _described(device),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _PACKAGES},
        },
    }
    _write(folder / TRAINING, json.dumps(record, indent=1) + "\n")
    write_card(folder, recipe, record, [])
    return record


def _described(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu, {torch.get_num_threads()} threads"


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


def write_card(folder: Path, recipe: Recipe, record: Mapping[str, Any], scores: list[str]) -> None:
    """The model card, with what `harmonize evaluate` has found so far as Markdown."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    labels = list(config["id2label"].values())
    positive = [label for label in labels if not is_negative(label.rpartition("/")[2])]
    rows, best = record["rows"], record["best"]
    left_out = sum(count for reasons in rows["left_out"].values() for count in reasons.values())
    watched = best["development_pair_f"]
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "tags: [biomedical, relation-extraction]",
        f"base_model: {json.dumps(recipe.encoder)}",
        "---",
        "# A relation classifier for biomedical texts",
        "",
        f"`{recipe.encoder}`, fine-tuned by harmonize {record['harmonize']} on {', '.join(recipe.train_on)}, "
        f"meant for {recipe.evaluate_on}. The method is BioREx's prompt (Lai et al. 2023, section 3.4).",
        "",
        f"- Labels: {', '.join(positive)}; {', '.join(label for label in labels if label not in positive)} "
        "mean that there is no relation.",
        f"- Rows: {rows['train']:,} trained on, {rows['development']:,} watched, {left_out:,} left out "
        f"({LEFT_OUT} names each).",
        f"- Union set: manifest sha256 `{record['union']['manifest_sha256']}`.",
        f"- Pair F on the development part: {watched:.4f}, at step {best['step']} of {record['steps']}."
        if watched is not None
        else f"- No development part; the last of {record['steps']} steps is kept.",
        f"- Made with {', '.join(f'{name} {version}' for name, version in record['versions'].items())}, "
        f"on {record['device']}.",
        "",
        "## Scores",
        "",
        *(
            scores
            or ["None yet: `harmonize evaluate --model RUN --union SET --on CORPUS/SPLIT` writes them here."]
        ),
        "",
        "## Use",
        "",
        "    from harmonize import RelationExtractor",
        "    relations = RelationExtractor.from_pretrained(RUN)(documents)",
        "",
        *_transformers_way(recipe),
        "",
        "Not for medical decisions. The licences of the corpora behind it stand in the set's card.",
        "",
        "## Recipe",
        "",
        "```yaml",
        yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True).rstrip(),
        "```",
    ]
    _write(folder / CARD, "\n".join(lines) + "\n")


def _transformers_way(recipe: Recipe) -> list[str]:
    """How the folder is used without our extractor."""
    kind = input_named(recipe.input)
    loaded = "`AutoModelForSequenceClassification` and `AutoTokenizer` load the folder"
    if recipe.head == "document":
        return [
            f"After `import harmonize.relation.heads`, {loaded};",
            "an input is a context with all its pairs.",
        ]
    before = "" if recipe.head == "cls" else "After `import harmonize.relation.heads`, "
    return [
        f"{before}{loaded}; of a pair in",
        '"Aspirin may provoke asthma." an input is, without the special tokens at both ends,',
        "",
        f"    {kind.example(load_catalogue().target.tags)}",
    ]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
