"""Two processes that torchrun starts, and one with twice the batch: the same training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from relation_runs import record, weights

from harmonize.relation.recipe import Recipe

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("two processes")  # they share their runs

SCRIPT = '''
import json
import sys
from pathlib import Path

import pyarrow.compute as pc
from transformers import TrainerCallback

from harmonize.relation import training
from harmonize.relation.recipe import Recipe
from harmonize.relation.selection import Selection, select


class EveryLoss(TrainerCallback):
    def on_train_begin(self, args, state, control, **_):
        args.logging_steps = state.logging_steps = 1


def few(union, recipe):
    """Rows, or contexts, that fill their batches."""
    chosen = select(union, recipe)
    rows = chosen.train
    if recipe.head == "document":
        contexts = rows["text"].unique().slice(0, 4)
        rows = rows.filter(pc.is_in(rows["text"], contexts))
    else:
        rows = rows.slice(0, 64)
    return Selection(rows, chosen.development, rows.num_rows + chosen.development.num_rows, ())


union, folder = Path(sys.argv[1]), Path(sys.argv[2])
training.select = few
for name, values in json.loads(sys.argv[3]).items():
    recipe = Recipe.model_validate(values)
    training.train(union, recipe, folder / name, device="cpu", callbacks=[EveryLoss()])
'''


def trained(folder: Path, union: Path, recipes: dict[str, Recipe], processes: int) -> None:
    """A run in `folder` for each recipe, by so many processes."""
    script = folder / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    values = json.dumps({name: recipe.model_dump(mode="json") for name, recipe in recipes.items()})
    done = subprocess.run(
        [str(part) for part in (sys.executable, "-m", *launcher, script, union, folder, values)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def runs(sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cls-2 and document-2, by two processes, and cls-1 and document-1, by one with twice the batch."""
    folder = tmp_path_factory.mktemp("runs")
    for processes in (2, 1):
        recipes = {
            f"{head}-{processes}": small_recipe(
                head=head, batch_size=size * (2 // processes), max_length=96, train_on=["biored", "ddi"]
            )
            for head, size in (("cls", 8), ("document", 1))
        }
        trained(folder, sample_union, recipes, processes)
    return folder


@pytest.mark.parametrize(("head", "steps"), [("cls", 8), ("document", 4)])
def test_two_processes_lose_what_one_with_twice_the_batch_loses(runs: Path, head: str, steps: int) -> None:
    found = [runs / f"{head}-{processes}" for processes in (2, 1)]
    two, one = map(record, found)
    assert two["steps"] == one["steps"] == len(two["losses"]) == steps
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=2e-3)
    # The loss of an evaluation is a mean over batches, and those are other ones.
    for ours, theirs in zip(two["evaluations"], one["evaluations"], strict=True):
        assert {**ours, "loss": None} == pytest.approx({**theirs, "loss": None}, rel=1e-6)
    of_two, of_one = (
        {name: np.frombuffer(tensor, dtype=np.float32) for name, tensor in weights(run).items()}
        for run in found
    )
    for name in of_one:
        np.testing.assert_allclose(of_two[name], of_one[name], atol=2e-4, err_msg=name)
