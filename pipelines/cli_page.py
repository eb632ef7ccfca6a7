"""The command that opens a page to look at sets and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmonize.explore.server import PORT, serve

from .explore import material
from .options import DEFAULT_UNION, Cache, Extend, app

__all__: list[str] = []


@app.command()
def explore(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SET|PREDICTIONS...",
            help="A union set, files of `harmonize predict`, evaluated runs: a set and predictions are "
            "compared [default: artifacts/union, or nothing with --model].",
            show_default=False,
        ),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A run, to predict pasted text with.")] = None,
    as_corpus: Annotated[
        str | None,
        typer.Option(help="The corpus whose rules form the pairs of pasted text [default: biored]."),
    ] = None,
    extend: Extend = None,
    port: Annotated[
        int, typer.Option(help="Port of 127.0.0.1; 0 takes any free one.", min=0, max=65535)
    ] = PORT,
    cache: Cache = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Look at a set, and at predictions and their errors, on a page that only this machine can open.

    Example: harmonize explore artifacts/union --model artifacts/run

    Example: harmonize explore artifacts/union artifacts/relations.parquet
    """
    wanted = paths or ([] if model is not None else [DEFAULT_UNION])
    shown = material(wanted, model, cache, as_corpus=as_corpus, extensions=extend or ())
    serve(shown, port, browser=browser, tell=lambda url: typer.echo(f"Open {url} (Ctrl+C ends)"))
