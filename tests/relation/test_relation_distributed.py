"""Two processes that torchrun starts, and one with twice the batch: the same training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from relation_runs import record, weights

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


union, values, out = Path(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])
training.select = few
training.train(union, Recipe.model_validate(values), out, device="cpu", callbacks=[EveryLoss()])
'''


def trained(folder: Path, union: Path, values: dict[str, Any], processes: int) -> Path:
    script, out = folder / "script.py", folder / f"run-{processes}"
    script.write_text(SCRIPT, encoding="utf-8")
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, "-m", *launcher, script, union, json.dumps(values), out]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out


@pytest.mark.parametrize(("head", "batch_size"), [("cls", 8), ("document", 1)])
def test_two_processes_lose_what_one_with_twice_the_batch_loses(
    sample_union: Path, small_recipe: Any, tmp_path: Path, head: str, batch_size: int
) -> None:
    found = []
    for processes in (2, 1):
        size = batch_size * (2 // processes)
        recipe = small_recipe(head=head, batch_size=size, epochs=2, max_length=96, train_on=["biored", "ddi"])
        found.append(trained(tmp_path, sample_union, recipe.model_dump(mode="json"), processes))
    two, one = map(record, found)
    assert two["steps"] == one["steps"] == (8 if head == "cls" else 4)
    assert len(two["losses"]) == two["steps"]
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
