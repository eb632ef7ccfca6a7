"""Lines of a UTF-8 text file, numbered, with the faults every line-based format shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harmonize.errors import MalformedInput, MissingInput

__all__ = ["is_offset", "numbered_lines", "tab_columns"]


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, line without its end).

    Lines end at LF (or CR LF) only: U+2028, U+0085 and a lone CR are characters of biomedical text.

    Raises:
        MissingInput: no such file.
        MalformedInput: not UTF-8, empty, or cut inside its last line.
    """
    if not path.is_file():
        raise MissingInput(path, "expected a file, found none")
    number = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                raise MalformedInput(path, "expected a line end, the file is cut here", line=number)
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise MalformedInput(
                    path, f"expected UTF-8, got byte 0x{raw[error.start]:02x}", line=number
                ) from None
            yield (
                number,
                line.removesuffix("\n").removesuffix("\r").removeprefix("\ufeff" if number == 1 else ""),
            )
    if number == 0:
        raise MalformedInput(path, "expected at least one document, the file is empty")


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
