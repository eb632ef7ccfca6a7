"""Putting a finished file or folder in the place of an older one, so that a reader sees either, whole."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

from harmonize.errors import HarmonizeError
from harmonize.files import is_litter

__all__ = ["check_replaceable", "file_place", "followed", "new_file", "new_folder", "new_path", "put"]

_ABANDONED_AFTER = 24 * 3600.0
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD = -100
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def new_file(target: Path) -> Iterator[TextIO]:
    """A UTF-8 text file beside `target` to write; see `new_path`."""
    with new_path(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextlib.contextmanager
def new_path(target: Path) -> Iterator[Path]:
    """A path beside `target` to write a file at; at the end of the block the file takes `target`'s place.

    If the block raises, `target` stays as it was. Several writers of one target each have a file of their
    own, and the last to end is read. Leftovers of killed processes are swept as `new_folder`'s are. A link
    stays one: the file that it leads to is replaced.

    Raises:
        HarmonizeError: something else than a file is there.
    """
    place = file_place(target)
    before, after = f".{place.name}.", ".part"
    _sweep(place.parent, before, after)
    part = place.with_name(f"{before}{secrets.token_hex(4)}{after}")
    try:
        with _naming(target, part):
            yield part
            part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def followed(path: Path) -> Path:
    """The absolute path without links; unlike `resolve`, it leaves one that leads to itself."""
    return Path(os.path.realpath(path))


def file_place(target: Path) -> Path:
    """Where a file that is written to `target` stands: where a link leads to.

    Raises:
        HarmonizeError: something else than a file is there.
    """
    place = followed(target)
    if place.is_dir():
        raise HarmonizeError(f"{target}: expected a file, got a folder")
    if os.path.lexists(place) and not place.is_file():
        raise HarmonizeError(f"{target}: expected a file, got neither file nor folder")
    return place


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to build in; at the end of the block it takes `target`'s place.

    If the block raises, or the process is killed, `target` stays as it was. Leftovers of killed processes
    are swept by a later call, a day on. A link stays one: the folder that it leads to is replaced.

    Raises:
        HarmonizeError: something else than a folder is there, or one that the process is in, which would be
            left in the older.
    """
    place = followed(target)
    if os.path.lexists(place) and not place.is_dir():
        raise HarmonizeError(f"{target}: expected a folder, got a file")
    if os.path.lexists(place) and Path.cwd().is_relative_to(place):
        raise HarmonizeError(f"{target}: expected another folder than one you are in")
    place.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{place.name}.building-"
    _sweep(place.parent, prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place.parent))
    try:
        with _naming(target, folder):
            yield folder
            folder.chmod(0o755)
            put(folder, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_replaceable(folder: Path, earlier: str, names: Collection[str]) -> None:
    """Nothing is lost that a user would miss if a new folder takes the place of `folder`.

    Args:
        earlier: what may be replaced, such as "an earlier export".
        names: what such a one has in it, at its top level; empty if `folder` is none. Litter may be there
            too; other hidden files, such as .git, a user would miss.

    Raises:
        HarmonizeError: it is a file, or holds anything else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise HarmonizeError(f"{folder}: expected a folder, got a file")
    found = {path.name for path in folder.iterdir() if not is_litter(path)}
    others = sorted(found - set(names))
    if others:
        raise HarmonizeError(f"{folder}: expected a new folder or {earlier}, found {others[0]}")


def put(folder: Path, target: Path) -> None:
    """Rename `folder` to `target`; an older target ends up at `folder`."""
    if not target.exists():
        folder.rename(target)
    elif not _exchanged(folder, target):
        # Without an atomic exchange there is a moment without a target; the older one is beside it.
        older = target.with_name(f".{target.name}.previous")
        shutil.rmtree(older, ignore_errors=True)
        target.rename(older)
        try:
            folder.rename(target)
        except BaseException:
            older.rename(target)
            raise
        shutil.rmtree(older, ignore_errors=True)


@contextlib.contextmanager
def _naming(target: Path, part: Path) -> Iterator[None]:
    """Name `target` in the system's errors that name `part`, or, where there is no room, no file at all."""
    try:
        yield
    except OSError as error:
        if error.filename == os.fspath(part) or (error.filename is None and error.errno in _NO_ROOM):
            error.filename = os.fspath(target)
        raise


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step where the system can (Linux with glibc 2.28 or newer)."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0)


def _sweep(parent: Path, before: str, after: str = "") -> None:
    """Remove what killed processes left long ago, as far as one may: names that begin and end so."""
    for leftover in parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        with contextlib.suppress(OSError):  # another process has removed it, or it is another user's
            if time.time() - _last_change(leftover) <= _ABANDONED_AFTER:
                continue
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink()


def _last_change(path: Path) -> float:
    """When a file, or anything in a folder, was last written to; the folder's own time is not enough."""
    below = (Path(folder, name) for folder, *names in os.walk(path) for name in chain(*names))
    return max(each.lstat().st_mtime for each in chain((path,), below))
