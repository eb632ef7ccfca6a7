"""Two processes that torchrun starts, and one with twice the batch: the same training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from relation_runs import record
from stopped_trainings import weights
from transformers import TrainerCallback

from harmonize.relation.recipe import Recipe
from harmonize.relation.select.selection import Selection, select
from harmonize.relation.train import training

Small = Callable[..., Recipe]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("two processes")]  # they share their runs

SCRIPT = """
import json
import sys
from pathlib import Path

sys.path[:0] = sys.argv[1].split(":")
from test_relation_distributed import trained

trained(Path(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4]))
"""


class EveryLoss(TrainerCallback):
    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        args.logging_steps = state.logging_steps = 1


def few(union: Path, recipe: Recipe) -> Selection:
    """Rows, or contexts, that fill their batches."""
    chosen = select(union, recipe)
    rows = chosen.train
    if recipe.head == "document":
        contexts = rows["text"].unique().slice(0, 4)
        rows = rows.filter(pc.is_in(rows["text"], contexts))
    else:
        rows = rows.slice(0, 64)
    return Selection(rows, chosen.development, rows.num_rows + chosen.development.num_rows, ())


def trained(folder: Path, union: Path, recipes: dict[str, dict[str, Any]]) -> None:
    """A run in `folder` for each recipe, by this process, one of several where torchrun started it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "select", few)
        for name, values in recipes.items():
            recipe = Recipe.model_validate(values)
            training.train(union, recipe, folder / name, device="cpu", fresh=True, callbacks=[EveryLoss()])


def trained_by_two(folder: Path, union: Path, recipes: dict[str, dict[str, Any]]) -> None:
    """The same by two processes."""
    script = folder / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    here = Path(__file__).parent
    values = [f"{here}:{here.parent}:{here.parents[1]}", folder, union, json.dumps(recipes)]
    done = subprocess.run(
        [str(part) for part in (sys.executable, "-m", *launcher, script, *values)],
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
    for processes, train in ((2, trained_by_two), (1, trained)):
        recipes = {
            f"{head}-{processes}": small_recipe(
                head=head, batch_size=size * (2 // processes), max_length=96, train_on=["biored", "ddi"]
            ).model_dump(mode="json")
            for head, size in (("cls", 8), ("document", 1))
        }
        train(folder, sample_union, recipes)
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
