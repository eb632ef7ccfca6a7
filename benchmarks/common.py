"""What the benchmarks share: where and on what they ran, and a result file. Imports nothing heavy."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harmonize.writing.json_files import replace_json


def hardware() -> dict[str, object]:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory, 1)}


def commit() -> str:
    """Of the working tree; a copy without .git is told its commit by HARMONIZE_COMMIT, else it is ""."""
    if "HARMONIZE_COMMIT" in os.environ:
        return os.environ["HARMONIZE_COMMIT"]
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run(
        ["git", "status", "--porcelain"], capture_output=True, text=True, check=False
    ).stdout
    return done.stdout.strip() + (" with changes" if changed else "")


def versions(*packages: str) -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def provenance(benchmark: str, *packages: str) -> dict[str, object]:
    """The head of a result file."""
    return {
        "benchmark": benchmark,
        "command": f"python benchmarks/{benchmark}.py --mirror DIR",
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("harmonize", *packages),
    }


def write(result: Any, path: Path) -> None:
    """A result as JSON, in the place of an older one at once: who reads it while it grows reads it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, result, escaped=True)
