"""The files of a folder that are its user's, not those that the system hides in it; how to name and tell them
apart; and the folder for what comes from elsewhere."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePath

__all__ = [
    "EXPORT",
    "cache_folder",
    "is_hidden",
    "is_litter",
    "named_from",
    "sha256_of",
    "tells_of_an_export",
    "user_files",
]

EXPORT = "export.json"
"""What `harmonize export` says of the files beside it."""
_EXPORT_HEAD = re.compile(rb'\{\s*"format": "[^"]+",\s*"schema_version": "[^"]+",\s*"package_version": ')
_HEAD = 256  # bytes, more than it has


def user_files(folder: Path, pattern: str = "**/*") -> list[Path]:
    """The files of a folder, in order of name; none if it is no folder.

    Args:
        pattern: of their paths in the folder, as `Path.glob` has it; any, at any depth, unless given.
    """
    found = (path for path in folder.glob(pattern) if path.is_file())
    return sorted(path for path in found if not is_hidden(path.relative_to(folder)))


def is_hidden(path: PurePath) -> bool:
    """True for what a system keeps to itself: .DS_Store, ._a.xml, __MACOSX/a.xml, .cache/a.xml."""
    parts = path.parts
    return "__MACOSX" in parts or any(part.startswith(".") and part not in (".", "..") for part in parts)


def is_litter(path: PurePath) -> bool:
    """True for what macOS adds to any folder that it shows; other hidden files may be a user's."""
    return path.name == ".DS_Store" or path.name.startswith("._")


def tells_of_an_export(path: Path) -> bool:
    """True for an export.json of ours, which holds no document. Only its head is read."""
    if path.name != EXPORT:
        return False
    with path.open("rb") as file:
        return _EXPORT_HEAD.match(file.read(_HEAD)) is not None


def named_from(folder: Path, path: Path) -> str:
    """The path as one in the folder would name it, with slashes; whole, if it is on another drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # of Windows, where no path leads from a drive to another
        return path.absolute().as_posix()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits; memory holds a block of it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder(cache: Path | None = None) -> Path:
    """Where what comes from elsewhere is kept: the user's cache folder unless another is given."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("harmonize")) if cache is None else cache
