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

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from accelerate.data_loader import prepare_data_loader
from torch.utils.data import DataLoader
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.trainer import TRAINER_STATE_NAME

from harmonize.errors import HarmonizeError
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.encode.cache import Cache, cache_folder
from harmonize.relation.encode.order import LikeLengths, LongestFirst, TokenBatches
from harmonize.relation.model.classifier import device_named
from harmonize.relation.model.linear import LINEAR_HEADS, fitted
from harmonize.relation.model.objective import (
    DEVELOPMENT,
    EVEN,
    Loss,
    label_weights,
    raise_negatives,
    watched_scores,
)
from harmonize.relation.recipe import Recipe, stages
from harmonize.relation.select.selection import pairs_of, select
from harmonize.relation.train.combination_task import combination_task
from harmonize.relation.train.divergence import SoundTrainer, warn_of_nothing
from harmonize.relation.train.run import (
    TRAINING,
    Timer,
    best_of,
    described,
    rows_hash,
    run_record,
    steps_learnt,
    write_left_out,
)
from harmonize.relation.train.task import Task, labels_in, space_of
from harmonize.relation.train.work_folder import (
    CHECKPOINTS,
    FIRST,
    alone_in,
    begin,
    finish,
    has_begun,
    is_done,
    last_checkpoint,
)

__all__ = ["fit", "train"]

_LOGS = "logs"


def train(
    union: Path,
    recipe: Recipe,
    out: Path,
    *,
    device: str = "auto",
    fresh: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> Path:
    """Train a classifier; where an earlier call with the same recipe was stopped, go on from there.

    Args:
        union: the set's folder.
        out: the run's folder; must not exist, or be a run.
        fresh: begin anew, whatever an earlier call left.
        callbacks: more of transformers' callbacks.

    Returns:
        `out`.

    Raises:
        HarmonizeError: an encoder or device that is not to be had, nothing to train on, a folder that is no
            run, or a stopped training of another recipe.
        UnionError: the set is not whole.
    """
    if out.exists() and not (out / TRAINING).is_file():
        raise HarmonizeError(f"{out}: expected a new folder or a run, found something else")
    if not fresh and is_done(out, union, recipe):
        return out
    work = out.with_name(f".{out.name}.training")
    with alone_in(work):
        if fresh:
            shutil.rmtree(work, ignore_errors=True)
        is_new = not work.parent.exists()
        begin(work, union, recipe)
        try:
            _stages(union, recipe, work, device, callbacks)
        except HarmonizeError:
            # What cannot even begin leaves nothing that would stand in the way of the mended command.
            if not has_begun(work):
                shutil.rmtree(work, ignore_errors=True)
                if is_new:
                    work.parent.rmdir()
            raise
        finish(work, out)
    return out


def _stages(
    union: Path, recipe: Recipe, work: Path, device: str, callbacks: Sequence[TrainerCallback]
) -> None:
    if recipe.head in LINEAR_HEADS:
        fit_linear(union, recipe, work)
        return
    if recipe.first is None:
        fit(union, recipe, work, device=device, callbacks=callbacks)
        return
    before, _ = stages(recipe)
    first = work / FIRST
    if not (first / TRAINING).is_file():
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
    set_seed(recipe.seed)
    selection = select(union, recipe)
    if recipe.head == COMBINATION:
        task = combination_task(union, recipe, selection, start)
    else:
        cache = Cache(cache_folder(union), rows_hash(union, selection))
        task = Task.of(recipe, selection, start, cache, device)
    trainer = _trainer(task, folder, place, callbacks)
    timer.lap("preparing")
    _run(trainer, folder / CHECKPOINTS)
    if recipe.threshold == DEVELOPMENT:
        raise_negatives(trainer.model, task.space, best_of(trainer.state).get("eval_shift", 0.0))
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
    learnt = steps_learnt(task.windows, trainer.state)
    run_record(folder, union, recipe, selection, task.space.plain, learnt, described(place), timer)


def fit_linear(union: Path, recipe: Recipe, folder: Path) -> None:
    """A linear baseline, trained in `folder`; it takes seconds, and is not resumed.

    Raises:
        HarmonizeError: the recipe has a first stage, a teacher or further outputs, which a baseline can do
            nothing with.
    """
    for name in ("first", "teacher"):
        if getattr(recipe, name) is not None:
            raise HarmonizeError(f"{name}: expected null with head {recipe.head}")
    for name in ("novelty", "direction"):
        if getattr(recipe, name):
            raise HarmonizeError(f"{name}: expected false with head {recipe.head}")
    timer = Timer()
    selection = select(union, recipe)
    space = space_of(selection, recipe)
    train, watched = selection.train, selection.development
    timer.lap("preparing")
    classifier, scores = fitted(
        recipe.head,
        pairs_of(train),
        labels_in(space, train, recipe),
        pairs_of(watched),
        labels_in(space, watched, recipe),
        space,
        recipe.labels,
    )
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
    run_record(folder, union, recipe, selection, space.plain, learnt, described(torch.device("cpu")), timer)


class _Trainer(SoundTrainer):
    """transformers' Trainer with an order of rows that is a function of seed and epoch, and little padding.

    Several processes take their batches in turn, so that those of one step are together the batch of one
    process with as many times the rows.
    """

    def __init__(self, task: Task, **arguments: Any) -> None:
        super().__init__(train_dataset=task.train, eval_dataset=task.development, **arguments)
        self._drawn, self._recipe = task.drawn, task.recipe

    def _get_train_sampler(self, train_dataset: Any = None) -> LikeLengths:
        rows = self.args.train_batch_size * self.args.world_size
        return LikeLengths(self._drawn, rows, self.args.seed)

    def get_train_dataloader(self) -> DataLoader[Any]:
        if self._recipe.batch_tokens is None:
            return super().get_train_dataloader()
        batches = TokenBatches(
            self._drawn,
            self._recipe.batch_tokens,
            self.args.seed,
            rank=self.args.process_index,
            processes=self.args.world_size,
        )
        self.add_callback(_SetEpoch(batches))
        loader = DataLoader(
            cast(Any, self.train_dataset),
            batch_sampler=batches,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )
        # The sampler has divided the batches among the processes already.
        prepared: DataLoader[Any] = prepare_data_loader(
            loader, self.args.device, num_processes=1, process_index=0, put_on_device=True
        )
        return prepared

    def create_optimizer(self, model: Any = None) -> Any:
        rate = self._recipe.head_learning_rate
        if rate is None or self.optimizer is not None:
            return super().create_optimizer(model)
        trained: Any = self.model
        kind, settings = self.get_optimizer_cls_and_kwargs(self.args, trained)
        groups = weight_groups(trained, self.get_decay_parameter_names(trained), self._recipe, rate)
        self.optimizer = kind(groups, **settings)
        return self.optimizer

    def _get_eval_sampler(self, eval_dataset: Any) -> LongestFirst:
        return LongestFirst(eval_dataset.lengths)


def _trainer(task: Task, folder: Path, device: torch.device, callbacks: Sequence[TrainerCallback]) -> Trainer:
    recipe = task.recipe
    assert recipe.epochs is not None
    assert recipe.batch_size is not None
    assert recipe.learning_rate is not None
    if recipe.threshold == DEVELOPMENT and task.development is None:
        raise HarmonizeError(f"threshold: expected {EVEN} where development is null")
    weights = None
    if recipe.class_weights == "balanced":
        weights = label_weights(task.labels, len(task.space.names))
    trainer = _Trainer(
        task,
        model=task.encoder.model(),
        args=_arguments(recipe, folder, device, watched=task.development is not None),
        data_collator=partial(
            task.head.padded,
            padding=int(task.encoder.tokenizer.pad_token_id),
            types_too="token_type_ids" in task.encoder.tokenizer.model_input_names,
        ),
        compute_loss_func=_loss(task, weights),
        compute_metrics=partial(
            watched_scores, space=task.space, threshold=recipe.threshold, said=recipe.said
        ),
        callbacks=[_Report(), *callbacks],
    )
    if recipe.patience is not None and task.development is not None:
        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=recipe.patience))
    trainer.remove_callback(PrinterCallback)
    if not sys.stderr.isatty():
        trainer.remove_callback(ProgressCallback)
    return trainer


def _loss(task: Task, weights: torch.Tensor | None) -> Any:
    """What training minimizes: the head's own loss, with what is said beside the label where it is."""
    said = task.recipe.said
    return Loss(task.space, weights, said) if said else task.head.loss(task.space, weights)


def _arguments(recipe: Recipe, folder: Path, device: torch.device, *, watched: bool) -> TrainingArguments:
    strategy = "epoch" if recipe.evaluate_every is None else "steps"
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / _LOGS)
    on_gpu = device.type == "cuda"
    bf16 = recipe.precision == "bf16" or (
        recipe.precision == "auto" and on_gpu and torch.cuda.is_bf16_supported()
    )
    return TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        per_device_train_batch_size=recipe.batch_size or 1,
        per_device_eval_batch_size=2 * (recipe.batch_size or 1),
        gradient_accumulation_steps=recipe.accumulate,
        num_train_epochs=recipe.epochs or 1.0,
        learning_rate=recipe.learning_rate or 0.0,
        lr_scheduler_type="linear",
        # A share below one is a share of all steps.
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_gradient_norm,
        bf16=bf16,
        use_cpu=not on_gpu,
        seed=recipe.seed,
        eval_strategy=strategy if watched else "no",
        save_strategy=strategy,
        eval_steps=recipe.evaluate_every,
        save_steps=recipe.evaluate_every or 500,
        save_total_limit=2,
        load_best_model_at_end=watched,
        # Without it the patience begins anew after a stop.
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model="pair_f" if watched else None,
        greater_is_better=True if watched else None,
        logging_steps=50,
        report_to="tensorboard" if _has_tensorboard() else "none",
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=on_gpu,
        disable_tqdm=not sys.stderr.isatty(),
    )


def _has_tensorboard() -> bool:
    from transformers.integrations.integration_utils import is_tensorboard_available

    return bool(is_tensorboard_available())


def weight_groups(model: Any, decaying: Collection[str], recipe: Recipe, rate: float) -> list[dict[str, Any]]:
    """The weights for the optimizer: the encoder's, and with another learning rate what stands on it.

    Args:
        decaying: the names of the weights that decay.
        rate: of what stands on the encoder.
    """
    groups: dict[tuple[bool, bool], list[Any]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            is_head = not name.startswith(f"{model.base_model_prefix}.")
            groups.setdefault((is_head, name in decaying), []).append(weight)
    return [
        {
            "params": weights,
            "weight_decay": recipe.weight_decay if decays else 0.0,
            "lr": rate if is_head else recipe.learning_rate,
        }
        for (is_head, decays), weights in groups.items()
    ]


class _SetEpoch(TrainerCallback):
    """Tells batches which epoch it is: accelerate looks for samplers of single inputs."""

    def __init__(self, batches: TokenBatches) -> None:
        self._batches = batches

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._batches.set_epoch(int(state.epoch or 0))


class _Report(TrainerCallback):
    """One line to stderr for each evaluation, and the losses where there is no progress bar."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if not state.is_world_process_zero or logs is None:
            return
        epoch = f"epoch {state.epoch:.2f}"
        if "eval_pair_f" in logs:
            print(
                f"{epoch}: development pair F {logs['eval_pair_f']:.4f}, typed F {logs['eval_typed_f']:.4f}, "
                f"loss {logs['eval_loss']:.4f}",
                file=sys.stderr,
            )
        elif "loss" in logs:
            warn_of_nothing(logs["loss"], state.global_step)
            if not sys.stderr.isatty():
                print(
                    f"{epoch}: step {state.global_step} of {state.max_steps}, loss {logs['loss']:.4f}",
                    file=sys.stderr,
                )


def _run(trainer: Trainer, checkpoints: Path) -> None:
    last = last_checkpoint(checkpoints)
    if last is None:
        trainer.train()
        return
    state = TrainerState.load_from_json(str(last / TRAINER_STATE_NAME))
    if _has_lost_patience(state):
        # Stopped after its last evaluation, before the best weights were taken: transformers would train on.
        trainer.state = state
        trainer._load_best_model()
    else:
        trainer.train(resume_from_checkpoint=str(last))


def _has_lost_patience(state: TrainerState) -> bool:
    callbacks: Any = state.stateful_callbacks or {}
    stopping = callbacks.get(EarlyStoppingCallback.__name__)
    if not isinstance(stopping, dict):
        return False
    counter = stopping["attributes"]["early_stopping_patience_counter"]
    return bool(counter >= stopping["args"]["early_stopping_patience"])


def _wait() -> None:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
