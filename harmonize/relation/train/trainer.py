"""transformers' Trainer for our tasks: their order of rows, their loss and what it tells."""

from __future__ import annotations

import os
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
    TrainingArguments,
)

from harmonize.relation.encode.order import LikeLengths, LongestFirst, TokenBatches
from harmonize.relation.model.device import precision_named
from harmonize.relation.model.frozen import freeze
from harmonize.relation.model.objective import Loss, label_weights, watched_scores
from harmonize.relation.recipe import Recipe
from harmonize.relation.train.divergence import SoundTrainer, warn_of_nothing
from harmonize.relation.train.task import Task
from harmonize.relation.train.work_folder import CHECKPOINTS

__all__ = ["trainer_of", "weight_groups"]

_LOGS = "logs"


def trainer_of(
    task: Task, folder: Path, device: torch.device, callbacks: Sequence[TrainerCallback]
) -> Trainer:
    """What trains a task in `folder`, as its recipe says, on a device.

    Raises:
        HarmonizeError: more layers are to be frozen than the encoder has.
    """
    recipe = task.recipe
    assert recipe.epochs is not None
    assert recipe.batch_size is not None
    assert recipe.learning_rate is not None
    weights = None
    if recipe.class_weights == "balanced":
        weights = label_weights(task.labels, len(task.space.names))
    model = task.encoder.model()
    freeze(model, recipe.frozen_layers)
    trainer = _Trainer(
        task,
        model=model,
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


def _loss(task: Task, weights: torch.Tensor | None) -> Any:
    """What training minimizes: the head's own loss, with what is said beside the label where it is."""
    said = task.recipe.said
    return Loss(task.space, weights, said) if said else task.head.loss(task.space, weights)


def _arguments(recipe: Recipe, folder: Path, device: torch.device, *, watched: bool) -> TrainingArguments:
    strategy = "epoch" if recipe.evaluate_every is None else "steps"
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / _LOGS)
    on_gpu = device.type == "cuda"
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
        bf16=precision_named(recipe.precision, device) == "bf16",
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
