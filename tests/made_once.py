"""What takes long to make, made once for all workers of a run of the tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

__all__ = ["IS_WORKER", "made_once"]

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name, which the first worker to ask for it makes while the others wait.

    Args:
        make: writes the folder, whole or not at all; nobody may change it later.
    """
    base = factory.getbasetemp()
    folder = (base.parent if IS_WORKER else base) / "made-once" / name
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            make(folder)
    return folder
