"""The commands that use a classifier: on new documents, on unlabelled ones, and on shards of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from harmonize.formats.article_forms import DOCUMENT_FORMS
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.account import Account
from harmonize.prediction.outputs import OUTPUT_FORMS
from harmonize.prediction.pmid_input import AskedArticles
from harmonize.prediction.relation_types import BIORED, RELATION_TYPES
from harmonize.prediction.shards import DOCUMENTS_PER_SHARD
from harmonize.sources.article_files import one_input
from harmonize.writing.text import counted

from .inputs import INPUT_FORMS
from .options import (
    DEFAULT_UNION,
    BatchSize,
    Cache,
    Device,
    Extend,
    KeepGoing,
    OffsetsIn,
    Precision,
    Report,
    Run,
    Strict,
    TextOf,
    TypesFile,
    Union,
    app,
    reading_named,
)
from .predict import ENGINES
from .predict import predict as predict_documents
from .progress import document_count
from .pseudo_label import pseudo_label as label_documents
from .pubtator import chosen_source
from .reading_losses import tell_losses
from .shard import shard as shard_documents
from .train import quiet

__all__: list[str] = []

_MOST_NAMES = 20  # of articles, in one line


@app.command()
def predict(
    model: Run,
    out: Annotated[
        Path,
        typer.Option(
            help="The file to write: .pubtator, .json (BioC) or .parquet; for shards also a folder."
        ),
    ],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT...",
            help="PubTator, BioC XML or JSON, unified PPI XML (packed too; - is standard input), brat, "
            "a folder of `harmonize shard`, or a union set.",
            show_default=False,
        ),
    ] = None,
    pmids: Annotated[
        str | None,
        typer.Option(
            metavar="PMID,...|FILE",
            help="Instead of INPUT, articles: PMIDs joined by commas, or a file of them.",
        ),
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
        str | None,
        typer.Option(
            help="The corpus whose rules form the pairs: kinds, contexts and [Corpus] "
            f"[default: {USUAL_CORPUS}]."
        ),
    ] = None,
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
    batch_size: BatchSize = 256,
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
    chosen = chosen_source(sources or (), pmids, pubtator, cache)
    if isinstance(chosen, AskedArticles) and chosen.articles.repeated:
        _tell_names("articles given several times, asked for once", chosen.articles.repeated)
    # Ray tells on standard output of workers that were killed.
    with redirect_stdout(sys.stderr), document_count() as progress:
        found = predict_documents(
            model,
            chosen,
            out,
            form=form,
            out_format=out_format,
            as_corpus=as_corpus,
            extensions=extend or (),
            types=types,
            how=reading_named(text, offsets),
            strict=strict,
            report=report,
            batch_size=batch_size,
            device=device,
            precision=precision,
            engine=engine,
            workers=workers,
            gpus_per_worker=gpus_per_worker,
            relation_types=relation_types,
            progress=progress,
        )
    relations = ", ".join(f"{label} {count:,}" for label, count in sorted(found.relations.items()))
    typer.echo(
        f"{counted(found.documents_out, 'document')}, {counted(found.pairs, 'pair')}: "
        f"{relations or 'no relation'}; in {out}"
    )
    tell_losses(found, found.advice)


@app.command("pseudo-label")
def pseudo_label(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT...", help="As for `harmonize predict`, but not a union set."),
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
            "--format", help=f"Format of the input: {', '.join(DOCUMENT_FORMS)}, shards [default: detected]."
        ),
    ] = None,
    as_corpus: Annotated[
        str, typer.Option(help="The corpus whose rules form the pairs: kinds, contexts and [Corpus].")
    ] = USUAL_CORPUS,
    extend: Extend = None,
    types: TypesFile = None,
    text: TextOf = None,
    offsets: OffsetsIn = None,
    strict: Strict = False,
    keep_going: KeepGoing = False,
    batch_size: BatchSize = 256,
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
        one_input(sources),
        union,
        out,
        threshold=threshold,
        negatives=negatives,
        seed=seed,
        form=form,
        as_corpus=as_corpus,
        extensions=tuple(extend or ()),
        types=types,
        how=reading_named(text, offsets),
        strict=strict,
        batch_size=batch_size,
        device=device,
        precision=precision,
    )
    typer.echo(found.markdown, nl=False)
    tell_losses(found.reading, found.advice)


@app.command()
def shard(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT...", help="Files as for `harmonize predict`, or folders of them."),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    documents: Annotated[int, typer.Option(help="Documents in a shard.", min=1)] = DOCUMENTS_PER_SHARD,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help=f"Format of the input: {', '.join(DOCUMENT_FORMS)} [default: detected]."
        ),
    ] = None,
    as_corpus: Annotated[
        str, typer.Option(help="The corpus whose types and ids apply, here and when predicting.")
    ] = USUAL_CORPUS,
    extend: Extend = None,
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
        one_input(sources),
        out,
        documents_per_shard=documents,
        form=form,
        as_corpus=as_corpus,
        extensions=extend or (),
        types=types,
        how=reading_named(text, offsets),
        strict=strict,
        report=report,
        account=read,
    )
    typer.echo(
        f"{counted(written.documents.out, 'document')} in {counted(len(written.shards), 'shard')}: {out}"
    )
    tell_losses(read)


def _tell_names(about: str, names: Sequence[str]) -> None:
    more = f", ... ({len(names) - _MOST_NAMES:,} more)" if len(names) > _MOST_NAMES else ""
    typer.echo(f"{about} ({len(names):,}): {', '.join(names[:_MOST_NAMES])}{more}", err=True)
