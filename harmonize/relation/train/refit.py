"""Training once more, on the development part too: with what a finished run has chosen on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harmonize.errors import HarmonizeError
from harmonize.relation.model.threshold import DEVELOPMENT
from harmonize.relation.recipe import FOLD, load_recipe
from harmonize.relation.train.run import read_record
from harmonize.relation.train.work_folder import RECIPE

__all__ = ["refit_values"]


def refit_values(run: Path) -> dict[str, Any]:
    """The values in which the recipe for the second training differs from the run's own.

    The epochs and the threshold are those of the evaluation that did best. Where it was not the last one, the
    learning rate falls to zero sooner than in the run.

    Raises:
        MissingInput, MalformedInput, SpecError: no run, or a broken one.
        HarmonizeError: a run that chose nothing on a development part of its own.
    """
    record, recipe = read_record(run), load_recipe(run / RECIPE)
    if recipe.development in (None, FOLD):
        kind = "null" if recipe.development is None else recipe.development
        raise HarmonizeError(f"{run}: expected a run with a development part, got development {kind}")
    step = record["best"].get("step")
    best: dict[str, Any] = next((each for each in record["evaluations"] if each.get("step") == step), {})
    if "epoch" not in best:
        raise HarmonizeError(f"{run}: expected a run scored after each epoch, got head {recipe.head}")
    return {
        "train_on": list(dict.fromkeys((*recipe.train_on, recipe.development))),
        "development": None,
        "epochs": best["epoch"],
        "threshold": best["shift"] if recipe.threshold == DEVELOPMENT else recipe.threshold,
    }
