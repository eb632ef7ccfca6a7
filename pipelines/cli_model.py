"""The commands that train classifiers, score them and compare them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from harmonize.errors import HarmonizeError
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.reading import Reading
from harmonize.relation.recipe import HEAD_NAMES, INPUT_NAMES, recipe_names

from .compare import compared
from .ensemble import ensembled
from .evaluate import evaluated
from .evaluate_gold import GoldChoice, evaluated_on_gold
from .options import (
    DEFAULT_UNION,
    NAMES,
    Device,
    Extend,
    Fresh,
    GoldCorpus,
    GoldForm,
    OffsetsIn,
    Precision,
    RelationsFile,
    Run,
    Strict,
    TypesFile,
    Union,
    app,
    reading_named,
)
from .progress import document_count
from .reading_losses import tell_losses
from .train import DEFAULT_RECIPE, check_refitted, chosen_recipe, quiet, trained

__all__: list[str] = []


@app.command()
def train(
    out: Annotated[
        Path | None, typer.Option(help="The run's folder, to be created; --show alone needs none.")
    ] = None,
    union: Union = DEFAULT_UNION,
    recipe: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(recipe_names())}, or a YAML file [default: {DEFAULT_RECIPE}]."),
    ] = None,
    refit: Annotated[
        Path | None,
        typer.Option(
            help="Instead of --recipe, a run: its recipe on its development part too, with the epochs and "
            "the threshold that it chose there."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="minilm, mpnet, tiny, a hub's name, or a folder [default: the recipe's]."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(HEAD_NAMES)}: the classifier on the encoder [default: the recipe's]."),
    ] = None,
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", help=f"{', '.join(INPUT_NAMES)}: what is read of a pair [default: the recipe's]."
        ),
    ] = None,
    knowledge: Annotated[
        Path | None, typer.Option(help="A table of `harmonize describe`, for --input described.")
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="A run to distil: its predictions for the rows are learnt too.")
    ] = None,
    train_on: Annotated[
        str | None,
        typer.Option(metavar=NAMES, help="Corpora or parts joined by commas: all, others, bc5cdr/dev, ..."),
    ] = None,
    evaluate_on: Annotated[
        str | None,
        typer.Option(help="CORPUS/SPLIT to evaluate on; rows that leak into it are not trained on."),
    ] = None,
    novelty: Annotated[
        bool,
        typer.Option("--novelty", help="Also learn whether a related pair is new (BioRED's Novel or No)."),
    ] = False,
    direction: Annotated[
        bool, typer.Option("--direction", help="Also learn which entity of a related pair acts on the other.")
    ] = False,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training rows.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Inputs in a batch.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    max_length: Annotated[int | None, typer.Option(help="Length of an input in tokens.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and sampling.")] = None,
    device: Device = "auto",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE for any other value of the recipe.")
    ] = None,
    fresh: Fresh = False,
    score: Annotated[
        bool, typer.Option("--evaluate", help="Score it on --evaluate-on, as `harmonize evaluate` does.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the recipe with every value and exit.")] = False,
) -> None:
    """Train a classifier on a union set; the same command resumes an interrupted training.

    Example: harmonize train --union artifacts/union --recipe quick --out artifacts/run
    """

    options = {
        "encoder": encoder,
        "head": head,
        "input": input_,
        "knowledge": None if knowledge is None else str(knowledge),
        "teacher": None if teacher is None else str(teacher),
        "train_on": train_on,
        "evaluate_on": evaluate_on,
        "novelty": novelty or None,
        "direction": direction or None,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "max_length": max_length,
        "seed": seed,
    }
    chosen = chosen_recipe(recipe, options, set_, refit)
    if show:
        typer.echo(chosen.as_yaml(), nl=False)
        return
    if out is None:
        raise HarmonizeError("--out: expected the run's folder, got none")
    if refit is not None:
        check_refitted(refit, union, out)
    runs = trained(union, chosen, out, device, fresh, refit)
    for run in runs:
        typer.echo(f"trained: {run}")
    if score and runs:
        typer.echo(evaluated(out, union, chosen.evaluate_on, None, "all", device), nl=False)


@app.command()
def ensemble(
    models: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="At least two runs, of any heads, or folders of folds."),
    ],
    out: Annotated[Path, typer.Option(help="The ensemble's folder, to be created.")],
    union: Union = DEFAULT_UNION,
    device: Device = "auto",
    fresh: Annotated[bool, typer.Option("--fresh", help="Make it again, even if it is there.")] = False,
) -> None:
    """Make one run of several: the mean of what they predict, with a threshold chosen on the development set.

    All other commands take the result as any other run. An ensemble may be a member of another one.

    Example: harmonize train --union artifacts/union --recipe quick --seed 1 --out artifacts/other

    Example: harmonize ensemble artifacts/run artifacts/other --union artifacts/union --out artifacts/both
    """
    for run in ensembled(models, union, out, device, fresh):
        typer.echo(f"made: {run}")


@app.command()
def evaluate(
    model: Run,
    on: Annotated[
        str | None,
        typer.Option("--on", "--evaluate-on", help="CORPUS/SPLIT, the rows of a union set to score."),
    ] = None,
    gold: Annotated[
        list[Path] | None,
        typer.Option(
            help="Instead of --on, a gold standard: PubTator, BioC XML or JSON, unified PPI XML or brat with "
            "relations (packed too; - is standard input). Several form one."
        ),
    ] = None,
    union: Union = DEFAULT_UNION,
    against: Annotated[Path | None, typer.Option(help="Another run, for a paired test.")] = None,
    measure: Annotated[
        str, typer.Option(help="all, or biorex: binary, five pair types, no variants (BioRED).")
    ] = "all",
    form: GoldForm = None,
    as_corpus: GoldCorpus = USUAL_CORPUS,
    types: TypesFile = None,
    relations: RelationsFile = None,
    leave_out_leaks: Annotated[
        bool, typer.Option("--leave-out-leaks", help="Do not score documents that the run was trained on.")
    ] = False,
    offsets: OffsetsIn = None,
    strict: Strict = False,
    extend: Extend = None,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Score a run: precision, recall and F with intervals, by pair type, label and variant, and figures.

    Results are written to RUN/evaluation/CORPUS-SPLIT, or gold-FILE, and the scores to the run's card. The
    options from --format to --extend say how a gold standard is read, all but --leave-out-leaks.

    Example: harmonize evaluate --model artifacts/run --union artifacts/union --on biored/test

    Example: harmonize evaluate --model artifacts/run --gold adapters/samples/biored/Test.PubTator
    """

    quiet()
    choice = GoldChoice(
        tuple(gold or ()),
        form,
        as_corpus,
        types,
        relations,
        leave_out_leaks,
        reading_named(None, offsets) or Reading(),
        strict,
        tuple(extend or ()),
    )
    if (on is None) == (not gold):
        raise HarmonizeError("expected --on CORPUS/SPLIT or --gold FILE, and one of them only")
    if on is None:
        with document_count() as progress:
            on_gold = evaluated_on_gold(model, choice, union, against, measure, device, precision, progress)
        typer.echo(on_gold.markdown, nl=False)
        tell_losses(on_gold.reading, on_gold.advice)
        return
    if replace(choice, leave_out_leaks=False) != GoldChoice(()):
        raise HarmonizeError("expected --gold FILE beside options that say how a gold standard is read")
    with document_count() as progress:
        found = evaluated(
            model,
            union,
            on,
            against,
            measure,
            device,
            precision,
            leave_out_leaks=leave_out_leaks,
            progress=progress,
        )
    typer.echo(found, nl=False)


@app.command()
def compare(
    grid: Annotated[
        Path, typer.Argument(metavar="GRID", help="YAML file: a recipe, and the values to vary.")
    ],
    out: Annotated[Path, typer.Option(help="The folder of runs and results.")],
    union: Union = DEFAULT_UNION,
    device: Device = "auto",
) -> None:
    """Train every combination of some values and rank them in one table, with paired tests.

    The same command resumes; two at the same time share the work.

    Example: harmonize compare pipelines/grids/sample.yaml --union artifacts/union --out artifacts/grid
    """

    quiet()
    done = compared(grid, union, out, device, tell=lambda line: typer.echo(line, err=True))
    if done.markdown is not None:
        typer.echo(done.markdown, nl=False)
        return
    for system, count in done.missing.items():
        typer.echo(f"{system}: {count} trainings are not done yet")
