"""The command that makes a table of what is known of entities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .describe import REPEATED, UNNAMED, WRITTEN
from .describe import describe as describe_entities
from .options import app

__all__: list[str] = []


@app.command()
def describe(
    out: Annotated[Path, typer.Option(help="The table to write: id, name, description.")],
    genes: Annotated[Path | None, typer.Option(help="DisGeNET's geneAttributes.tsv.")] = None,
    diseases: Annotated[Path | None, typer.Option(help="DisGeNET's disease_mappings.tsv.")] = None,
    chemicals: Annotated[
        list[Path] | None, typer.Option(help="PharmGKB's chemicals.tsv or drugs.tsv; may be repeated.")
    ] = None,
) -> None:
    """Make a table of descriptions of genes, diseases and chemicals, for `train --input described`.

    Example: harmonize describe --genes adapters/samples/disgenet/geneAttributes.tsv --out knowledge.tsv
    """

    for kind, counts in describe_entities(out, genes, diseases, chemicals or []).items():
        others = "".join(f", {counts[why]:,} {why}" for why in (REPEATED, UNNAMED) if counts[why])
        typer.echo(f"{counts[WRITTEN]:,} {kind} {WRITTEN}{others}; in {out}")
