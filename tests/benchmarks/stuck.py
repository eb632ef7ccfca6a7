"""Entries of a session that go wrong, each in its own way."""

from __future__ import annotations

import time
from typing import Any

from gpu_common import write

from harmonize.errors import HarmonizeError


def forever(job: Any) -> None:
    """Says something, and never ends."""
    write({"development": [{"step": 10}]}, job.folder / "result.json")
    while True:
        time.sleep(0.05)


def at_once(job: Any) -> None:
    print("here I am")
    write({"binary": {"f1": 0.5}}, job.folder / "result.json")


def refused(job: Any) -> None:
    write({"development": [{"step": 20}]}, job.folder / "result.json")
    raise HarmonizeError("training diverged")


def broken(job: Any) -> None:
    raise RuntimeError("a fault of the code")
