"""harmonize train: a recipe and a union set in, a run out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from harmonize.errors import HarmonizeError
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.spec.reading import loaded_yaml

__all__ = [
    "DEFAULT_RECIPE",
    "check_refitted",
    "chosen_recipe",
    "fold_folder",
    "quiet",
    "trained",
    "values_set",
]

DEFAULT_RECIPE = "biorex"


def values_set(settings: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE settings as a dictionary, the values read as YAML.

    Raises:
        HarmonizeError: one without "=", or of a name that has come before, or whose value is no YAML or has
            keys that come twice or are no text.
    """
    values: dict[str, Any] = {}
    for setting in settings or []:
        name, mark, value = setting.partition("=")
        if not mark or not name:
            raise HarmonizeError(f"--set: expected NAME=VALUE, got {setting!r}")
        name = name.strip()
        if name in values:
            raise HarmonizeError(f"--set {name}: expected one value, got several")
        try:
            values[name], faults = loaded_yaml(value)
        except yaml.YAMLError:
            raise HarmonizeError(f"--set {name}: expected a YAML value, got {value[:40]!r}") from None
        if faults:
            raise HarmonizeError(f"--set {name}: {faults[0][1]}")
    return values


def chosen_recipe(
    name: str | None, options: Mapping[str, Any], settings: list[str] | None, refit: Path | None = None
) -> Recipe:
    """A recipe with the command line's values: of the options (None where not given), and of --set.

    Args:
        name: of a recipe; None for the default, or with `refit`.
        refit: a run to train again, on its development part too.

    Raises:
        HarmonizeError: a recipe and a run; or see `load_recipe` and `refit_values`.
    """
    values = {key: value for key, value in options.items() if value is not None} | values_set(settings)
    if refit is None:
        return load_recipe(name or DEFAULT_RECIPE, values)
    if name is not None:
        raise HarmonizeError("expected --recipe or --refit, and one of them only")
    from harmonize.relation.run_files import RECIPE
    from harmonize.relation.train.refit import refit_values

    return load_recipe(refit / RECIPE, {**refit_values(refit), **values})


def check_refitted(refit: Path, union: Path, out: Path) -> None:
    """See `harmonize.relation.train.refit.check_refit`."""
    from harmonize.relation.train.refit import check_refit

    check_refit(refit, union, out)


def fold_folder(out: Path, fold: int) -> Path:
    """Where the run of one fold stands below that of all."""
    return out / f"fold-{fold}"


def quiet() -> None:
    """Keep what transformers loads, and how often the hub's client asks, from standing between our lines."""
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    hub_logging.set_verbosity_error()
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def trained(
    union: Path, recipe: Recipe, out: Path, device: str, fresh: bool, refit: Path | None = None
) -> list[Path]:
    """Train a classifier, or one for each fold where the recipe has folds and names none.

    Args:
        refit: the run that is trained again, whose first of two stages is as it was.

    Returns:
        The runs; of the processes that torchrun starts the first alone is told them.

    Raises:
        HarmonizeError: see harmonize.relation.train.training.train.
    """
    from harmonize.relation.run_files import FIRST
    from harmonize.relation.train.training import train
    from harmonize.relation.train.work_folder import is_first_process

    quiet()
    if recipe.folds is None or recipe.fold is not None:
        folders = {out: recipe}
    else:
        folders = {fold_folder(out, fold): recipe.with_values({"fold": fold}) for fold in range(recipe.folds)}
    first = None if refit is None else refit / FIRST
    runs = [
        train(union, each, folder, device=device, fresh=fresh, first_stage=first)
        for folder, each in folders.items()
    ]
    return runs if is_first_process() else []
