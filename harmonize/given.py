"""What a caller in Python gives, checked where it comes in: else it fails deep inside, and says nothing."""

from __future__ import annotations

import os
from pathlib import Path

from harmonize.errors import HarmonizeError

__all__ = ["check_given", "given_path"]


def given_path(value: object, name: str) -> Path:
    """A path that is given as text or as a Path; "~" is the user's own folder, as in a shell.

    Args:
        name: what the caller calls it.

    Raises:
        TypeError: something else, such as None or a data frame.
        HarmonizeError: an empty text, which would be the folder one is in.
    """
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name}: expected a path, as text or as a Path, got {_kind(value)}")
    if value == "":
        raise HarmonizeError(f"{name}: expected a path, got an empty text")
    return Path(os.path.expanduser(value))  # noqa: PTH111  (a Path's own fails for unknown users)


def check_given(value: object, kind: type, name: str, maker: str) -> None:
    """Raises TypeError for what is not of a kind; the message says what makes one of it."""
    if not isinstance(value, kind):
        raise TypeError(f"{name}: expected {kind.__name__}, which {maker} makes, got {_kind(value)}")


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__
