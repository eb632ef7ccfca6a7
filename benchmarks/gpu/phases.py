"""The processes of the trial that harmonize's session makes of trainings side by side; see pace.py."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from gpu_common import write
from job import RESULT, UNWATCHED, Job
from pace import GO, READY
from transformers import TrainerCallback

from harmonize.pipelines.train import quiet
from harmonize.relation.train.training import train

_WARM = 5
"""Steps before a process is ready: the first ones choose kernels."""
_PATIENCE = 0.02


class Phases(TrainerCallback):
    """Counts the steps of one of several processes in each phase that it takes part in.

    Args:
        number: of the process, from 0; it takes part from the phase of that number on.
        ready, go: the file that it makes, and the one that it then waits for, which says when phases begin.
        until: when it gives up.

    Attributes:
        steps: how many processes train in a phase -> this one's steps.
    """

    def __init__(self, number: int, ready: Path, go: Path, until: float) -> None:
        self._number, self._ready, self._go, self._until = number, ready, go, until
        self._edges: list[float] = []
        self.steps: dict[str, int] = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step < _WARM:
            return
        if args.device.type == "cuda":
            torch.cuda.synchronize()
        if self._edges:
            self._count()
        else:
            self._edges = self._begun()
        now = self._wait()
        control.should_training_stop = now >= self._edges[-1]

    def _begun(self) -> list[float]:
        self._ready.touch()
        while not self._go.is_file():
            if time.time() > self._until:
                return [0.0]
            time.sleep(_PATIENCE)
        return list(json.loads(self._go.read_text(encoding="utf-8")))

    def _count(self) -> None:
        phase = phase_at(self._edges, time.time())
        if phase is not None and phase >= self._number:
            self.steps[str(phase + 1)] = self.steps.get(str(phase + 1), 0) + 1

    def _wait(self) -> float:
        """Until the first phase that it takes part in; the time then."""
        first = self._edges[min(self._number, len(self._edges) - 1)]
        while (now := time.time()) < first:
            time.sleep(min(_PATIENCE, first - now))
        return now


def phase_at(edges: Sequence[float], now: float) -> int | None:
    """Which phase it is, from 0; None before the first and after the last."""
    return next((place for place in range(len(edges) - 1) if edges[place] <= now < edges[place + 1]), None)


def paced(job: Job, number: int) -> None:
    """Train in the phases of one process."""
    quiet()
    phases = Phases(number, job.folder / READY, job.folder.parent / GO, job.until)
    recipe = job.recipe(**UNWATCHED, epochs=1000.0)
    train(job.union, recipe, job.folder / "run", device=job.device, callbacks=[phases])
    write({"steps": phases.steps}, job.folder / RESULT)
