"""Folders in parts below a size, to travel one after the other, and put together again by their sums.

    PACK.parts/NAME.000, NAME.001, ...   one tar of the folder, cut

Imports nothing outside the standard library.
"""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def split(folder: Path, parts: Path, most: int) -> dict[str, Any]:
    """Write a folder as parts.

    Args:
        folder: its name is that of the parts.
        parts: the folder that they are written into.
        most: bytes of one part.

    Returns:
        What `join` checks: "sha256" and "bytes" of all together, and of each of "parts" by its name.
    """
    parts.mkdir(parents=True, exist_ok=True)
    whole, found = hashlib.sha256(), dict[str, Any]()
    with tempfile.TemporaryFile() as tar:
        with tarfile.open(fileobj=tar, mode="w") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, arcname=path.name, filter=_plain)
        size = tar.tell()
        tar.seek(0)
        for number in range(-(-size // most)):
            content = tar.read(most)
            whole.update(content)
            name = f"{folder.name}.{number:03}"
            (parts / name).write_bytes(content)
            found[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {"bytes": size, "sha256": whole.hexdigest(), "parts": found}


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """No times and owners, so that the same folder gives the same bytes."""
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def join(parts: Path, about: Mapping[str, Any], folder: Path) -> None:
    """Put a folder together from its parts.

    Args:
        about: what `split` returned.
        folder: a new folder.

    Raises:
        ValueError: a part is missing, or is not what was written; the message is one line.
    """
    whole = hashlib.sha256()
    with tempfile.TemporaryFile() as tar:
        for name, expected in about["parts"].items():
            path = parts / name
            if not path.is_file():
                raise ValueError(f"{path}: expected a part of {expected['bytes']:,} bytes, found none")
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != expected["sha256"]:
                raise ValueError(f"{path}: expected sha256 {expected['sha256']}, got another")
            whole.update(content)
            tar.write(content)
        if whole.hexdigest() != about["sha256"]:
            raise ValueError(f"{parts}: expected sha256 {about['sha256']} of all parts together, got another")
        tar.seek(0)
        folder.mkdir(parents=True)
        with tarfile.open(fileobj=tar) as archive:
            archive.extractall(folder, filter="data")
