"""The commands that train, evaluate and use a classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmonize.prediction.outputs import OUTPUT_FORMS

from .evaluate import evaluated
from .options import DEFAULT_UNION, app
from .predict import INPUT_FORMS
from .predict import predict as predict_documents
from .train import chosen_recipe, quiet, trained

__all__: list[str] = []

Union = Annotated[Path, typer.Option(help="The union set's folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes a GPU where there is one.")]
Run = Annotated[Path, typer.Option("--model", help="The run's folder.")]


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="The run's folder, to be made.")],
    union: Union = DEFAULT_UNION,
    recipe: Annotated[
        str,
        typer.Option(
            help="biorex, original, transfer, multi-task, folds-aimed, folds-hprd50, fraction, quick, "
            "or a YAML file."
        ),
    ] = "biorex",
    encoder: Annotated[
        str | None, typer.Option(help="minilm, tiny, a hub's name, or a folder [default: the recipe's].")
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            help="cls, one input for each pair, or document, one for all pairs [default: the recipe's]."
        ),
    ] = None,
    train_on: Annotated[
        str | None, typer.Option(help="Corpora or parts joined by commas: all, others, bc5cdr/dev, ...")
    ] = None,
    evaluate_on: Annotated[
        str | None,
        typer.Option(help="CORPUS/SPLIT that the classifier is for; what leaks into it is not trained on."),
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training rows.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order and drawing.")] = None,
    device: Device = "auto",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE for any other value of the recipe.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, not where it was stopped.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe with every value, and stop.")
    ] = False,
) -> None:
    """Train a classifier on a union set; the same command goes on where an earlier one was stopped.

    Example: harmonize train --union artifacts/union --recipe quick --out artifacts/run
    """

    options = {
        "encoder": encoder,
        "head": head,
        "train_on": train_on,
        "evaluate_on": evaluate_on,
        "epochs": epochs,
        "seed": seed,
    }
    chosen = chosen_recipe(recipe, options, set_)
    if show:
        typer.echo(chosen.as_yaml(), nl=False)
        return
    for run in trained(union, chosen, out, device, fresh):
        typer.echo(f"trained: {run}")


@app.command()
def evaluate(
    on: Annotated[str, typer.Option(help="CORPUS/SPLIT, the rows to score.")],
    model: Run,
    union: Union = DEFAULT_UNION,
    against: Annotated[Path | None, typer.Option(help="Another run, for a paired test.")] = None,
    measure: Annotated[
        str, typer.Option(help="all, or biorex: binary, five pair types, no variants (BioRED).")
    ] = "all",
    device: Device = "auto",
) -> None:
    """Score a run: precision, recall and F with intervals, by pair type, label and variant, and figures.

    What is found stands in RUN/evaluation/CORPUS-SPLIT, and the scores in the run's card.

    Example: harmonize evaluate --model artifacts/run --union artifacts/union --on biored/test
    """

    quiet()
    typer.echo(evaluated(model, union, on, against, measure, device), nl=False)


@app.command()
def predict(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="PubTator, BioC XML or JSON (.gz too), or a union set.")
    ],
    model: Run,
    out: Annotated[Path, typer.Option(help="The file to write: .pubtator, .json (BioC) or .parquet.")],
    form: Annotated[
        str | None, typer.Option("--format", help=f"Of the input: {', '.join(INPUT_FORMS)} [default: told].")
    ] = None,
    out_format: Annotated[
        str | None, typer.Option(help=f"{', '.join(OUTPUT_FORMS)} [default: told by --out].")
    ] = None,
    as_corpus: Annotated[
        str, typer.Option(help="The corpus whose rules make the pairs: its kinds, contexts and [Corpus].")
    ] = "biored",
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Report documents that cannot be read, and go on.")
    ] = False,
    batch_size: Annotated[int, typer.Option(help="Pairs asked about at once.", min=1)] = 256,
    device: Device = "auto",
) -> None:
    """Find the relations between the entities of new documents, each with its probability.

    Example: harmonize predict artifacts/union --model artifacts/run --out artifacts/relations.parquet
    """

    quiet()
    found = predict_documents(
        model,
        source,
        out,
        form=form,
        out_format=out_format,
        as_corpus=as_corpus,
        keep_going=keep_going,
        batch_size=batch_size,
        device=device,
    )
    relations = ", ".join(f"{label} {count:,}" for label, count in sorted(found.relations.items()))
    typer.echo(
        f"{found.documents_out:,} documents, {found.pairs:,} pairs: {relations or 'no relation'}; in {out}"
    )
    for reason, count in sorted(found.left_out.items()):
        typer.echo(f"left out: {count:,} mentions, {reason}", err=True)
    for reason, count in sorted(found.skipped.items()):
        typer.echo(f"skipped: {count:,} documents, {reason}", err=True)
