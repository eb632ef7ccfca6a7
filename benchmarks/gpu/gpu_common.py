"""What the benchmarks for a GPU share: the head of a result file."""

from __future__ import annotations

import datetime
import os
import subprocess
from importlib.metadata import version

import torch


def provenance(device: str, *packages: str) -> dict[str, object]:
    """Commit, date, hardware and versions; a copy without .git is told its commit by HARMONIZE_COMMIT."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "commit": os.environ.get("HARMONIZE_COMMIT") or done.stdout.strip() or "not known",
        "date": datetime.date.today().isoformat(),
        "hardware": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "versions": {name: version(name) for name in packages},
    }
