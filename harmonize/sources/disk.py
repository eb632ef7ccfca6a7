"""The disk that files are written to: is there room, and does it hold what was written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

from harmonize.errors import DownloadError

__all__ = ["check_space", "sync"]


def check_space(name: str, folder: Path, needed: int) -> None:
    """Raises DownloadError, by this name, unless a folder has room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DownloadError(name, f"expected {needed} bytes free in {folder}, got {free}")


def sync(file: IO[bytes]) -> None:
    """Have the disk hold what was written, before the file gets the name that promises it."""
    file.flush()
    os.fsync(file.fileno())
