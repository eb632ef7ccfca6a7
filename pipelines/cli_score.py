"""The command that scores files without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmonize.names import USUAL_CORPUS
from harmonize.prediction.input_forms import RELATION_FORMS
from harmonize.prediction.reading import Reading

from .options import Extend, GoldCorpus, OffsetsIn, RelationsFile, Report, TypesFile, app
from .score import score_file

__all__: list[str] = []

_FORMS = ", ".join(RELATION_FORMS)


@app.command()
def score(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="A system's output: PubTator with relations, BioC XML or JSON, unified PPI XML, brat, TSV, "
            "or the Parquet of `harmonize predict` (packed too; - is standard input).",
        ),
    ],
    gold: Annotated[Path, typer.Option(help="The gold standard, in any of these formats.")],
    form: Annotated[
        str | None, typer.Option("--format", help=f"Format of PREDICTIONS: {_FORMS} [default: detected].")
    ] = None,
    gold_format: Annotated[str | None, typer.Option(help="Format of the gold standard, likewise.")] = None,
    as_corpus: GoldCorpus = USUAL_CORPUS,
    types: TypesFile = None,
    relations: RelationsFile = None,
    offsets: OffsetsIn = None,
    report: Report = None,
    extend: Extend = None,
    bootstrap: Annotated[int, typer.Option(help="Resamples of documents for intervals.", min=0)] = 1_000,
    seed: Annotated[int, typer.Option(help="Seed of the resamples.", min=0)] = 0,
) -> None:
    """Score any system's output against a gold standard: pairs, with their types, with their novelty.

    Gold's documents count; one that PREDICTIONS lack is missed as a whole.

    Example: harmonize score found.json --gold adapters/samples/biored/Test.PubTator
    """

    found = score_file(
        predictions,
        gold,
        form=form,
        gold_form=gold_format,
        as_corpus=as_corpus,
        types=types,
        relations=relations,
        extensions=tuple(extend or ()),
        how=Reading.named("abstract", offsets or "codepoints"),
        report=report,
        bootstrap=bootstrap,
        seed=seed,
    )
    typer.echo(found.markdown, nl=False)
