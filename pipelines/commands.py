"""The commands, each a thin function over the library that registers itself with the app."""

from __future__ import annotations

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

__all__ = ["app"]


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
