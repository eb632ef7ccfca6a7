"""Text files: UTF-8, and "\\n" at the end of a line on every system."""

from __future__ import annotations

from pathlib import Path

__all__ = ["counted", "one_line", "tab_line", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a file; where it is read while it is written, see harmonize.writing.replace.

    Halves of surrogate pairs, which names of files may hold and UTF-8 cannot, become escapes such as \\udcff.
    """
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def tab_line(*fields: str) -> str:
    """A line of a table whose columns tabs part; no field may hold a tab or line end, see `one_line`."""
    return "\t".join(fields) + "\n"


def one_line(text: str) -> str:
    """Text with one blank for every run of white space, and none around it."""
    return " ".join(text.split())


def counted(count: int, noun: str, several: str | None = None) -> str:
    """How many there are: "1 document", "2,000 documents"; several of a noun end in "s" unless told."""
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"
