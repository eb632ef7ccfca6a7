"""On what a model runs, and in what precision."""

from __future__ import annotations

import sys
from functools import cache

import torch

from harmonize.errors import HarmonizeError

__all__ = ["PRECISIONS", "check_device", "described", "device_named", "precision_named"]

PRECISIONS = ("auto", "fp32", "bf16", "int8")
_DEVICES = ("auto", "cpu", "cuda")


def check_device(name: str) -> None:
    """Raises HarmonizeError for what is the name of no device, whether there is one or not."""
    if name not in _DEVICES:
        raise HarmonizeError(f"device: expected auto, cpu or cuda, got {name!r}")


def device_named(name: str) -> torch.device:
    """auto, cpu, or cuda; auto is a GPU where there is one.

    Raises:
        HarmonizeError: no such device here.
    """
    check_device(name)
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

    A process is told once, on stderr, that it runs in bf16 on a processor without it.

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
    if name == "bf16" and device.type == "cpu" and _is_emulated():
        _warn_of_emulation()
    return name


def _is_emulated() -> bool:
    """Whether this processor is known to lack instructions for bf16; older versions of torch do not say."""
    told = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    found = [has for name, has in told.items() if name.endswith("bf16")]
    return bool(found) and not any(found)


@cache
def _warn_of_emulation() -> None:
    print("warning: this processor does not multiply in bf16; fp32 is several times as fast", file=sys.stderr)
