"""A run in a process of its own: loaded by transformers alone, and trained without what building needs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from relation_cases import pair
from relation_runs import stopped_and_resumed
from stopped_trainings import weights

from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.recipe import Recipe

FIRST = "What is the relation in BioRED between <C>aspirin</C> and <D>asthma</D>?"
SECOND = "<C>aspirin</C> may provoke <D>asthma</D>."

# One process for all: loading torch takes longer than all that it does then.
SCRIPT = """
import importlib.machinery, json, os, signal, sys
from pathlib import Path

MISSING = {"spacy", "bioc", "lxml", "pandas", "scispacy", "scipy", "sklearn", "matplotlib", "datasketch",
           "typer", "tensorboard", "tensorboardX", "datasets"}

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in MISSING else super().find_spec(name, path, target)

sys.meta_path = [Finder if one is importlib.machinery.PathFinder else one for one in sys.meta_path]
for name in MISSING:
    try:
        __import__(name)
    except ImportError:
        pass
    else:
        raise AssertionError(name)

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback

union, folder, run, first, second, tags = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(run)
model = AutoModelForSequenceClassification.from_pretrained(run).eval()
with torch.inference_mode():
    outputs = model(**tokenizer(first, second, return_tensors="pt"))
print(json.dumps({
    "pieces": [tokenizer.tokenize("a" + tag + "b").count(tag) for tag in tags.split()],
    "probabilities": outputs.logits.softmax(dim=-1)[0].tolist(),
    "labels": [model.config.id2label[place] for place in range(model.config.num_labels)],
    "longest": tokenizer.model_max_length,
    "ours": "harmonize" in sys.modules,
}))

from harmonize.relation.recipe import load_recipe
from harmonize.relation.train.training import train

class Kill(TrainerCallback):
    def on_step_end(self, args, state, control, **_):
        if state.global_step == 9:
            os.kill(os.getpid(), signal.SIGKILL)

folder = Path(folder)
recipe = load_recipe(folder / "recipe.yaml")
train(Path(union), recipe, folder / "whole", device="cpu")
assert not MISSING & set(sys.modules), MISSING & set(sys.modules)
print("trained")
try:
    import harmonize.adaptation.adapt, harmonize.probing.probe
except ImportError as error:
    print(error, flush=True)
else:
    print("imported", flush=True)
train(Path(union), recipe, folder / "killed", device="cpu", callbacks=[Kill()])
"""

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("alone")  # they share their runs


class Done(NamedTuple):
    """What the process left: what transformers alone found, and the folder with two trainings.

    Attributes:
        others: "imported", or why the rooms of adaptation and of probes were not.
    """

    found: dict[str, Any]
    folder: Path
    recipe: Recipe
    others: str


@pytest.fixture(scope="module")
def done(
    small_run: Path, small_recipe: Small, sample_union: Path, tmp_path_factory: pytest.TempPathFactory
) -> Done:
    folder = tmp_path_factory.mktemp("alone")
    # The head that looks at sentences: they come with the set.
    recipe = small_recipe(head="counts", batch_size=1, epochs=6, evaluate_every=4, patience=None)
    (folder / "recipe.yaml").write_text(recipe.as_yaml(), encoding="utf-8")
    tags = " ".join(tag_tokens(["C", "D", "G"]))
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, sample_union, folder, small_run, FIRST, SECOND, tags],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    found, trained, others = process.stdout.splitlines()
    assert trained == "trained"
    return Done(json.loads(found), folder, recipe, others)


def test_transformers_alone_loads_a_run_and_says_the_same(done: Done, small_run: Path) -> None:
    classifier = Classifier.load(small_run, "cpu")
    ours = classifier.probabilities([pair("aspirin may provoke asthma.", ["aspirin"], ["asthma"])])[0]
    assert done.found["pieces"] == [1] * 6
    assert tuple(done.found["labels"]) == classifier.labels
    assert done.found["probabilities"] == pytest.approx(ours.tolist(), abs=1e-6)
    assert done.found["longest"] == 512
    assert not done.found["ours"]


def test_a_training_needs_nothing_that_building_or_tensorboard_need(done: Done) -> None:
    run = done.folder / "whole"
    assert (run / "training.json").is_file()
    assert not (run / "logs").exists()


def test_neither_adaptation_nor_probes_need_what_building_needs(done: Done) -> None:
    """Nor what draws a figure; transformers takes some of these where it finds them."""
    assert done.others == "imported"


def test_a_killed_training_goes_on_to_the_same_weights(done: Done, sample_union: Path) -> None:
    run, steps = stopped_and_resumed(sample_union, done.recipe, done.folder / "killed")
    assert steps == [4]
    assert weights(run) == weights(done.folder / "whole")
