"""Files out of a zip, each of them whole or not there."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from harmonize.errors import MalformedInput, MissingInput
from harmonize.sources.archive import BROKEN_ZIP, check_member
from harmonize.sources.disk import check_space, sync

__all__ = ["unzip"]

_CHUNK = 1 << 18  # bytes


def unzip(archive: Path, wanted: Mapping[str, Path]) -> None:
    """Copy files out of a zip, each to its place once it is whole.

    Args:
        wanted: name -> where to write it. The name is a member's path or its end, from a "/" on, and no two
            members may have it; what is below `__MACOSX/` does not count.

    Raises:
        MissingInput: no such zip.
        MalformedInput: not a whole zip, or an encrypted one; a name is no member's or several members'; or
            any member is a symbolic link or points outside the zip.
        DownloadError: too little space on the disk.
        OSError: a file cannot be written.
    """
    if not archive.is_file():
        raise MissingInput(archive, "expected a zip file, found none")
    with _opened(archive) as opened:
        members = opened.infolist()
        for member in members:
            _check_kind(archive, member)
        pairs = [(_member(archive, members, name), path) for name, path in wanted.items()]
        needed = sum(member.file_size for member, _ in pairs)
        for folder in dict.fromkeys(path.parent for _, path in pairs):
            folder.mkdir(parents=True, exist_ok=True)
            check_space(str(archive), folder, needed)
        for member, path in pairs:
            _copy(archive, opened, member, path)


@contextmanager
def _faults(archive: Path) -> Iterator[None]:
    try:
        yield
    except BROKEN_ZIP as error:
        raise MalformedInput(archive, f"expected a whole zip file, got: {error}") from None


def _opened(archive: Path) -> zipfile.ZipFile:
    with _faults(archive):
        return zipfile.ZipFile(archive)


def _check_kind(archive: Path, member: zipfile.ZipInfo) -> None:
    check_member(archive, member.filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise MalformedInput(archive, f"expected files and folders, got the link {member.filename!r}")


def _member(archive: Path, members: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    found = [
        member
        for member in members
        if f"/{member.filename}".endswith(f"/{name}")
        and not member.is_dir()
        and "__MACOSX" not in PurePosixPath(member.filename).parts
    ]
    if len(found) != 1:
        got = " and ".join(repr(member.filename) for member in found) or "none"
        raise MalformedInput(archive, f"expected one member {name!r}, got {got}")
    return found[0]


def _copy(archive: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    beside = path.with_name(f"{path.name}.unzip")
    try:
        with beside.open("wb") as file:
            written = sum(file.write(chunk) for chunk in _content(archive, opened, member))
            sync(file)
        if written != member.file_size:
            message = f"expected {member.file_size} bytes in {member.filename!r}, got {written}"
            raise MalformedInput(archive, message)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _content(archive: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's bytes; that reading fails is told apart from that writing does."""
    with _faults(archive), opened.open(member) as content:
        while chunk := content.read(_CHUNK):
            yield chunk
