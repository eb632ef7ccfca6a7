"""What is being written beside its place, and what killed processes left of that.

A writer holds a lock on its unfinished file or folder, which ends with the process. So what nobody holds is
left over, and is removed by whoever writes the same next. A lock tells nothing of other machines that share
the folder: theirs, known by a mark in the name, stay for a day, as does all where a lock cannot be had.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import platform
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["remove_leftovers", "unfinished_file", "unfinished_folder"]

_ABANDONED_AFTER = 24 * 3600.0
_HERE = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
"""The mark of this machine."""


@contextlib.contextmanager
def unfinished_file(parent: Path, before: str, after: str) -> Iterator[Path]:
    """A path for a file with a name that begins and ends so, held during the block.

    The file is there, and empty, where it can be held.
    """
    if sys.platform == "win32":  # which renames no open file
        yield _new_path(parent, before, after)
        return
    with _held(parent, before, after, _made_file) as path:
        yield path


@contextlib.contextmanager
def unfinished_folder(parent: Path, before: str) -> Iterator[Path]:
    """A new folder with a name that begins so, held during the block."""
    if sys.platform == "win32":
        path = _new_path(parent, before)
        path.mkdir(mode=0o700)
        yield path
        return
    with _held(parent, before, "", _made_folder) as path:
        yield path


def remove_leftovers(parent: Path, before: str, after: str = "") -> None:
    """Remove what nobody is at any more, as far as one may: names that begin and end so."""
    for leftover in parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        with contextlib.suppress(OSError):  # another process has removed it, or it is another user's
            is_of_here = leftover.name.startswith(f"{before}{_HERE}-")
            with _taken(leftover) as is_free:
                if is_free is False or not (
                    (is_of_here and is_free) or time.time() - _last_change(leftover) > _ABANDONED_AFTER
                ):
                    continue
                if leftover.is_dir():
                    shutil.rmtree(leftover, ignore_errors=True)
                else:
                    leftover.unlink()


def _new_path(parent: Path, before: str, after: str = "") -> Path:
    return parent / f"{before}{_HERE}-{secrets.token_hex(4)}{after}"


@contextlib.contextmanager
def _held(parent: Path, before: str, after: str, made: Callable[[Path], int | None]) -> Iterator[Path]:
    """A new path, made, and held during the block; one that is swept before it is held is made anew.

    Args:
        made: makes what is to be there and opens it; None where it has been swept meanwhile.
    """
    while True:
        path = _new_path(parent, before, after)
        handle = made(path)
        if handle is not None and _is_held(handle):
            break
    try:
        yield path
    finally:
        os.close(handle)


def _made_file(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)


def _made_folder(path: Path) -> int | None:
    path.mkdir(mode=0o700)
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return None


def _is_held(handle: int) -> bool:
    """Lock an open file or folder, as far as its disk knows locks; False if it has been swept meanwhile."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
    if os.fstat(handle).st_nlink:
        return True
    os.close(handle)
    return False


@contextlib.contextmanager
def _taken(path: Path) -> Iterator[bool | None]:
    """True with a lock on what nobody holds, False if somebody does, None where there are no locks."""
    if sys.platform == "win32":
        yield None
        return
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        is_free: bool | None = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_free = False
        except OSError:
            is_free = None
        yield is_free
    finally:
        os.close(handle)


def _last_change(path: Path) -> float:
    """When a file, or anything in a folder, was last written to; the folder's own time is not enough."""
    below = (Path(folder, name) for folder, *names in os.walk(path) for name in chain(*names))
    return max(each.lstat().st_mtime for each in chain((path,), below))
