"""harmonize ensemble: finished runs in, a run that answers with their mean out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harmonize.errors import HarmonizeError

from .predicted import runs_of
from .train import fold_folder, quiet

__all__ = ["ensembled"]


def ensembled(models: Sequence[Path], union: Path, out: Path, device: str, fresh: bool) -> list[Path]:
    """Make an ensemble, or one for each fold where the members are folders of folds.

    Returns:
        The runs.

    Raises:
        HarmonizeError: members that are no runs, of different folds, or that do not fit each other; see
            harmonize.relation.train.ensembling.ensemble_recipe.
    """
    from harmonize.relation.train.ensembling import ensemble_recipe
    from harmonize.relation.train.training import train

    every = [runs_of(model) for model in models]
    for model in models:
        if out.resolve() == model.resolve():
            raise HarmonizeError(f"--out {out}: expected another folder than a member's")
    quiet()
    if all(runs == [model] for runs, model in zip(every, models, strict=True)):
        return [train(union, ensemble_recipe(models), out, device=device, fresh=fresh)]
    if len({tuple(run.name for run in runs) for runs in every}) > 1:
        raise HarmonizeError(
            f"ensemble: expected runs of the same folds, {models[0]} has others than the rest"
        )
    recipes = [ensemble_recipe(runs) for runs in zip(*every, strict=True)]
    return [
        train(union, recipe, fold_folder(out, recipe.fold or 0), device=device, fresh=fresh)
        for recipe in recipes
    ]
