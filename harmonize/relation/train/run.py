"""What a run says of itself: training.json, left_out.tsv and the model card."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
import yaml

from harmonize import __version__
from harmonize.errors import MalformedInput, MissingInput
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.encode.inputs import input_named
from harmonize.relation.labels import is_negative
from harmonize.relation.model.heads import head_named
from harmonize.relation.model.linear import LINEAR_HEADS
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.selection import LeftOut, Selection
from harmonize.spec import load_catalogue
from harmonize.union.manifest import read_manifest
from harmonize.union.schema import MANIFEST

__all__ = [
    "LEFT_OUT",
    "TRAINING",
    "Timer",
    "best_of",
    "described",
    "manifest_hash",
    "read_record",
    "rows_hash",
    "run_record",
    "steps_learnt",
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


def rows_hash(union: Path, selection: Selection) -> str:
    """A hash of all that the rows of a selection are from: the set, and the file of pseudo-labels."""
    hashed = manifest_hash(union)
    return hashed if selection.pseudo is None else f"{hashed} {selection.pseudo.sha256}"


def write_left_out(folder: Path, selection: Selection) -> None:
    """One line for each row that was not trained on."""
    lines = ["\t".join(LeftOut._fields), *("\t".join(row) for row in selection.left_out)]
    (folder / LEFT_OUT).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def run_record(
    folder: Path,
    union: Path,
    recipe: Recipe,
    selection: Selection,
    labels: Sequence[str],
    learnt: Mapping[str, Any],
    device: str,
    timer: Timer,
) -> dict[str, Any]:
    """Write training.json and the model card.

    Args:
        labels: the classifier's, in order.
        learnt: what the kind of training tells of itself, see `steps_learnt`; its "best" has the
            development_pair_f.
        device: in words.
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
    _write(folder / TRAINING, json.dumps(record, indent=1) + "\n")
    write_card(folder, recipe, record, [])
    return record


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


def described(device: torch.device) -> str:
    """A device in words."""
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
    labels = record["labels"]
    positive = [label for label in labels if not is_negative(label.rpartition("/")[2])]
    rows, best = record["rows"], record["best"]
    left_out = sum(count for reasons in rows["left_out"].values() for count in reasons.values())
    watched, linear = best["development_pair_f"], recipe.head in LINEAR_HEADS
    lines = [
        "---",
        *([] if linear else ["library_name: transformers", f"base_model: {json.dumps(recipe.encoder)}"]),
        "pipeline_tag: text-classification",
        "tags: [biomedical, relation-extraction]",
        "---",
        "# A relation classifier for biomedical texts",
        "",
        f"{_made(recipe)} by harmonize {record['harmonize']} on {', '.join(recipe.train_on)}, "
        f"meant for {recipe.evaluate_on}.",
        "",
        f"- Labels: {', '.join(positive)}; {', '.join(label for label in labels if label not in positive)} "
        "mean that there is no relation.",
        f"- Rows: {rows['train']:,} trained on, {rows['development']:,} watched, {left_out:,} left out "
        f"({LEFT_OUT} names each).",
        *_pseudo_lines(record),
        f"- Union set: manifest sha256 `{record['union']['manifest_sha256']}`.",
        f"- Pair F on the development part: {watched:.4f}, the best of {len(record['evaluations'])}."
        if watched is not None
        else "- No development part: the last state is kept.",
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
        *_use(recipe),
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


def _pseudo_lines(record: Mapping[str, Any]) -> list[str]:
    """How much of what was trained on nobody has annotated."""
    if "pseudo" not in record:
        return []
    pseudo = record["pseudo"]
    return [
        f"- Of the rows trained on {pseudo['trained_on']:,} are pseudo-labels, which a model has given and "
        f"nobody has checked (sha256 `{pseudo['sha256']}`)."
    ]


def _made(recipe: Recipe) -> str:
    """What was trained."""
    if recipe.head in LINEAR_HEADS:
        return f"A linear baseline ({recipe.head}) on words and distances, trained"
    of_input = f"the input `{recipe.input}` ({input_named(recipe.input).source})"
    return f"`{recipe.encoder}` with {of_input} and the head `{recipe.head}`, fine-tuned"


def _use(recipe: Recipe) -> list[str]:
    """How the folder is used."""
    if recipe.head == COMBINATION:
        return ["    harmonize evaluate --model RUN --union SET --on CORPUS/SPLIT"]
    return [
        "    from harmonize import RelationExtractor",
        "    relations = RelationExtractor.from_pretrained(RUN)(documents)",
    ]


def _transformers_way(recipe: Recipe) -> list[str]:
    """How the folder is used without our extractor."""
    if recipe.head in LINEAR_HEADS:
        return ["No transformer is in the folder: `linear.json` and `linear.npz` hold the weights."]
    kind = input_named(recipe.input)
    loaded = "`AutoModelForSequenceClassification` and `AutoTokenizer` load the folder"
    if head_named(recipe.head).of_contexts:
        asked = "sets of entities" if recipe.head == COMBINATION else "pairs"
        return [
            f"After `import harmonize.relation.model.heads`, {loaded};",
            f"an input is a context with all its {asked}.",
        ]
    before = "" if recipe.head == "cls" else "After `import harmonize.relation.model.heads`, "
    return [
        f"{before}{loaded}; of a pair in",
        '"Aspirin may provoke asthma." an input is, without the special tokens at both ends,',
        "",
        f"    {kind.example(load_catalogue().target.tags)}",
    ]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
