"""Trainings that are stopped in the middle, whatever is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.numpy import load_file
from transformers import TrainerCallback


class Stop(Exception):
    """What stops a training in the middle."""


class StopAt(TrainerCallback):
    """Raises `Stop` after a step, or after the checkpoint of one, and counts the steps done."""

    def __init__(self, step: int | None = None, *, saved: int | None = None) -> None:
        self.step, self.saved, self.done = step, saved, 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.done += 1
        if state.global_step == self.step:
            raise Stop

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.saved:
            raise Stop


def weights(folder: Path) -> dict[str, bytes]:
    """Every tensor of a folder with a model, to the bit."""
    return {name: tensor.tobytes() for name, tensor in load_file(folder / "model.safetensors").items()}
