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

__all__ = ["AtWork", "alone_in"]


class AtWork(HarmonizeError):
    """Another process is at work in the same folder."""


@contextlib.contextmanager
def alone_in(folder: Path, work: str) -> Iterator[None]:
    """Keep a second process out of the folder while the block runs; nothing is left in it or beside it.

    Args:
        folder: may not be there yet.
        work: what is done there, for the error: "training".

    Raises:
        AtWork: one is in there.
    """
    lock = FileLock(_lock_file(folder))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AtWork(f"{folder}: another {work} is at work here; take another --out") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file
            Path(lock.lock_file).unlink()
        lock.release()


def _lock_file(folder: Path) -> Path:
    """Not in the folder, nor beside it: what cannot begin leaves nothing there; and for each user another."""
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"harmonize-{user}-{name}.lock"
