"""A fault of a union set, as `harmonize verify` names it, and how a value is shown in one."""

from __future__ import annotations

import reprlib
from typing import NamedTuple

__all__ = ["Fault", "shown"]

_CHARACTERS, _ITEMS = 80, 8


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


_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _CHARACTERS
_repr.maxlist = _repr.maxtuple = _ITEMS


def shown(value: object) -> str:
    """A value in a few words: the middle of long ones is left out."""
    return _repr.repr(value)
