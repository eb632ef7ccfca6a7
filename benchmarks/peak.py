"""The memory that a part of a benchmark took at most."""

from __future__ import annotations

from pathlib import Path

import torch

__all__ = ["peak_mib", "start_peak"]


def start_peak(device: torch.device) -> None:
    """Begin anew; on Linux the kernel forgets the process' peak when told to."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib(device: torch.device) -> float:
    """Since `start_peak`, in MiB: of the GPU's memory, or of the process'."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated() / 2**20)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
