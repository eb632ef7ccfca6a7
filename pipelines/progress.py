"""Bars on the terminal that tell how far a command is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from harmonize.sources.fetch import FileProgress

from .build import Progress as DocumentProgress
from .options import PipedConsole

__all__ = ["byte_bars", "document_bars", "document_count"]


def _progress(*columns: ProgressColumn, disable: bool = False) -> Progress:
    return Progress(*columns, TimeElapsedColumn(), console=PipedConsole(stderr=True), disable=disable)


@contextmanager
def byte_bars() -> Iterator[FileProgress]:
    """A bar for each file that is fetched."""
    with _progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn()) as progress:
        bars: dict[str, TaskID] = {}

        def advance(name: str, done: int, total: int | None) -> None:
            if name not in bars:
                bars[name] = progress.add_task(name)
            progress.update(bars[name], completed=done, total=total)

        yield advance


@contextmanager
def document_bars(keys: Iterable[str]) -> Iterator[DocumentProgress]:
    """A bar for each corpus that is read; how many documents it has is known at its end.

    They are shown from the first document on: what is wrong before any is read is told without them.
    """
    name, documents_done = TextColumn("{task.description:<9}"), MofNCompleteColumn()
    progress = _progress(name, BarColumn(), documents_done, TextColumn("documents"))
    bars = {key: progress.add_task(key, total=None, start=False) for key in keys}

    def advance(corpus: str, documents: int) -> None:
        if documents == 1:
            progress.start()
            progress.start_task(bars[corpus])
        progress.update(bars[corpus], completed=documents)

    try:
        yield advance
        for task in progress.tasks:
            progress.update(task.id, total=task.completed)
    finally:
        if progress.live.is_started:
            progress.stop()


@contextmanager
def document_count() -> Iterator[Callable[[int], None]]:
    """How many documents are done, on a terminal only."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} documents"))
    with _progress(*columns, disable=not PipedConsole(stderr=True).is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda documents: progress.update(task, completed=documents)
