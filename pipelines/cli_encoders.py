"""The commands about encoders: which there are, reading more text before training, and what layers know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harmonize.relation.recipe import INPUT_NAMES

from .adapt import adapted
from .encoders import encoder_lines, encoder_table, got
from .options import DEFAULT_UNION, NAMES, Commands, Device, Fresh, PipedConsole, Union, app
from .probe import probed_table

__all__: list[str] = []

FurtherSettings = Annotated[
    list[str] | None, typer.Option("--set", help="NAME=VALUE for any other setting; docs/adaptation.md.")
]

encoders = Commands(rich_markup_mode=None)
app.add_typer(encoders, name="encoders")


@encoders.callback(invoke_without_command=True)
def list_encoders(context: typer.Context) -> None:
    """List the named encoders: licence, size, and where they are or how to get them.

    Example: harmonize encoders
    """

    if context.invoked_subcommand is None:
        PipedConsole().print(encoder_table())
        typer.echo("\n".join(encoder_lines()))


@encoders.command()
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of an encoder to download.")],
) -> None:
    """Download an encoder into the user's cache and check it; complete files are kept.

    Example: harmonize encoders get mpnet
    """

    typer.echo(got(name, tell=lambda line: typer.echo(line, err=True)))


@app.command()
def adapt(
    text: Annotated[
        list[Path],
        typer.Option(
            help="File or folder: one text per line, or PubTator; .gz and .xz too. May be repeated."
        ),
    ],
    encoder: Annotated[str, typer.Option(help="minilm, mpnet, tiny, a hub's name, or a folder.")],
    out: Annotated[Path, typer.Option(help="The encoder's folder, to be created.")],
    about: Annotated[
        str | None,
        typer.Option(
            metavar=NAMES,
            help="Only texts that mention all of these: gene, chemical, drug, disease (joined by commas).",
        ),
    ] = None,
    names: Annotated[
        Path | None, typer.Option(help="Names to find in texts without annotation: kind, tab, name.")
    ] = None,
    names_from: Annotated[
        Path | None, typer.Option(help="A union set whose training rows supply names to find.")
    ] = None,
    leave_out: Annotated[
        Path | None,
        typer.Option(help="A union set; texts that contain one of its test documents are not read."),
    ] = None,
    texts: Annotated[int | None, typer.Option(help="Number of texts, drawn by hash [default: all].")] = None,
    held_out: Annotated[
        float | None, typer.Option(help="Texts held out for perplexity, a share or a count [default: 0.02].")
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the text [default: 1].")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Stops training earlier.")] = None,
    head_steps: Annotated[
        int | None,
        typer.Option(
            help="Steps that first train a new output alone, with its perplexity reported [default: 0]."
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows in a batch [default: 32].")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate [default: 2e-5].")] = None,
    max_length: Annotated[int | None, typer.Option(help="Length of a row in tokens [default: 128].")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of new weights, order and masks [default: 0].")
    ] = None,
    device: Device = "auto",
    set_: FurtherSettings = None,
    fresh: Fresh = False,
) -> None:
    """Continue an encoder's pre-training on text, with masked words; the same command resumes.

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
    corpus: Annotated[
        str, typer.Option(help="Corpus of the set: its train split trains, its test split tests.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write: a table, JSON and a figure.")],
    union: Union = DEFAULT_UNION,
    folds: Annotated[
        int | None,
        typer.Option(help="Folds of the train split's documents, for a corpus without a test split."),
    ] = None,
    fold: Annotated[int | None, typer.Option(help="The fold to test on, from 0.")] = None,
    input_: Annotated[
        str | None,
        typer.Option("--input", help=f"{', '.join(INPUT_NAMES)} [default: the run's, or prompt]."),
    ] = None,
    max_length: Annotated[int, typer.Option(help="Length of an input in tokens.", min=32)] = 256,
    repeats: Annotated[int | None, typer.Option(help="Probes of each layer [default: 3].")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the probes [default: 0].")] = None,
    device: Device = "auto",
    set_: FurtherSettings = None,
) -> None:
    """Find which layers of a frozen encoder show that two mentions are related.

    Example: harmonize probe --encoder tiny --corpus biored --out artifacts/probe
    """

    table = probed_table(
        union,
        {"corpus": corpus, "folds": folds, "fold": fold},
        {"encoder": encoder, "kind": input_, "max_length": max_length},
        out,
        {"repeats": repeats, "seed": seed},
        set_,
        device,
    )
    typer.echo(table, nl=False)
