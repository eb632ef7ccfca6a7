"""harmonize diff: what changed between two union sets, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harmonize.check.difference import Changes, Difference, Names, PartDifference
from harmonize.writing.json_files import json_text

__all__ = ["as_json", "report"]

_KINDS = ("added", "removed", "changed")
_Row = Sequence[object]
_Parts = Iterable[tuple[str, PartDifference]]


def report(difference: Difference) -> Iterator[RenderableType]:
    """Tables of what differs; a line if nothing does."""
    if difference.same:
        yield Text("The sets are the same.")
        return
    parts = difference.parts.items()
    documents = _changes((name, part.documents) for name, part in parts)
    instances = _changes((name, part.instances) for name, part in parts)
    nary = _changes((name, part.nary) for name, part in parts)
    for title, columns, rows in (
        ("The sets as a whole", ("what", "A", "B"), _whole(difference)),
        ("Corpora", ("corpus", "what", "A", "B"), _facts(difference)),
        ("Source files and mappings", ("corpus", "what", *_KINDS), _files(difference)),
        ("Documents", ("part", *_KINDS, "changed by column"), documents),
        ("Instances", ("part", *_KINDS, "changed by column"), instances),
        ("N-ary contexts", ("part", *_KINDS, "changed by column"), nary),
        ("Relations of changed instances", ("part", "in A", "in B", "instances"), _relabelled(parts)),
        ("Instances by label", ("part", "label", "A", "B"), _labels(parts)),
        ("Dropped, by reason", ("part", "step", "unit", "reason", "A", "B"), _dropped(parts)),
        ("Repeats", ("part", *_KINDS, "changed by column"), _changes([("whole set", difference.leaks)])),
        ("For example", ("part", "what", "ids"), _examples(difference)),
    ):
        table = _table(title, columns, rows)
        if table.row_count:
            yield table


def as_json(difference: Difference) -> str:
    """The difference as an object; the names are those of harmonize.check.difference.Difference."""
    return json_text(difference.as_dict()).rstrip("\n")


def _table(title: str, columns: Sequence[str], rows: Iterable[_Row]) -> Table:
    """Counts are set to the right, everything else as text."""
    listed = list(rows)
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        counts = all(isinstance(row[number], int) for row in listed)
        table.add_column(column, justify="right" if counts else "left", overflow="fold")
    for row in listed:
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    return table


def _whole(difference: Difference) -> Iterator[_Row]:
    for what, names in (
        ("corpora of one set only", difference.corpora),
        ("splits of one set only", difference.splits),
        ("columns of one set only", difference.columns),
    ):
        if names:
            yield what, ", ".join(names.removed), ", ".join(names.added)
    for key, pair in difference.manifest.items():
        yield key, str(pair.a), str(pair.b)


def _facts(difference: Difference) -> Iterator[_Row]:
    for corpus, pairs in difference.facts.items():
        for key, pair in pairs.items():
            yield corpus, key, str(pair.a), str(pair.b)


def _files(difference: Difference) -> Iterator[_Row]:
    for what, by_corpus in (("source files", difference.source_files), ("mappings", difference.mappings)):
        for corpus, names in by_corpus.items():
            yield corpus, what, *(", ".join(getattr(names, kind)) for kind in _KINDS)


def _changes(parts: Iterable[tuple[str, Changes]]) -> Iterator[_Row]:
    for name, changes in parts:
        if changes:
            columns = ", ".join(f"{column} {count:,}" for column, count in changes.columns.items())
            yield name, changes.added, changes.removed, changes.changed, columns


def _relabelled(parts: _Parts) -> Iterator[_Row]:
    for name, part in parts:
        for each in part.relabelled:
            yield name, each.a, each.b, each.rows


def _labels(parts: _Parts) -> Iterator[_Row]:
    for name, part in parts:
        for label, pair in part.labels.items():
            yield name, label, pair.a, pair.b


def _dropped(parts: _Parts) -> Iterator[_Row]:
    for name, part in parts:
        for each in part.dropped:
            yield name, each.step, each.unit, each.reason, each.a, each.b


def _examples(difference: Difference) -> Iterator[_Row]:
    for name, part in difference.parts.items():
        yield from _ids(name, "documents", part.documents.examples)
        yield from _ids(name, "instances", part.instances.examples)
        yield from _ids(name, "n-ary contexts", part.nary.examples)
    yield from _ids("whole set", "repeats", difference.leaks.examples)


def _ids(name: str, what: str, examples: Names) -> Iterator[_Row]:
    for kind in _KINDS:
        ids = getattr(examples, kind)
        if ids:
            yield name, f"{what} {kind}", ", ".join(ids)
