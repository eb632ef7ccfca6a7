"""A fault of a union set, as `harmonize verify` names it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Fault"]


class Fault(NamedTuple):
    """Something in a set that is not as it should be.

    Attributes:
        file: its name below the set's folder.
        place: where in it, e.g. "row 17, instance 81a244a466ccbd3b592e"; "" for the file as a whole. Rows
            count from 0, lines from 1.
        message: "expected ..., got ...".
    """

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        return " ".join(": ".join(part for part in self if part).split())
