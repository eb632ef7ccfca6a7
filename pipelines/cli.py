"""What starts the command line. To import the commands takes seconds, in which Ctrl-C ends it quietly."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["app", "main"]  # noqa: F822  (app: see __getattr__)

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a command that Ctrl-C ends, as a shell has it."""


def __getattr__(name: str) -> Any:
    if name == "app":
        from .commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _told_of_a_thread(fault: threading.ExceptHookArgs) -> None:
    """One line of what a thread cannot write, as TensorBoard's on a full disk; the command itself goes on."""
    if isinstance(fault.exc_value, OSError):
        print(f"warning: {fault.exc_value}", file=sys.stderr)
    else:
        threading.__excepthook__(fault)


@contextmanager
def _ended_by_an_interrupt() -> Iterator[None]:
    """At Ctrl-C the process ends at once and says nothing; for when there is nothing to be tidied."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler:  # a shell has its background jobs ignore it
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def main() -> None:
    """The `harmonize` command. Names of files that are no UTF-8 are printed with escapes."""
    with _ended_by_an_interrupt():
        from .commands import app
    threading.excepthook = _told_of_a_thread
    # Rows and modules by the thousand are no garbage: to look for it took a tenth of the time.
    gc.set_threshold(50_000, 20, 100)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
    app()
