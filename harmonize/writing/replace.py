"""Putting a finished file or folder in the place of an older one, so that a reader sees either, whole."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TextIO

from harmonize.errors import HarmonizeError
from harmonize.files import is_litter
from harmonize.writing.unfinished import remove_leftovers, unfinished_file, unfinished_folder

__all__ = [
    "begins",
    "check_place",
    "check_replaceable",
    "check_replaceable_file",
    "file_place",
    "folder_place",
    "followed",
    "holds_something",
    "new_file",
    "new_folder",
    "new_path",
    "put",
]

_HEAD = 1 << 12
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
    own, and the last to end is read. Leftovers of killed processes are removed. A link stays one: the file
    that it leads to is replaced.

    Raises:
        HarmonizeError: something else than a file is there.
    """
    place = file_place(target)
    before, after = f".{place.name}.", ".part"
    remove_leftovers(place.parent, before, after)
    with _naming(target, place, before), unfinished_file(place.parent, before, after) as part:
        try:
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


def check_place(target: Path, what: str) -> None:
    """Raises HarmonizeError for a place where nothing can be written.

    Args:
        what: is to be written, such as "a report".
    """
    folder = next(each for each in followed(target).parents if each.exists())
    if not folder.is_dir():
        raise HarmonizeError(f"{target}: expected a folder to write {what} in, {folder} is a file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HarmonizeError(f"{target}: expected a folder that can be written to, {folder} cannot")


def folder_place(target: Path) -> Path:
    """Where a folder that is written to `target` stands: where a link leads to.

    Raises:
        HarmonizeError: something else than a folder is there, or one that the process is in, which would be
            left in the older.
    """
    place = followed(target)
    if os.path.lexists(place) and not place.is_dir():
        raise HarmonizeError(f"{target}: expected a folder, got a file")
    if os.path.lexists(place) and Path.cwd().is_relative_to(place):
        raise HarmonizeError(f"{target}: expected another folder than one you are in")
    return place


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to build in; at the end of the block it takes `target`'s place.

    If the block raises, or the process is killed, `target` stays as it was. Leftovers of killed processes
    are removed. A link stays one: the folder that it leads to is replaced.

    Raises:
        HarmonizeError: see `folder_place`.
    """
    place = folder_place(target)
    place.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{place.name}.building-"
    remove_leftovers(place.parent, prefix)
    with _naming(target, place, prefix), unfinished_folder(place.parent, prefix) as folder:
        try:
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


def check_replaceable_file(target: Path, earlier: str, is_earlier: Callable[[Path], bool]) -> None:
    """Nothing is lost that a user would miss if a new file takes the place of `target`.

    Args:
        earlier: what may be replaced, such as "an earlier export"; a file with nothing in it may be, too.
        is_earlier: whether the file at a path is one.

    Raises:
        HarmonizeError: something else is there.
    """
    place = file_place(target)
    if place.exists() and place.stat().st_size and not is_earlier(place):
        raise HarmonizeError(f"{target}: expected a new file or {earlier}, found another file")


def begins(pattern: str) -> Callable[[Path], bool]:
    """Tells whether a file begins as a regular expression says, after white space."""
    wanted = re.compile(rb"(?:\xef\xbb\xbf)?\s*" + pattern.encode(), re.DOTALL)

    def begins_so(path: Path) -> bool:
        with path.open("rb") as file:
            return wanted.match(file.read(_HEAD)) is not None

    return begins_so


def holds_something(path: Path) -> bool:
    """True for what is there, unless it is a folder without a file of its user's, as `mkdir` makes it."""
    return path.exists() and not (path.is_dir() and all(map(is_litter, path.iterdir())))


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
def _naming(target: Path, place: Path, before: str) -> Iterator[None]:
    """Name `target` in the system's errors that name what is written beside `place`, with a name that begins
    so, or, where there is no room, no file at all."""
    try:
        yield
    except OSError as error:
        name = Path(error.filename) if isinstance(error.filename, str) else None
        is_beside = name is not None and name.parent == place.parent and name.name.startswith(before)
        if is_beside or (error.filename is None and error.errno in _NO_ROOM):
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
