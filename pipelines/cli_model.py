"""The commands that train, evaluate and use a classifier."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from harmonize.errors import HarmonizeError
from harmonize.prediction.account import Account
from harmonize.prediction.asked import Asked
from harmonize.prediction.inputs import Reading
from harmonize.prediction.outputs import OUTPUT_FORMS
from harmonize.prediction.relation_types import BIORED, RELATION_TYPES
from harmonize.prediction.shards import DOCUMENTS_PER_SHARD
from harmonize.relation.recipe import HEADS, INPUTS
from harmonize.sources.annotations import ARTICLE_FORMS

from .compare import compared
from .evaluate import evaluated
from .gold import GoldChoice, evaluated_on_gold
from .losses import loss_lines
from .options import (
    DEFAULT_UNION,
    Cache,
    Extend,
    GoldCorpus,
    GoldForm,
    KeepGoing,
    OffsetsIn,
    RelationsFile,
    Report,
    Strict,
    TextOf,
    TypesFile,
    app,
)
from .predict import ENGINES, INPUT_FORMS
from .predict import predict as predict_documents
from .pseudo_label import pseudo_label as label_documents
from .pubtator import chosen_source
from .shard import shard as shard_documents
from .train import chosen_recipe, quiet, trained

__all__: list[str] = []

_MOST_NAMES = 20  # of articles, in one line

Union = Annotated[Path, typer.Option(help="The union set's folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda; auto uses a GPU if there is one.")]
Precision = Annotated[
    str, typer.Option(help="auto, fp32, bf16 or int8 (CPU only); auto is bf16 on a GPU, fp32 on a CPU.")
]
Run = Annotated[Path, typer.Option("--model", help="The run's folder.")]


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="The run's folder, to be created.")],
    union: Union = DEFAULT_UNION,
    recipe: Annotated[
        str,
        typer.Option(
            help="biorex, original, transfer, multi-task, folds-aimed, folds-bertsrc, folds-hprd50, "
            "fraction, renet, drug-combinations, quick, or a YAML file."
        ),
    ] = "biorex",
    encoder: Annotated[
        str | None,
        typer.Option(help="minilm, mpnet, tiny, a hub's name, or a folder [default: the recipe's]."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(HEADS)}: the classifier on the encoder [default: the recipe's]."),
    ] = None,
    input_: Annotated[
        str | None,
        typer.Option("--input", help=f"{', '.join(INPUTS)}: what is read of a pair [default: the recipe's]."),
    ] = None,
    knowledge: Annotated[
        Path | None, typer.Option(help="A table of `harmonize describe`, for --input described.")
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="A run to distil: its predictions for the rows are learnt too.")
    ] = None,
    train_on: Annotated[
        str | None, typer.Option(help="Corpora or parts joined by commas: all, others, bc5cdr/dev, ...")
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
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and sampling.")] = None,
    device: Device = "auto",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE for any other value of the recipe.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start again instead of resuming.")] = False,
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
        "seed": seed,
    }
    chosen = chosen_recipe(recipe, options, set_)
    if show:
        typer.echo(chosen.as_yaml(), nl=False)
        return
    runs = trained(union, chosen, out, device, fresh)
    for run in runs:
        typer.echo(f"trained: {run}")
    if score and runs:
        typer.echo(evaluated(out, union, chosen.evaluate_on, None, "all", device), nl=False)


@app.command()
def evaluate(
    model: Run,
    on: Annotated[str | None, typer.Option(help="CORPUS/SPLIT, the rows of a union set to score.")] = None,
    gold: Annotated[
        list[Path] | None,
        typer.Option(
            help="Instead of --on, a gold standard: PubTator, BioC XML or JSON or unified PPI XML with "
            "relations (packed too; - is standard input). Several form one."
        ),
    ] = None,
    union: Union = DEFAULT_UNION,
    against: Annotated[Path | None, typer.Option(help="Another run, for a paired test.")] = None,
    measure: Annotated[
        str, typer.Option(help="all, or biorex: binary, five pair types, no variants (BioRED).")
    ] = "all",
    form: GoldForm = None,
    as_corpus: GoldCorpus = "biored",
    types: TypesFile = None,
    relations: RelationsFile = None,
    leave_out_leaks: Annotated[
        bool, typer.Option("--leave-out-leaks", help="Do not score gold documents that were trained on.")
    ] = False,
    offsets: OffsetsIn = None,
    strict: Strict = False,
    extend: Extend = None,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Score a run: precision, recall and F with intervals, by pair type, label and variant, and figures.

    Results are written to RUN/evaluation/CORPUS-SPLIT, or gold-FILE, and the scores to the run's card. The
    options from --format to --extend say how a gold standard is read.

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
        _how(None, offsets) or Reading(),
        strict,
        tuple(extend or ()),
    )
    if (on is None) == (not gold):
        raise HarmonizeError("expected --on CORPUS/SPLIT or --gold FILE, and one of them only")
    if on is None:
        found = evaluated_on_gold(model, choice, union, against, measure, device, precision)
        typer.echo(found.markdown, nl=False)
        _tell_losses(found.reading)
        return
    if choice != GoldChoice(()):
        raise HarmonizeError("expected --gold FILE beside options that say how a gold standard is read")
    typer.echo(evaluated(model, union, on, against, measure, device, precision), nl=False)


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


@app.command()
def predict(
    model: Run,
    out: Annotated[
        Path,
        typer.Option(
            help="The file to write: .pubtator, .json (BioC) or .parquet; for shards also a folder."
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="INPUT",
            help="PubTator, BioC XML or JSON, unified PPI XML (packed too; - is standard input), "
            "a folder of `harmonize shard`, or a union set.",
            show_default=False,
        ),
    ] = None,
    pmids: Annotated[
        str | None,
        typer.Option(help="Instead of INPUT, articles: PMIDs joined by commas, or a file with one per line."),
    ] = None,
    pubtator: Annotated[
        str | None,
        typer.Option(
            help="Where their annotation is: a file, a folder, or api for the service [default: api]."
        ),
    ] = None,
    cache: Cache = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help=f"Format of the input: {', '.join(INPUT_FORMS)} [default: detected]."),
    ] = None,
    out_format: Annotated[
        str | None, typer.Option(help=f"{', '.join(OUTPUT_FORMS)} [default: by --out's suffix].")
    ] = None,
    as_corpus: Annotated[
        str, typer.Option(help="The corpus whose rules form the pairs: kinds, contexts and [Corpus].")
    ] = "biored",
    relation_types: Annotated[
        str, typer.Option(help=f"{' or '.join(RELATION_TYPES)}: whose names relations get.")
    ] = BIORED,
    extend: Extend = None,
    types: TypesFile = None,
    text: TextOf = None,
    offsets: OffsetsIn = None,
    strict: Strict = False,
    report: Report = None,
    keep_going: KeepGoing = False,
    batch_size: Annotated[int, typer.Option(help="Pairs classified at once.", min=1)] = 256,
    device: Device = "auto",
    precision: Precision = "auto",
    engine: Annotated[
        str, typer.Option(help=f"{' or '.join(ENGINES)}: the engine that predicts shards into a folder.")
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option(help="Ray workers [default: one for each core, or as many as the GPUs hold].", min=1),
    ] = None,
    gpus_per_worker: Annotated[
        float | None,
        typer.Option(help="Share of a GPU, such as 0.5 [default: 1 if there are GPUs].", min=0),
    ] = None,
) -> None:
    """Find the relations between the entities of new documents, each with its probability.

    With shards as input and a folder as --out, each shard gets a Parquet file, and the same command resumes.

    Example: harmonize predict artifacts/union --model artifacts/run --out artifacts/relations.parquet

    Example: harmonize predict --pmids 90000004 --pubtator adapters/samples/biored/Test.PubTator --model artifacts/run --out found.json

    Without --pubtator, PubTator 3 is asked for the articles.
    """  # noqa: E501

    quiet()
    chosen = chosen_source(source, pmids, pubtator, cache)
    if isinstance(chosen, Asked) and chosen.articles.repeated:
        _tell_names("articles given several times, asked for once", chosen.articles.repeated)
    with redirect_stdout(sys.stderr):  # Ray tells there of workers that were killed
        found = predict_documents(
            model,
            chosen,
            out,
            form=form,
            out_format=out_format,
            as_corpus=as_corpus,
            extensions=extend or (),
            types=types,
            how=_how(text, offsets),
            strict=strict,
            report=report,
            batch_size=batch_size,
            device=device,
            precision=precision,
            engine=engine,
            workers=workers,
            gpus_per_worker=gpus_per_worker,
            relation_types=relation_types,
        )
    relations = ", ".join(f"{label} {count:,}" for label, count in sorted(found.relations.items()))
    typer.echo(
        f"{found.documents_out:,} documents, {found.pairs:,} pairs: {relations or 'no relation'}; in {out}"
    )
    _tell_losses(found)


@app.command("pseudo-label")
def pseudo_label(
    source: Annotated[
        Path,
        typer.Argument(metavar="INPUT", help="As for `harmonize predict`, but not a union set."),
    ],
    model: Annotated[Path, typer.Option("--model", help="The run's folder, or that of its folds.")],
    out: Annotated[
        Path, typer.Option(help="The file to write, .parquet; .md and .json are written beside it.")
    ],
    union: Union = DEFAULT_UNION,
    threshold: Annotated[float, typer.Option(help="Minimum probability of a label to keep.")] = 0.9,
    negatives: Annotated[
        float | None,
        typer.Option(help="Maximum pairs without a relation for each one with [default: all]."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of drawing those.")] = 0,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help=f"Format of the input: {', '.join(ARTICLE_FORMS)}, shards [default: detected]."
        ),
    ] = None,
    as_corpus: Annotated[
        str, typer.Option(help="The corpus whose rules form the pairs: kinds, contexts and [Corpus].")
    ] = "biored",
    types: TypesFile = None,
    text: TextOf = None,
    offsets: OffsetsIn = None,
    strict: Strict = False,
    keep_going: KeepGoing = False,
    batch_size: Annotated[int, typer.Option(help="Pairs classified at once.", min=1)] = 256,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Label the pairs of unlabelled documents that a model is confident of, as further training data.

    Of folds the mean is asked, and a table tells what the labels of each threshold are worth: each fold's
    model is asked about what it never saw. `harmonize train ... --set pseudo=FILE.parquet` trains on them.

    Example: harmonize pseudo-label adapters/samples/biored/Dev.PubTator --model artifacts/run --out sure.parquet
    """  # noqa: E501

    quiet()
    found = label_documents(
        model,
        source,
        union,
        out,
        threshold=threshold,
        negatives=negatives,
        seed=seed,
        form=form,
        as_corpus=as_corpus,
        types=types,
        how=_how(text, offsets),
        strict=strict,
        batch_size=batch_size,
        device=device,
        precision=precision,
    )
    typer.echo(found.markdown, nl=False)
    _tell_losses(found.reading)


@app.command()
def shard(
    source: Annotated[
        Path,
        typer.Argument(metavar="INPUT", help="Files as for `harmonize predict`, or a folder of them."),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    documents: Annotated[int, typer.Option(help="Documents in a shard.", min=1)] = DOCUMENTS_PER_SHARD,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help=f"Format of the input: {', '.join(ARTICLE_FORMS)} [default: detected]."
        ),
    ] = None,
    as_corpus: Annotated[
        str, typer.Option(help="The corpus whose types and ids apply, here and when predicting.")
    ] = "biored",
    types: TypesFile = None,
    text: TextOf = None,
    offsets: OffsetsIn = None,
    strict: Strict = False,
    report: Report = None,
    keep_going: KeepGoing = False,
) -> None:
    """Divide documents into Parquet files, which `harmonize predict` predicts part by part.

    Example: harmonize shard adapters/samples/biored/Test.PubTator --out artifacts/shards
    """

    read = Account()
    written = shard_documents(
        source,
        out,
        documents_per_shard=documents,
        form=form,
        as_corpus=as_corpus,
        types=types,
        how=_how(text, offsets),
        strict=strict,
        report=report,
        account=read,
    )
    typer.echo(f"{written.documents.out:,} documents in {len(written.shards):,} shards: {out}")
    _tell_losses(read)


def _how(text: str | None, offsets: str | None) -> Reading | None:
    """How files are to be read; None unless an option says it."""
    if text is None and offsets is None:
        return None
    return Reading.named(text or "abstract", offsets or "codepoints")


def _tell_losses(account: Account) -> None:
    for line in loss_lines(account):
        typer.echo(line, err=True)


def _tell_names(about: str, names: Sequence[str]) -> None:
    more = f", ... ({len(names) - _MOST_NAMES:,} more)" if len(names) > _MOST_NAMES else ""
    typer.echo(f"{about} ({len(names):,}): {', '.join(names[:_MOST_NAMES])}{more}", err=True)
