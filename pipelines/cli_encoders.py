"""The commands about encoders: which there are, reading more text before training, and what layers know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harmonize.relation.recipe import INPUTS

from .adapt import adapted
from .encoders import encoder_lines, encoder_table, got
from .options import DEFAULT_UNION, app
from .probe import probed_table

__all__: list[str] = []

Device = Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes a GPU where there is one.")]


encoders = typer.Typer(rich_markup_mode=None)
app.add_typer(encoders, name="encoders")


@encoders.callback(invoke_without_command=True)
def list_encoders(context: typer.Context) -> None:
    """List the encoders that have a name: licence, size, and where they are or how to get them.

    Example: harmonize encoders
    """

    if context.invoked_subcommand is None:
        Console().print(encoder_table())
        typer.echo("\n".join(encoder_lines()))


@encoders.command()
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of an encoder that is downloaded.")],
) -> None:
    """Download an encoder into the user's cache, and check it; what is there and whole stays.

    Example: harmonize encoders get mpnet
    """

    typer.echo(got(name, tell=lambda line: typer.echo(line, err=True)))


@app.command()
def adapt(
    text: Annotated[
        list[Path],
        typer.Option(help="File or folder: a text a line, or PubTator; .gz and .xz too. May be repeated."),
    ],
    encoder: Annotated[str, typer.Option(help="minilm, mpnet, tiny, a hub's name, or a folder.")],
    out: Annotated[Path, typer.Option(help="The encoder's folder, to be made.")],
    about: Annotated[
        str | None,
        typer.Option(help="Only texts that name all of these: gene, chemical, drug, disease (by commas)."),
    ] = None,
    names: Annotated[
        Path | None, typer.Option(help="Names to look for in texts without annotation: kind, tab, name.")
    ] = None,
    names_from: Annotated[
        Path | None, typer.Option(help="A union set; the names in its training rows are looked for.")
    ] = None,
    leave_out: Annotated[
        Path | None, typer.Option(help="A union set; texts that hold a document tested in it are not read.")
    ] = None,
    texts: Annotated[int | None, typer.Option(help="So many texts, drawn by hash [default: all].")] = None,
    held_out: Annotated[
        float | None, typer.Option(help="Texts to measure on, a share or a count [default: 0.02].")
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the text [default: 1].")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Ends training before that.")] = None,
    head_steps: Annotated[
        int | None,
        typer.Option(help="Steps that train a new output alone, first; its perplexity is told [default: 0]."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows of a batch [default: 32].")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="At its highest [default: 2e-5].")] = None,
    max_length: Annotated[int | None, typer.Option(help="Of a row, in tokens [default: 128].")] = None,
    seed: Annotated[int | None, typer.Option(help="Of new weights, order and masks [default: 0].")] = None,
    device: Device = "auto",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE for any other setting; docs/adaptation.md.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, not where it was stopped.")] = False,
) -> None:
    """Let an encoder read more text, by masked words; the same command goes on where one was stopped.

    Example: harmonize adapt --text adapters/samples/biored/Train.PubTator --encoder tiny --held-out 1 --out adapted
    """  # noqa: E501

    values = {
        "encoder": encoder,
        "about": about,
        "texts": texts,
        "held_out": held_out,
        "epochs": epochs,
        "max_steps": max_steps,
        "head_steps": head_steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "max_length": max_length,
        "seed": seed,
    }
    tables = {"names": names, "names_from": names_from, "leave_out": leave_out}
    found = adapted(text, tables, values, set_, out, device, fresh)
    account = found["texts"]
    typer.echo(
        f"{account['in']:,} texts: {account['trained']:,} trained on, {account['held_out']:,} held out, "
        f"{sum(account['dropped'].values()):,} dropped"
    )
    for reason, count in account["dropped"].items():
        typer.echo(f"dropped: {count:,} texts, {reason}", err=True)
    perplexities = ", ".join(f"{value:.2f} {when}" for when, value in found["perplexity"].items())
    typer.echo(f"held-out perplexity: {perplexities}")
    typer.echo(f"adapted: {out}")


@app.command()
def probe(
    encoder: Annotated[str, typer.Option(help="minilm, mpnet, tiny, a hub's name, a folder, or a run.")],
    corpus: Annotated[str, typer.Option(help="Of the set: trained on its train, tested on its test split.")],
    out: Annotated[Path, typer.Option(help="The folder to write: a table, JSON and a figure.")],
    union: Annotated[Path, typer.Option(help="The union set's folder.")] = DEFAULT_UNION,
    folds: Annotated[
        int | None, typer.Option(help="Of the train split's documents, for a corpus without test split.")
    ] = None,
    fold: Annotated[int | None, typer.Option(help="The one to test on, from 0.")] = None,
    input_: Annotated[
        str | None,
        typer.Option("--input", help=f"{', '.join(INPUTS)} [default: the run's, or prompt]."),
    ] = None,
    max_length: Annotated[int, typer.Option(help="Of an input, in tokens.", min=32)] = 256,
    repeats: Annotated[int | None, typer.Option(help="Probes of each layer [default: 3].")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the probes [default: 0].")] = None,
    device: Device = "auto",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE for any other setting; docs/adaptation.md.")
    ] = None,
) -> None:
    """Find which layers of a frozen encoder tell that two mentions are related.

    Example: harmonize probe --encoder tiny --corpus biored --out artifacts/probe
    """

    table = probed_table(
        union,
        encoder,
        corpus,
        out,
        {"repeats": repeats, "seed": seed},
        set_,
        folds=folds,
        fold=fold,
        input_kind=input_,
        max_length=max_length,
        device=device,
    )
    typer.echo(table, nl=False)
