"""Making an ensemble: the mean of finished runs, with a threshold of its own.

Nothing is learnt but that threshold. The members are copied, so that the ensemble is a run of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harmonize.errors import HarmonizeError
from harmonize.files import sha256_of
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.labels import is_negative
from harmonize.relation.model.device import described, device_named
from harmonize.relation.model.ensemble import ENSEMBLE, Ensemble
from harmonize.relation.model.load import load_classifier
from harmonize.relation.model.mean import MeanClassifier
from harmonize.relation.model.threshold import DEVELOPMENT, EVEN, given_shift, shift_and_f
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import Recipe, load_recipe, stages
from harmonize.relation.run_files import RECIPE, TRAINING, TrainingRecord
from harmonize.relation.select.rows import gold_labels
from harmonize.relation.select.selection import select
from harmonize.relation.train.card import write_card
from harmonize.relation.train.record import Timer, run_record, write_left_out
from harmonize.union.manifest import manifest_hash
from harmonize.writing.replace import followed

__all__ = ["ensemble_recipe", "fit_ensemble", "same_members"]

_SHARED = ("evaluate_on", "development", "folds", "fold", "labels", "pseudo")


def ensemble_recipe(runs: Sequence[Path]) -> Recipe:
    """The recipe of an ensemble: that of its members, as far as it says which documents are tested.

    It trains on whatever one of them trained on.

    Raises:
        MissingInput, MalformedInput: there is no such run, or a broken one.
        HarmonizeError: fewer than two, or one twice; one that classifies sets of entities; or two that test
            or watch other documents, or have labels of another kind, so that there is nothing to judge the
            mean by.
    """
    if len(runs) < 2:
        raise HarmonizeError(f"ensemble: expected at least two runs, got {len(runs)}")
    places: dict[Path, Path] = {}
    for run in runs:
        if followed(run) in places:
            raise HarmonizeError(f"{run}: expected each run once, it is {places[followed(run)]} again")
        places[followed(run)] = run
    for run in runs:
        TrainingRecord.read(run)
    recipes = [load_recipe(run / RECIPE) for run in runs]
    first = recipes[0]
    for run, recipe in zip(runs, recipes, strict=True):
        if recipe.head == COMBINATION:
            raise HarmonizeError(f"{run}: expected a run that classifies pairs, got one of sets of entities")
        for name in _SHARED:
            if getattr(recipe, name) != getattr(first, name):
                raise HarmonizeError(
                    f"{run}: expected {name} {_shown(getattr(first, name))}, as {runs[0]} has it, "
                    f"got {_shown(getattr(recipe, name))}"
                )
    trained = (name for recipe in recipes for stage in stages(recipe) for name in stage.train_on)
    return load_recipe(
        "biorex",
        {
            "head": ENSEMBLE,
            "members": [str(run) for run in runs],
            "train_on": list(dict.fromkeys(trained)),
            **{name: getattr(first, name) for name in _SHARED},
            "threshold": EVEN if first.development is None else DEVELOPMENT,
        },
    )


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def same_members(out: Path, recipe: Recipe) -> bool:
    """True unless a run is an ensemble, and one of the recipe's members has been trained anew since.

    Raises:
        MissingInput: a member is not there.
    """
    return [member.sha256 for member in TrainingRecord.read(out).members] == _hashes(recipe)


def _hashes(recipe: Recipe) -> list[str]:
    """A hash of each member's record of its training, which no two trainings share."""
    members = [Path(member) for member in recipe.members or ()]
    for member in members:
        TrainingRecord.read(member)
    return [sha256_of(member / TRAINING) for member in members]


def fit_ensemble(union: Path, recipe: Recipe, folder: Path, device: str = "auto") -> None:
    """An ensemble, made in `folder` of a recipe's members.

    Raises:
        HarmonizeError: a member was trained on another set.
    """
    timer = Timer()
    place = device_named(device)
    selection = select(union, recipe)
    members = [Path(member) for member in recipe.members or ()]
    records = [TrainingRecord.read(member) for member in members]
    for member, record in zip(members, records, strict=True):
        if record.union.manifest_sha256 != manifest_hash(union):
            raise HarmonizeError(f"{union}: expected the set that {member} was trained on, got another")
    classifiers = [load_classifier(member, device) for member in members]
    mean = MeanClassifier(classifiers, "ensemble")
    timer.lap("preparing")
    shift, score = given_shift(recipe.threshold), None
    if selection.development.num_rows:
        found = predicted_rows(mean, selection.development)["probabilities"].to_pylist()
        with np.errstate(divide="ignore"):
            logits = np.log(np.array(found, dtype=np.float64))
        negative = np.array([is_negative(label) for label in mean.labels], dtype=bool)
        labels = gold_labels(selection.development, recipe.labels)
        is_positive = np.array([not is_negative(label) for label in labels], dtype=bool)
        shift, score = shift_and_f(recipe.threshold, logits, negative, is_positive)
    timer.lap("threshold")
    ensemble = Ensemble(members=len(members), shift=shift)
    ensemble.copy_members(folder, members)
    ensemble.write(folder)
    write_left_out(folder, selection)
    learnt = {
        "best": {"shift": shift, "development_pair_f": score},
        "evaluations": [] if score is None else [{"shift": shift, "pair_f": score}],
        "members": [
            {
                "run": str(member),
                "sha256": sha256,
                "rows": record.rows.train,
                "development_pair_f": record.best.development_pair_f,
            }
            for member, record, sha256 in zip(members, records, _hashes(recipe), strict=True)
        ],
    }
    record = run_record(folder, union, selection, mean.labels, learnt, described(place), timer)
    write_card(folder, recipe, record, [])
