"""A limit in minutes that a benchmark keeps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

__all__ = ["Clock", "TimeIsUp"]


class TimeIsUp(Exception):
    """A part takes longer than there is time."""


@dataclass(frozen=True)
class Clock:
    """Ends what a model is at, between two of its calls, when the time is up.

    Attributes:
        end: as time.monotonic() counts; None for never.
    """

    end: float | None

    @classmethod
    def of(cls, minutes: float | None) -> Clock:
        return cls(None if minutes is None else time.monotonic() + 60 * minutes)

    def check(self, *_: Any) -> None:
        """Raises TimeIsUp."""
        if self.end is not None and time.monotonic() > self.end:
            raise TimeIsUp
