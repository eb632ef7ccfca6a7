"""Training on masked rows, from the last checkpoint where there is one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from transformers import (
    PrinterCallback,
    ProgressCallback,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)

from harmonize.adaptation.masking import MaskedRows, Shuffled, batch_of
from harmonize.adaptation.model import Masked, masked_loss
from harmonize.adaptation.settings import Settings
from harmonize.relation.train.divergence import SoundTrainer, warn_of_nothing
from harmonize.relation.train.resuming import run_trainer

__all__ = ["fit"]

_REPORT = 50


def fit(
    masked: Masked,
    rows: MaskedRows,
    settings: Settings,
    checkpoints: Path,
    device: torch.device,
    bf16: bool,
    callbacks: Sequence[TrainerCallback],
) -> TrainerState:
    """Train those of the model's weights that ask for it.

    Args:
        checkpoints: the folder of the checkpoints.
        bf16: products in bf16, weights in single precision.

    Returns:
        transformers' state at the end.
    """
    trainer = _Trainer(
        model=masked.model,
        args=_arguments(settings, len(rows), checkpoints, device),
        train_dataset=rows,
        data_collator=partial(batch_of, padding=masked.padding),
        callbacks=[_Report(), *callbacks],
        bf16=bf16,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    run_trainer(trainer, checkpoints)
    found: TrainerState = trainer.state
    return found


class _Trainer(SoundTrainer):
    """transformers' Trainer with the rows in our order, and the loss of the masked tokens alone."""

    def __init__(self, *, bf16: bool, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._bf16 = bf16
        # The loss is divided by all the masked tokens of a step, as models do that are told their number.
        self.model_accepts_loss_kwargs = True

    def _get_train_sampler(self, train_dataset: Any = None) -> Shuffled:
        return Shuffled(len(cast(MaskedRows, self.train_dataset)), self.args.seed)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        total, count = masked_loss(model, inputs, self._bf16)
        return total / (max(1, count) if num_items_in_batch is None else num_items_in_batch)


def _arguments(settings: Settings, rows: int, checkpoints: Path, device: torch.device) -> TrainingArguments:
    steps = settings.max_steps
    expected = steps or int(settings.epochs * rows / (settings.batch_size * settings.accumulate))
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulate,
        num_train_epochs=settings.epochs,
        max_steps=steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        # A share below one is a share of all steps.
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_gradient_norm,
        use_cpu=device.type != "cuda",
        seed=settings.seed,
        save_strategy="steps",
        save_steps=settings.save_every,
        save_total_limit=2,
        logging_steps=min(_REPORT, max(1, expected // 10)),
        report_to="none",
        remove_unused_columns=False,
        # Masks are functions of the row, so that it does not matter who makes them.
        dataloader_num_workers=4 if device.type == "cuda" else 0,
        dataloader_pin_memory=device.type == "cuda",
        disable_tqdm=True,
    )


class _Report(TrainerCallback):
    """The losses, a line each, to stderr."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs is not None and "loss" in logs:
            warn_of_nothing(logs["loss"], state.global_step)
            print(f"step {state.global_step} of {state.max_steps}, loss {logs['loss']:.4f}", file=sys.stderr)
