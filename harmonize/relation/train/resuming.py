"""Going on from the last checkpoint, to what the training would have come to had it never been stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import EarlyStoppingCallback, Trainer, TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from harmonize.errors import HarmonizeError
from harmonize.relation.train.work_folder import last_checkpoint

__all__ = ["run_trainer"]


def run_trainer(trainer: Trainer, checkpoints: Path) -> None:
    """Train, from the last checkpoint where there is one.

    Args:
        checkpoints: the folder of the checkpoints.

    Raises:
        HarmonizeError: the checkpoint with the best weights so far is not there.
    """
    last = last_checkpoint(checkpoints)
    if last is None:
        trainer.train()
        return
    state = TrainerState.load_from_json(str(last / TRAINER_STATE_NAME))
    best = _best_checkpoint(state, checkpoints)
    if _has_ended(state):
        # Before the weights to keep were taken; transformers would take another step, or train on.
        trainer._load_from_checkpoint(str(best or last))
        trainer.state = state
    else:
        trainer.train(resume_from_checkpoint=str(last))


def _best_checkpoint(state: TrainerState, checkpoints: Path) -> Path | None:
    """The checkpoint of the best evaluation; None where nothing is evaluated.

    Its path in the state is that of the process which wrote it, and may lead nowhere from here.
    """
    if not state.best_global_step:
        return None
    best = checkpoints / f"checkpoint-{state.best_global_step}"
    if not any(best.glob("*.safetensors")):
        raise HarmonizeError(f"{best}: expected the best weights so far, found none; begin anew with --fresh")
    return best


def _has_ended(state: TrainerState) -> bool:
    return state.global_step >= state.max_steps or _has_lost_patience(state)


def _has_lost_patience(state: TrainerState) -> bool:
    callbacks: Any = state.stateful_callbacks or {}
    stopping = callbacks.get(EarlyStoppingCallback.__name__)
    if not isinstance(stopping, dict):
        return False
    counter = stopping["attributes"]["early_stopping_patience_counter"]
    return bool(counter >= stopping["args"]["early_stopping_patience"])
