"""Two processes started as torchrun starts them, and one with twice the batch: the same training."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from relation_runs import record
from stopped_trainings import weights
from torch.distributed.launcher import LaunchConfig, elastic_launch
from transformers import TrainerCallback

from harmonize.relation.recipe import Recipe
from harmonize.relation.select.selection import Selection, select
from harmonize.relation.train import training

Small = Callable[..., Recipe]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("two processes")]  # they share their runs


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
    """A run in `folder` for each recipe, by this process, which may be one of two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "select", few)
        for name, values in recipes.items():
            recipe = Recipe.model_validate(values)
            training.train(union, recipe, folder / name, device="cpu", fresh=True, callbacks=[EveryLoss()])


def trained_by_two(folder: Path, union: Path, recipes: dict[str, dict[str, Any]]) -> None:
    """The same by two processes."""
    launching = multiprocessing.get_context("fork").Process(target=launched, args=(folder, union, recipes))
    launching.start()
    launching.join(timeout=600)
    launching.kill()  # which does nothing to one that has ended
    assert launching.exitcode == 0


def launched(*given: Any) -> None:
    """What torchrun does once it has read its options, with a function in the place of a script.

    The processes are forked from this one, as new ones would import torch for seconds.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(1)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        run_id="two",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        start_method="fork",
    )
    elastic_launch(config, trained)(*given)


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
