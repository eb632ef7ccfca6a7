"""On what a model runs, and in what precision."""

from __future__ import annotations

import torch

from harmonize.errors import HarmonizeError

__all__ = ["PRECISIONS", "described", "device_named", "precision_named"]

PRECISIONS = ("auto", "fp32", "bf16", "int8")


def device_named(name: str) -> torch.device:
    """auto, cpu, or cuda; auto is a GPU where there is one.

    Raises:
        HarmonizeError: no such device here.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise HarmonizeError(f"device: expected auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise HarmonizeError("device: expected a GPU for cuda, torch finds none; take `--device cpu`")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def described(device: torch.device) -> str:
    """A device in words."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu, {torch.get_num_threads()} threads"


def precision_named(name: str, device: torch.device) -> str:
    """fp32, bf16 or int8; auto is bf16 on a GPU that has it, fp32 elsewhere.

    Raises:
        HarmonizeError: no such precision, or not on this device.
    """
    if name not in PRECISIONS:
        raise HarmonizeError(f"precision: expected one of {', '.join(PRECISIONS)}, got {name!r}")
    if name == "int8" and device.type != "cpu":
        raise HarmonizeError("precision: int8 is for a CPU; take bf16 on a GPU")
    if name == "auto":
        is_fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if is_fast else "fp32"
    return name
