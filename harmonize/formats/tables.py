"""Tables with a header: columns found by name, faults by file and line, for every curated corpus."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harmonize.errors import MalformedInput
from harmonize.formats.lines import is_offset

__all__ = [
    "ASSOCIATION",
    "SetAside",
    "checked_pmid",
    "csv_rows",
    "filled",
    "named_columns",
    "named_fields",
    "unheard",
]

ASSOCIATION = "Association"
"""The relation type of rows whose table states none."""

SetAside = Callable[[str, str], None]
"""Told of every row that a reader leaves out: (why, which as "file:line")."""


def unheard(_reason: str, _item: str) -> None:
    """A SetAside to which nobody listens."""


def named_columns(
    path: Path,
    lines: Iterable[tuple[int, str]],
    required: Sequence[str],
    other_names: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, {column name: field}) of the rows below a header line; tabs divide the fields.

    Args:
        path: the file, for errors.
        lines: (1-based number, line) of the file, the header first.
        required: columns that must be there.
        other_names: a column's name in other releases -> its name in `required`.

    Raises:
        MalformedInput: a required column is missing or a column named twice, or a row has another number of
            columns than the header.
    """
    rows = ((number, line.split("\t")) for number, line in lines)
    return named_fields(path, rows, required, other_names)


def named_fields(
    path: Path,
    rows: Iterable[tuple[int, list[str]]],
    required: Sequence[str],
    other_names: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, dict[str, str]]]:
    """As `named_columns`, of rows that are taken apart already."""
    header: list[str] = []
    for number, fields in rows:
        if not header:
            header = _found_columns(fields, path, number, required, other_names or {})
        elif len(fields) != len(header):
            raise MalformedInput(
                path, f"expected {len(header)} columns as in the header, got {len(fields)}", line=number
            )
        else:
            yield number, dict(zip(header, fields, strict=True))


def csv_rows(path: Path, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, fields) of the rows of a quoted CSV, the header among them.

    Raises:
        MalformedInput: broken quotes.
    """
    reader = csv.reader((f"{line}\n" for _, line in lines), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise MalformedInput(path, f"expected CSV, got: {error}", line=line) from None
        if fields is None:
            return
        yield line, fields


def _found_columns(
    header: Sequence[str],
    path: Path,
    line: int,
    required: Sequence[str],
    other_names: Mapping[str, str],
) -> list[str]:
    """The column names of a header line, other releases' names replaced; see `named_columns`."""
    columns = [other_names.get(name, name) for name in header]
    missing = [name for name in required if name not in columns]
    if missing:
        raise MalformedInput(
            path, f"expected the columns {', '.join(required)}, found no {', '.join(missing)}", line=line
        )
    for name in required:
        if columns.count(name) > 1:
            raise MalformedInput(path, f"expected one column {name}, found {columns.count(name)}", line=line)
    return columns


def checked_pmid(raw: str, path: Path, line: int | None) -> str:
    """A PubMed id: up to nine ASCII digits.

    Raises:
        MalformedInput: it is something else.
    """
    if not is_offset(raw):
        raise MalformedInput(path, f"expected a PMID, got {raw[:40]!r}", line=line)
    return raw


def filled(row: Mapping[str, str], column: str, path: Path, line: int) -> str:
    """A field that must not be empty.

    Raises:
        MalformedInput: it is.
    """
    if not row[column]:
        raise MalformedInput(path, f"expected a value of {column}, found none", line=line)
    return row[column]
