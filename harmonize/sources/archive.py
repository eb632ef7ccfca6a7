"""The files of a folder, or of a folder inside a zip, as one stream of (name, bytes)."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from harmonize.errors import MalformedInput, MissingInput
from harmonize.files import is_hidden, user_files

# What zipfile lets through when bytes are changed, cut off, or encrypted.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)

IN_ARCHIVE = "!/"
"""Between the names of an archive and of a file or folder in it."""

__all__ = ["BROKEN_ZIP", "IN_ARCHIVE", "check_member", "files_below", "split_location"]

_DRIVE = re.compile(r"[A-Za-z]:")


def split_location(location: str) -> tuple[str, str | None]:
    """Split "archive.zip!/folder" into ("archive.zip", "folder"); a plain name has no second part."""
    archive, mark, folder = location.partition(IN_ARCHIVE)
    return archive, folder if mark else None


def files_below(root: Path, location: str, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files with `suffix` at any depth, in order of name.

    Args:
        location: a folder below root, or `archive.zip!/folder`.

    Yields:
        (path for errors, content)

    Raises:
        MissingInput: no such archive or folder, or nothing in it.
        MalformedInput: not a whole zip, or one with a member that points outside it.
    """
    archive, folder = split_location(location)
    path = root / archive
    found = 0
    files = _folder_files(path, suffix) if folder is None else _zip_files(path, folder, suffix)
    for found, item in enumerate(files, 1):  # noqa: B007
        yield item
    if not found:
        raise MissingInput(root / location, f"expected at least one *{suffix} file, found none")


def check_member(path: Path, name: str) -> None:
    """Refuse a zip with a member that points outside it.

    Args:
        path: the zip, for errors.
        name: the member's path.

    Raises:
        MalformedInput: an absolute path, or one with "..", a backslash or a drive letter.
    """
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or _DRIVE.match(name):
        raise MalformedInput(path, f"expected members inside the zip, got {name!r}")


def _folder_files(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    if not path.is_dir():
        raise MissingInput(path, "expected a folder, found none")
    for file in user_files(path, f"**/*{suffix}"):
        yield str(file), file.read_bytes()


def _zip_files(path: Path, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
    if not path.is_file():
        raise MissingInput(path, "expected a zip file, found none")
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                check_member(path, name)
                within = name.removeprefix(f"{folder}/")
                if within != name and name.endswith(suffix) and not is_hidden(PurePosixPath(within)):
                    yield f"{path}{IN_ARCHIVE}{name}", archive.read(name)
    except BROKEN_ZIP as error:
        raise MalformedInput(path, f"expected a whole zip file, got: {error}") from None
