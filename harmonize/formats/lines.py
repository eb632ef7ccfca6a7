"""Lines of a UTF-8 text file, numbered, with the faults every line-based format shares."""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, cast

from harmonize.errors import MalformedInput, MissingInput

__all__ = [
    "BROKEN_GZIP",
    "NO_UTF_16",
    "EndlessLine",
    "check_file",
    "decoded",
    "is_offset",
    "no_utf_8",
    "numbered",
    "numbered_lines",
    "opened",
    "raw_lines",
    "tab_columns",
    "unpacked",
]

BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)
NO_UTF_16 = "expected UTF-8, got UTF-16; `iconv -f UTF-16 -t UTF-8` makes it"
_LONGEST = 1 << 26  # bytes of a line: a packed file of some kilobytes can hold one that fills the memory


class EndlessLine(MalformedInput):
    """A line too long for memory: where the next one begins cannot be told."""


def check_file(path: Path) -> None:
    """Raises MissingInput unless it is a file."""
    if not path.is_file():
        raise MissingInput(path, f"expected a file, found {'a folder' if path.is_dir() else 'none'}")


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, line without its end) of a plain or gzipped file; see `numbered`.

    Raises:
        MissingInput: no such file.
        MalformedInput: not UTF-8, empty, cut inside its last line, or broken gzip.
    """
    check_file(path)
    number = 0
    with opened(path) as file:
        try:
            for number, line in numbered(file, path):
                yield number, line
        except BROKEN_GZIP as error:
            raise MalformedInput(path, f"expected gzip, got: {error}", line=number + 1) from None
    if number == 0:
        raise MalformedInput(path, "expected at least one document, the file is empty")


def opened(path: Path) -> IO[bytes]:
    """A file to read, unpacked where its name ends in .gz; reading it may raise BROKEN_GZIP."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """`opened`, its faults told.

    Raises:
        MissingInput: no such file.
        MalformedInput: broken gzip.
    """
    check_file(path)
    with opened(path) as file:
        try:
            yield file
        except BROKEN_GZIP as error:
            raise MalformedInput(path, f"expected gzip, got: {error}") from None


def raw_lines(stream: IO[bytes], name: Path | str, *, open_end: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield (1-based number, line with its LF) of an open binary file.

    Args:
        open_end: the last line may lack its LF; whether it is cut is for the caller to tell.

    Raises:
        EndlessLine: a line too long for memory.
        MalformedInput: cut inside its last line.
    """
    for number, raw in enumerate(iter(partial(stream.readline, _LONGEST), b""), 1):
        if not raw.endswith(b"\n"):
            if len(raw) == _LONGEST:
                raise EndlessLine(name, f"expected a line end within {_LONGEST} bytes, got none", line=number)
            if not open_end:
                raise MalformedInput(name, "expected a line end, the file is cut here", line=number)
        yield number, raw


def numbered(stream: IO[bytes], name: Path | str) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, line without its end) of an open binary file.

    Lines end at LF (or CR LF) only: U+2028, U+0085 and a lone CR are characters of biomedical text.

    Args:
        name: what to call the file in errors.

    Raises:
        MalformedInput: not UTF-8, cut inside its last line, or a line too long for memory.
    """
    for number, raw in raw_lines(stream, name):
        yield number, decoded(number, raw, name)


def decoded(number: int, raw: bytes, name: Path | str) -> str:
    """A line of `raw_lines` as text, without its end; the first may begin with a byte order mark.

    Raises:
        MalformedInput: not UTF-8.
    """
    try:
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise MalformedInput(name, no_utf_8(error), line=number) from None
    return line.removesuffix("\n").removesuffix("\r")


def no_utf_8(error: UnicodeDecodeError) -> str:
    """What to say of bytes that are no UTF-8: how it is made of the encoding that they are mostly in."""
    if error.start == 0 and error.object.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return NO_UTF_16
    byte = error.object[error.start]
    return (
        f"expected UTF-8, got byte 0x{byte:02x}; of Windows-1252, `iconv -f WINDOWS-1252 -t UTF-8` makes it"
    )


def is_offset(column: str) -> bool:
    """True for a number that can be an offset: up to nine ASCII digits."""
    return column.isascii() and column.isdecimal() and len(column) < 10


def tab_columns(path: Path, names: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, columns) of a header-less TSV without quoting.

    Raises:
        MalformedInput: a line has another number of columns than `names`.
    """
    for number, line in numbered_lines(path):
        columns = line.split("\t")
        if len(columns) != len(names):
            raise MalformedInput(
                path, f"expected {len(names)} columns ({', '.join(names)}), got {len(columns)}", line=number
            )
        yield number, columns
