"""The command that lists entity types."""

from __future__ import annotations

from typing import Annotated

import typer

from harmonize.names import USUAL_CORPUS

from .options import Extend, TypesFile, app
from .types import known_types, type_lines

__all__: list[str] = []


@app.command()
def types(
    types_: TypesFile = None,
    as_corpus: Annotated[str, typer.Option(help="The corpus whose rules form the pairs.")] = USUAL_CORPUS,
    extend: Extend = None,
) -> None:
    """List the entity types that predict knows: name, the BioRED type it stands for, and who uses it.

    A file of your own adds to them and takes precedence: lines such as "Tumour: Disease" or "Tissue: null".

    Example: harmonize types
    """

    for line in type_lines(known_types(as_corpus, types_, tuple(extend or ()))):
        typer.echo(line)
