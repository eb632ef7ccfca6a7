"""Putting a finished file or folder in the place of an older one, so that a reader sees either, whole."""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

__all__ = ["new_file", "new_folder", "new_path", "put"]

_ABANDONED_AFTER = 24 * 3600.0
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD = -100


@contextlib.contextmanager
def new_file(target: Path) -> Iterator[TextIO]:
    """A UTF-8 text file beside `target` to write; at the end of the block it takes `target`'s place.

    If the block raises, `target` stays as it was.
    """
    with new_path(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextlib.contextmanager
def new_path(target: Path) -> Iterator[Path]:
    """A path beside `target` to write a file at; at the end of the block the file takes `target`'s place.

    If the block raises, `target` stays as it was. Several writers of one target each have a file of their
    own, and the last to end is read. Leftovers of killed processes are swept as `new_folder`'s are.
    """
    before, after = f".{target.name}.", ".part"
    _sweep(target.parent, before, after)
    part = target.with_name(f"{before}{secrets.token_hex(4)}{after}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to build in; at the end of the block it takes `target`'s place.

    If the block raises, or the process is killed, `target` stays as it was. Leftovers of killed processes
    are swept by a later call, a day on.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100  (resolve() would follow a link at target)
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.building-"
    _sweep(target.parent, prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        put(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(folder: Path, target: Path) -> None:
    """Rename `folder` to `target`; an older target ends up at `folder`."""
    if not target.exists():
        folder.rename(target)
    elif not _exchanged(folder, target):
        # Without an atomic exchange there is a moment without a target; the older one is beside it.
        older = target.with_name(f".{target.name}.previous")
        shutil.rmtree(older, ignore_errors=True)
        target.rename(older)
        folder.rename(target)
        shutil.rmtree(older, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step where the system can (Linux with glibc 2.28 or newer)."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0)


def _sweep(parent: Path, before: str, after: str = "") -> None:
    """Remove what killed processes left long ago: names that begin and end so."""
    for leftover in parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        with contextlib.suppress(FileNotFoundError):  # another process has removed it
            if time.time() - leftover.stat().st_mtime <= _ABANDONED_AFTER:
                continue
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink()
