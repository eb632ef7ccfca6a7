"""An arm of the control: the very training of an entry, watched step by step for numbers that are none."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from gpu_common import write
from job import RESULT, UNWATCHED, Job
from transformers import TrainerCallback

from harmonize.errors import HarmonizeError
from harmonize.pipelines.train import quiet
from harmonize.relation.model import heads
from harmonize.relation.train.divergence import Diverged
from harmonize.relation.train.training import train

_KEPT_EVERY = 10
"""Steps between losses that the result keeps; the first and the last ones are all kept."""
_ALL_OF_FIRST = 20


class Trace(TrainerCallback):
    """Looks at loss, gradient and parameters after each step.

    Attributes:
        first: "loss", "gradient" and "parameters" -> the first step at which some number is not finite; None
            while there is none.
        losses: [step, loss, norm of the gradient, largest weight], of some steps. In half precision AdamW's
            means of squared gradients vanish, and its steps, divided by them, let weights grow long before a
            number is not finite.
    """

    def __init__(self, job: Job, result: dict[str, Any]) -> None:
        self._job, self._result = job, result
        self.first: dict[str, int | None] = {"loss": None, "gradient": None, "parameters": None}
        self.losses: list[list[float]] = []
        self._largest = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        state.logging_steps = 1  # every loss is looked at, and training ends with the first unsound one
        types = Counter[str]()
        for weight in model.parameters():
            types[str(weight.dtype).removeprefix("torch.")] += weight.numel()
        self._result["weights"] = dict(types)
        self._write()

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        gradients = (weight.grad for weight in model.parameters() if weight.grad is not None)
        self._see("gradient", gradients, state.global_step + 1)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self._see("parameters", model.parameters(), state.global_step)
        self._largest = _largest(model.parameters())
        enough = state.global_step >= (self._job.entry.steps or 0) or time.time() > self._job.until
        control.should_training_stop = control.should_training_stop or enough
        self._result["steps"] = state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs is not None and "loss" in logs:
            step = state.global_step
            self.losses.append([step, logs["loss"], float(logs.get("grad_norm") or 0.0), self._largest])
            if step % _KEPT_EVERY == 0:
                self._write()

    def _see(self, what: str, tensors: Any, step: int) -> None:
        if self.first[what] is None and not _all_finite(tensors):
            self.first[what] = step

    def _write(self) -> None:
        write({**self._result, **self.found()}, self._job.folder / RESULT)

    def found(self) -> dict[str, Any]:
        """What the result has of it."""
        last = len(self.losses) - _KEPT_EVERY
        kept = [
            [step, *(round(number, 5) for number in numbers)]
            for place, (step, *numbers) in enumerate(self.losses)
            if place < _ALL_OF_FIRST or place >= last or step % _KEPT_EVERY == 0
        ]
        return {"first_not_finite": dict(self.first), "losses": kept}


def _all_finite(tensors: Iterator[torch.Tensor]) -> bool:
    """One answer for all of them: to ask for each is to wait for the device each time."""
    return bool(torch.stack([tensor.detach().isfinite().all() for tensor in tensors]).all())


def _largest(tensors: Iterator[torch.Tensor]) -> float:
    return float(torch.stack([tensor.detach().abs().max().float() for tensor in tensors]).max())


@contextmanager
def loaded(job: Job) -> Iterator[None]:
    """Load encoders in the type that they are stored in, as transformers does when it is told nothing."""
    usual = heads.WEIGHT_TYPE
    if job.entry.loaded == "as stored":
        heads.WEIGHT_TYPE = "auto"
    try:
        yield
    finally:
        heads.WEIGHT_TYPE = usual


def watched(job: Job) -> None:
    """Train without evaluation, until a number is not finite, or the steps or the time are over."""
    quiet()
    started = time.perf_counter()
    recipe = job.recipe(**UNWATCHED)
    entry = job.entry
    result: dict[str, Any] = {
        "stored": entry.stored,
        "loaded": entry.loaded,
        "recipe": entry.recipe,
        "head": recipe.head,
        "learning_rate": recipe.learning_rate,
        "batch_size": recipe.batch_size,
        "precision": recipe.precision,
    }
    write(result, job.folder / RESULT)
    trace = Trace(job, result)
    try:
        with loaded(job):
            train(job.union, recipe, job.folder / "run", device=job.device, callbacks=[trace])
    except Diverged as error:
        if trace.first.get(error.what) is None and error.what in trace.first:
            trace.first[error.what] = error.step
        result["stopped"] = str(error)
    except (HarmonizeError, RuntimeError) as error:
        # Types that do not go together, such as those of half-precision weights on a CPU.
        result["stopped"] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    seconds = round(time.perf_counter() - started, 1)
    write({**result, **trace.found(), "seconds": seconds}, job.folder / RESULT)
