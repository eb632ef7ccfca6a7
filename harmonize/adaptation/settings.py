"""How an encoder is adapted: every number that decides what comes out, checked, and kept beside it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from harmonize.adaptation.kinds import KINDS, kind_named
from harmonize.spec.reading import SettingsModel, at_commas, checked

__all__ = ["Settings", "chosen_settings"]


class Settings(SettingsModel):
    """What an adaptation is made with. Batch size, learning rate and steps hang on each other.

    Attributes:
        encoder: a name or folder; see harmonize.relation.model.encoders.
        about: kinds of entity that a text must name, all of them: gene (or protein), chemical, drug, disease.
        texts: so many of the texts, drawn by a hash of each; all unless given. A larger draw holds a smaller.
        held_out: texts to measure on and never train on, drawn by another hash: a share, or a count from 1.
        shortest: words of a text, at least.
        max_length: of a row, in tokens (the paper's).
        masked: the share of a row's tokens that is to be told from the others.
        head_steps: steps in which the output over the vocabulary learns alone, before all weights do.
        epochs: passes over the rows.
        max_steps: ends training, whatever `epochs` says.
        batch_size: rows of a batch.
        accumulate: batches of a step.
        learning_rate: of the step at which it is highest (the paper's).
        warmup: the share of the steps in which it rises; then it falls to nothing, evenly.
        weight_decay, max_gradient_norm: of AdamW.
        precision: fp32, bf16, or auto: bf16 on a GPU that has it.
        save_every: steps between two checkpoints.
        seed: of fresh weights, of the order of the rows, and of what is masked.
    """

    encoder: str = Field(min_length=1)
    about: tuple[str, ...] = ()
    texts: int | None = Field(default=None, ge=2)
    held_out: float = Field(default=0.02, gt=0)
    shortest: int = Field(default=5, ge=1)
    max_length: int = Field(default=128, ge=8)
    masked: float = Field(default=0.15, gt=0, lt=1)
    head_steps: int = Field(default=0, ge=0)
    epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=32, ge=1)
    accumulate: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=2e-5, gt=0)
    warmup: float = Field(default=0.06, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_gradient_norm: float = Field(default=1.0, gt=0)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    save_every: int = Field(default=500, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**32)

    _names = field_validator("about", mode="before")(at_commas)

    @field_validator("about")
    @classmethod
    def _kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        named = {kind_named(kind) for kind in kinds}
        return tuple(kind for kind in KINDS if kind in named)

    @field_validator("held_out")
    @classmethod
    def _share_or_count(cls, held_out: float) -> float:
        if held_out >= 1 and held_out != int(held_out):
            raise ValueError(f"expected a share below 1 or a whole number of texts, got {held_out:g}")
        return held_out


def chosen_settings(values: dict[str, Any]) -> Settings:
    """Settings from values by name, those of the class where none is given.

    Raises:
        SpecError: with every fault at once.
    """
    return checked(Settings, values, "adapt")
