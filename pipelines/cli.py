"""The command line: each command is a thin function over the library, and registers itself with the app."""

from __future__ import annotations

import gc
import io
import sys
import threading
from typing import Annotated

import typer

from harmonize import __version__

from . import (  # noqa: F401  (their order is that of the help)
    cli_build,
    cli_describe,
    cli_encoders,
    cli_model,
    cli_model_use,
    cli_page,
    cli_score,
    cli_sets,
    cli_types,
)
from .options import app

__all__ = ["app", "main"]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"harmonize {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _told_of_a_thread(fault: threading.ExceptHookArgs) -> None:
    """One line of what a thread cannot write, as TensorBoard's on a full disk; the command itself goes on."""
    if isinstance(fault.exc_value, OSError):
        typer.echo(f"warning: {fault.exc_value}", err=True)
    else:
        threading.__excepthook__(fault)


def main() -> None:
    """The `harmonize` command. Names of files that are no UTF-8 are printed with escapes."""
    threading.excepthook = _told_of_a_thread
    # Rows and modules by the thousand are no garbage: to look for it took a tenth of the time.
    gc.set_threshold(50_000, 20, 100)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
    app()
