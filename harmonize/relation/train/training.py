"""Training: a recipe and a union set in, a run out (BioREx, sections 3.4 and 3.5).

    RUN/config.json, model.safetensors, tokenizer*   what transformers' `from_pretrained` loads
    RUN/prompt.json                                  how a pair becomes an input
    RUN/recipe.yaml                                  the recipe, every value filled in
    RUN/training.json                                rows in and out, scores of each evaluation, versions
    RUN/left_out.tsv                                 each row that was not trained on, and why
    RUN/README.md                                    the model card
    RUN/logs/                                        losses and scores, for TensorBoard
    RUN/first/                                       the same of the first stage, of transfer learning

Everything is made in a folder beside RUN, `.RUN.training`, with the checkpoints; the same command goes on
from the last of them, to the same weights as if it had never been stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import TrainerCallback, set_seed

from harmonize.errors import HarmonizeError
from harmonize.given import check_given, given_path
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.encode.cache import Cache, cache_folder
from harmonize.relation.model.device import described, device_named
from harmonize.relation.model.ensemble import ENSEMBLE
from harmonize.relation.model.linear import LINEAR_HEADS, Labelled, fitted
from harmonize.relation.model.objective import raise_negatives
from harmonize.relation.model.threshold import DEVELOPMENT, given_shift
from harmonize.relation.recipe import Recipe, stages
from harmonize.relation.run_files import FIRST, RECIPE, TRAINING
from harmonize.relation.select.places import recipe_held
from harmonize.relation.select.rows import pairs_of
from harmonize.relation.select.selection import select
from harmonize.relation.train.card import write_card
from harmonize.relation.train.combination_task import combination_task
from harmonize.relation.train.ensembling import fit_ensemble, same_members
from harmonize.relation.train.record import (
    Timer,
    best_of,
    model_hashes,
    rows_hash,
    run_record,
    steps_learnt,
    write_left_out,
)
from harmonize.relation.train.resuming import run_trainer
from harmonize.relation.train.task import Task, labels_in, space_of
from harmonize.relation.train.trainer import trainer_of
from harmonize.relation.train.work_folder import (
    CHECKPOINTS,
    SCRATCH,
    being_made,
    copy_stage,
    is_done,
    made_from,
)
from harmonize.writing.replace import followed, holds_something
from harmonize.writing.text import write_text

__all__ = ["fit", "train"]


def train(
    union: Path | str,
    recipe: Recipe,
    out: Path | str,
    *,
    device: str = "auto",
    fresh: bool = False,
    replace: bool = False,
    first_stage: Path | str | None = None,
    callbacks: Sequence[TrainerCallback] = (),
) -> Path:
    """Train a classifier; where an earlier call with the same recipe was stopped, go on from there.

    Args:
        union: the set's folder.
        out: the run's folder; must not exist, or be a run.
        fresh: begin anew, whatever an earlier call left.
        replace: a finished run of another recipe, set or model at the end; else it is an error.
        first_stage: a finished run to copy instead of training the first of two stages, if it is what that
            would train: of the same values, set and models.
        callbacks: more of transformers' callbacks.

    Returns:
        `out`.

    Raises:
        HarmonizeError: an encoder or device that is not to be had, nothing to train on, a folder that is no
            run, or a stopped training or finished run of another recipe.
        UnknownName: a corpus that the set does not hold.
        UnionError: the set is not whole.
        TypeError: something else than a path, or than a recipe.
    """
    union, out = given_path(union, "union"), given_path(out, "out")
    taken = None if first_stage is None else given_path(first_stage, "first_stage")
    check_given(recipe, Recipe, "recipe", "harmonize.relation.recipe.load_recipe")
    recipe = recipe_held(union, recipe)
    if followed(union) in (followed(out), *followed(out).parents):
        raise HarmonizeError(f"{out}: expected a folder apart from the set")
    if holds_something(out) and not (out / TRAINING).is_file():
        raise HarmonizeError(f"{out}: expected a new folder or a run, found something else")
    is_made = not fresh and is_done(out, union, recipe)
    if is_made and same_members(out, recipe):
        return out
    wanted = made_from(union, recipe)
    replace = replace or is_made  # an ensemble's members were trained again
    with being_made(out, wanted, device=device, fresh=fresh, replace=replace, scratch=SCRATCH) as work:
        _stages(union, recipe, work, device, callbacks, taken)
    return out


def _stages(
    union: Path,
    recipe: Recipe,
    work: Path,
    device: str,
    callbacks: Sequence[TrainerCallback],
    taken: Path | None,
) -> None:
    if recipe.head in LINEAR_HEADS:
        fit_linear(union, recipe, work)
        return
    if recipe.head == ENSEMBLE:
        fit_ensemble(union, recipe, work, device)
        return
    if recipe.first is None:
        fit(union, recipe, work, device=device, callbacks=callbacks)
        return
    before, _ = stages(recipe)
    first = work / FIRST
    if not (first / TRAINING).is_file():
        if taken is not None and is_done(taken, union, before):
            copy_stage(taken, first)
        else:
            fit(union, before, first, device=device, callbacks=callbacks)
    _wait()
    fit(union, recipe, work, device=device, callbacks=callbacks, start=first)


def fit(
    union: Path,
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "auto",
    callbacks: Sequence[TrainerCallback] = (),
    start: Path | None = None,
) -> None:
    """One stage of training, in `folder`, from its last checkpoint where there is one.

    Args:
        start: a run to begin with instead of the recipe's encoder.
    """
    timer = Timer()
    place = device_named(device)
    models = model_hashes(recipe)
    set_seed(recipe.seed)
    selection = select(union, recipe)
    if recipe.head == COMBINATION:
        task = combination_task(union, recipe, selection, start)
    else:
        cache = Cache(cache_folder(union), rows_hash(union, selection))
        task = Task.of(recipe, selection, start, cache, device)
    trainer = trainer_of(task, folder, place, callbacks)
    timer.lap("preparing")
    run_trainer(trainer, folder / CHECKPOINTS)
    is_found = recipe.threshold == DEVELOPMENT
    shift = best_of(trainer.state).get("eval_shift", 0.0) if is_found else given_shift(recipe.threshold)
    if shift:
        raise_negatives(trainer.model, task.space, shift)
    timer.lap("training")
    # The first process removes the checkpoints, from which others may still take the best weights.
    _wait()
    if not trainer.is_world_process_zero():
        return
    trainer.save_model(str(folder))
    for weights in folder.glob("*.safetensors"):
        # It is written for its owner's eyes alone.
        weights.chmod((folder / "config.json").stat().st_mode & 0o777)
    task.encoder.tokenizer.save_pretrained(str(folder))
    (folder / "training_args.bin").unlink(missing_ok=True)
    task.prompt.write(folder)
    if task.knowledge is not None:
        task.knowledge.copy(Path(recipe.knowledge or ""), folder)
    write_left_out(folder, selection)
    write_text(folder / RECIPE, recipe.as_yaml())  # which a first stage has not yet
    learnt = {**({"models": models} if models else {}), **steps_learnt(task.windows, trainer.state)}
    record = run_record(folder, union, selection, task.space.plain, learnt, described(place), timer)
    write_card(folder, recipe, record, [])


def fit_linear(union: Path, recipe: Recipe, folder: Path) -> None:
    """A linear baseline, trained in `folder`; it takes seconds, and is not resumed."""
    timer = Timer()
    selection = select(union, recipe)
    space = space_of(selection, recipe)
    train, watched = (
        Labelled(pairs_of(rows), labels_in(space, rows, recipe))
        for rows in (selection.train, selection.development)
    )
    timer.lap("preparing")
    classifier, scores = fitted(recipe.head, train, watched, space, recipe.labels, recipe.threshold)
    timer.lap("training")
    classifier.write(folder)
    write_left_out(folder, selection)
    learnt = {
        "best": {
            "strength": classifier.about.strength,
            "development_pair_f": max(scores.values(), default=None),
        },
        "evaluations": [{"strength": strength, "pair_f": score} for strength, score in scores.items()],
    }
    device = described(torch.device("cpu"))
    record = run_record(folder, union, selection, space.plain, learnt, device, timer)
    write_card(folder, recipe, record, [])


def _wait() -> None:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
