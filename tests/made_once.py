"""What takes long to make, made once for all workers of a run of the tests."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

__all__ = ["IS_WORKER", "Remembered", "made_once", "once_folder"]

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name, which the first worker to ask for it makes while the others wait.

    Args:
        make: writes the folder, whole or not at all; nobody may change it later.
    """
    folder = once_folder(factory) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            make(folder)
    return folder


def once_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder of what is made once, the same for all workers."""
    base = factory.getbasetemp()
    folder = (base.parent if IS_WORKER else base) / "made-once"
    folder.mkdir(exist_ok=True)
    return folder


class Remembered:
    """A function of hashable arguments that remembers what it found, which other workers can take over.

    Args:
        most: what comes later is not remembered.
    """

    def __init__(self, function: Callable[..., Any], most: int = 50_000) -> None:
        self._function, self._most = function, most
        self._found: dict[tuple[Any, ...], Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        if arguments in self._found:
            return self._found[arguments]
        found = self._function(*arguments)
        if len(self._found) < self._most:
            self._found[arguments] = found
        return found

    def write(self, path: Path) -> None:
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(self._found))
        part.replace(path)

    def read(self, path: Path) -> None:
        """What another process has written there, if one has."""
        if path.is_file():
            self._found |= pickle.loads(path.read_bytes())
