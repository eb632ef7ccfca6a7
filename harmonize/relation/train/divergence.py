"""Training that stops where it diverges, instead of going on with numbers that are none.

transformers' Trainer reports the mean of the losses before it for a loss that is not finite, and trains on.
Here the first loss, gradient or weight that is not finite stops training before anything is written from it,
so that the last checkpoint is a sound one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import Trainer, TrainingArguments

from harmonize.errors import HarmonizeError
from harmonize.relation.train.work_folder import last_checkpoint

__all__ = ["Diverged", "SoundTrainer", "warn_of_nothing"]

_LOOK_EVERY = 10
"""Steps. To look at a number on a GPU is to wait for it."""


class Diverged(HarmonizeError):
    """A loss, gradient or weight became infinite or no number.

    Args:
        what: "loss", "gradient" or "weights".
        step: the first step, from 1, at which it was seen.
        epoch: how many were done by then.
        learning_rate: of that step.
        checkpoint: the last one that was written, none before the first.
    """

    def __init__(
        self, what: str, *, step: int, epoch: float, learning_rate: float, checkpoint: int | None
    ) -> None:
        self.what, self.step, self.epoch, self.learning_rate = what, step, epoch, learning_rate
        kept = (
            "no checkpoint was written before" if checkpoint is None else f"checkpoint {checkpoint} is kept"
        )
        super().__init__(
            f"training diverged: the {what} at step {step} (epoch {epoch:.2f}, learning rate "
            f"{learning_rate:.3g}) is not finite; {kept}; try a learning rate of {learning_rate / 3:.1g} or "
            "lower, a longer warmup, or precision=fp32"
        )


class _Seen(NamedTuple):
    """One step, not yet looked at; the tensors stay on the device until then."""

    step: int
    epoch: float
    learning_rate: float
    loss: Tensor
    gradient: Tensor


class SoundTrainer(Trainer):
    """transformers' Trainer, which ends with Diverged at the first step whose numbers are not finite.

    A process has one GPU: transformers would make batches for all that it sees.
    """

    def __init__(self, *, args: TrainingArguments, **arguments: Any) -> None:
        args._n_gpu = min(args.n_gpu, 1)
        super().__init__(args=args, **arguments)
        # Else it hides what is looked for.
        self.args.logging_nan_inf_filter = False
        self._unseen: list[_Seen] = []
        self._losses: list[Tensor] = []

    def training_step(self, *arguments: Any, **named: Any) -> Tensor:
        loss = super().training_step(*arguments, **named)
        self._losses.append(loss.detach())
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)  # type: ignore[no-untyped-call]
        loss = torch.stack(self._losses).sum()
        gradient = torch.as_tensor(0.0 if norm is None else norm, device=loss.device)
        done = self.state.global_step
        epoch = float(self.state.epoch or 0.0)
        self._unseen.append(_Seen(done + 1, epoch, self._rate, loss, gradient.detach()))
        self._losses.clear()
        if len(self._unseen) >= _LOOK_EVERY:
            self._look()
        return norm

    def _maybe_log_save_evaluate(self, *arguments: Any, **named: Any) -> None:
        """Nothing is reported, scored or written of a training that has diverged."""
        control = self.control
        if control.should_log or control.should_evaluate or control.should_save:
            self._look()
        if control.should_evaluate or control.should_save:
            self._look_at_weights()
        super()._maybe_log_save_evaluate(*arguments, **named)

    def _look(self) -> None:
        seen, self._unseen = self._unseen, []
        if not seen:
            return
        finite = torch.isfinite(
            torch.stack([torch.stack((one.loss.float(), one.gradient.float())) for one in seen])
        ).tolist()
        for one, (sound_loss, sound_gradient) in zip(seen, finite, strict=True):
            if not (sound_loss and sound_gradient):
                raise self._diverged("gradient" if sound_loss else "loss", one)

    def _look_at_weights(self) -> None:
        model: Any = self.model
        if not all(bool(torch.isfinite(weight).all()) for weight in model.parameters()):
            nothing = torch.zeros(())
            step, epoch = self.state.global_step, float(self.state.epoch or 0.0)
            raise self._diverged("weights", _Seen(step, epoch, self._rate, nothing, nothing))

    def _diverged(self, what: str, at: _Seen) -> Diverged:
        return Diverged(
            what,
            step=at.step,
            epoch=at.epoch,
            learning_rate=at.learning_rate,
            checkpoint=self._last_saved,
        )

    @property
    def _rate(self) -> float:
        scheduler: Any = self.lr_scheduler
        return float(scheduler.get_last_lr()[0])

    @property
    def _last_saved(self) -> int | None:
        last = last_checkpoint(Path(str(self.args.output_dir)))
        return None if last is None else int(last.name.rpartition("-")[2])


def warn_of_nothing(loss: float, step: int) -> None:
    """Say that a loss is exactly 0 over a whole report: nothing is learnt from what has no error."""
    if loss == 0.0:
        print(
            f"warning: the loss was exactly 0 in all steps up to {step} since the last report; "
            "nothing is being learnt",
            file=sys.stderr,
        )
