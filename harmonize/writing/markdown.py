"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["ABSENT", "LEFT", "RIGHT", "markdown_table", "percent"]

LEFT, RIGHT = "---", "--:"
"""The marks of a column that is set left, and of one that is set right, as numbers are."""
ABSENT = "–"


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], marks: Sequence[str] | None = None
) -> str:
    """A table without a line end at its end; a bar in a cell is text.

    Args:
        marks: LEFT or RIGHT for each column; all are set left unless given.
    """
    lines = (header, marks or [LEFT] * len(header), *rows)
    return "\n".join(f"| {' | '.join(map(_cell, cells))} |" for cells in lines)


def percent(value: float | None) -> str:
    """A fraction in percent, with one decimal."""
    return ABSENT if value is None else f"{100 * value:.1f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
