"""Training once more, on the development part too: with what a finished run has chosen on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harmonize.errors import HarmonizeError
from harmonize.relation.model.threshold import DEVELOPMENT
from harmonize.relation.recipe import FOLD, load_recipe, stages
from harmonize.relation.run_files import RECIPE, TrainingRecord
from harmonize.union.manifest import manifest_hash

__all__ = ["check_refit", "refit_values"]


def refit_values(run: Path) -> dict[str, Any]:
    """The values in which the recipe for the second training differs from the run's own.

    The epochs and the threshold are those of the evaluation that did best. Where it was not the last one, the
    learning rate falls to zero sooner than in the run. A first stage is trained as it was.

    Raises:
        MissingInput, MalformedInput, SpecError: no run, or a broken one.
        HarmonizeError: a run that chose nothing on a development part of its own, or that drew its documents,
            of which another draw would be others.
    """
    record, recipe = TrainingRecord.read(run), load_recipe(run / RECIPE)
    if recipe.development in (None, FOLD):
        kind = "null" if recipe.development is None else recipe.development
        raise HarmonizeError(f"{run}: expected a run with a development part, got development {kind}")
    if recipe.documents is not None:
        raise HarmonizeError(f"{run}: expected a run on all documents, got one on {recipe.documents} of them")
    step = record.best.step
    best: dict[str, Any] = next((each for each in record.evaluations if each.get("step") == step), {})
    if "epoch" not in best:
        raise HarmonizeError(f"{run}: expected a run scored after each epoch, got head {recipe.head}")
    values = {
        "train_on": list(dict.fromkeys((*recipe.train_on, recipe.development))),
        "development": None,
        "epochs": best["epoch"],
        "threshold": best["shift"] if recipe.threshold == DEVELOPMENT else recipe.threshold,
    }
    if recipe.first is None:
        return values
    before = stages(recipe)[0].model_dump(mode="json")
    return {**values, "first": {**recipe.first, **{name: before[name] for name in values}}}


def check_refit(run: Path, union: Path, out: Path) -> None:
    """
    Raises:
        HarmonizeError: the new run would take the place of the old one, or the set is not that which it
            chose on.
    """
    if out.resolve() == run.resolve():
        raise HarmonizeError(f"--out {out}: expected another folder than the run's")
    if TrainingRecord.read(run).union.manifest_sha256 != manifest_hash(union):
        raise HarmonizeError(f"{union}: expected the set that {run} was trained on, got another")
