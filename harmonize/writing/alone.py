"""A folder that one process of this machine works in at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from harmonize.errors import HarmonizeError
from harmonize.writing.unfinished import remove_leftovers

__all__ = ["AtWork", "alone_in"]

_AFTER = ".lock"


class AtWork(HarmonizeError):
    """Another process is at work in the same folder."""


@contextlib.contextmanager
def alone_in(folder: Path, work: str) -> Iterator[None]:
    """Keep a second process out of the folder while the block runs; nothing is left in it or beside it.

    A process that is killed leaves its lock, which the next one at any work removes after a day.

    Args:
        folder: may not be there yet.
        work: what is done there, for the error: "training".

    Raises:
        AtWork: one is in there.
    """
    file = _lock_file(folder)
    remove_leftovers(file.parent, _before(), _AFTER)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AtWork(f"{folder}: another {work} is at work here; take another --out") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file
            file.unlink()
        lock.release()


def _lock_file(folder: Path) -> Path:
    """Not in the folder, nor beside it: what cannot begin leaves nothing there; and for each user another."""
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"{_before()}{name}{_AFTER}"


def _before() -> str:
    """What the names of this user's locks begin with."""
    return f"harmonize-{os.getuid() if hasattr(os, 'getuid') else 0}-"
