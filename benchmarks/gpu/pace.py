"""Whether trainings side by side on one device are quicker than one after the other, measured.

One, two and three processes train at the same time, each for some seconds: what counts is how many steps they
make together. All are made ready first; who is not to train in a phase waits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from gpu_common import write

MOST = 3
GAIN = 1.1
"""One more process must make so many times the steps to be worth it."""
READY, GO = "ready", "go.json"


def begin_phases(folder: Path, seconds: float, count: int) -> None:
    """Say when the phases begin, and the last one ends."""
    start = time.time() + 0.2
    write([start + seconds * place for place in range(count + 1)], folder / GO)


def chosen(steps: Mapping[int, float]) -> int:
    """How many processes to run side by side.

    Args:
        steps: how many processes -> the steps that they make together in a second.
    """
    best = 1
    for count in sorted(steps):
        if count > best and steps[count] >= GAIN * steps.get(best, 0.0):
            best = count
    return best
