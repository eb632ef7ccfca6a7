"""Trainings that are stopped, and what is left of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file
from transformers import TrainerCallback

from harmonize.relation.recipe import Recipe
from harmonize.relation.training import train


class Stop(Exception):
    """What stops a training in the middle."""


class StopAt(TrainerCallback):
    """Raises `Stop` after a step, or after the checkpoint of one, and notes the losses of all steps."""

    def __init__(self, step: int | None = None, *, saved: int | None = None) -> None:
        self.step, self.saved, self.done = step, saved, 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.done += 1
        if state.global_step == self.step:
            raise Stop

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.saved:
            raise Stop


def weights(run: Path) -> dict[str, bytes]:
    """Every tensor of a run, to the bit."""
    return {name: tensor.tobytes() for name, tensor in load_file(run / "model.safetensors").items()}


def record(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "training.json").read_text(encoding="utf-8")))


def working(run: Path) -> Path:
    """Where a run is made."""
    return run.with_name(f".{run.name}.training")


def stopped_and_resumed(union: Path, recipe: Recipe, out: Path, *stops: StopAt) -> tuple[Path, list[int]]:
    """A run that each of `stops` interrupts, and how many steps each attempt took."""
    for stop in stops:
        with pytest.raises(Stop):
            train(union, recipe, out, device="cpu", callbacks=[stop])
        assert not out.exists()
        assert working(out).is_dir()
    last = StopAt()
    run = train(union, recipe, out, device="cpu", callbacks=[last])
    assert not working(out).exists()
    return run, [stop.done for stop in (*stops, last)]
