"""The command line: each command is a thin function over the library."""

from __future__ import annotations

import errno
import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from harmonize import __version__
from harmonize.errors import HarmonizeError, UnknownName
from harmonize.registry import sample_folder
from harmonize.sources.source import missing_files
from harmonize.spec import Catalogue, load_catalogue

from . import show as show_
from . import stats as stats_
from .build import build as build_union
from .pubtator import given

__all__ = ["app", "main"]

DEFAULT_UNION = Path("artifacts/union")


class _OneLineErrors(TyperGroup):
    """Prints what this package raises as one line and leaves with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except HarmonizeError as error:
            message, code = str(error), error.exit_code
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            message, code = f"{error.filename}: {error.strerror}", HarmonizeError.exit_code
        typer.echo(f"error: {message}", err=True)
        raise typer.Exit(code)


app = typer.Typer(
    cls=_OneLineErrors,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Nine biomedical relation corpora, one training set.",
)

Mirror = Annotated[
    Path | None,
    typer.Option(help="Folder with one folder per corpus.", envvar="HARMONIZE_MIRROR", show_envvar=True),
]
Extend = Annotated[
    list[Path] | None, typer.Option(help="Folder with mappings and adapters of further corpora.")
]
Annotation = Annotated[
    str | None,
    typer.Option(help="PubTator's annotation for --source native: a file, a folder, or api for the service."),
]
Cache = Annotated[
    Path | None, typer.Option(help="Where answers of services are kept [default: the user's cache folder].")
]
UnionFolder = Annotated[Path, typer.Argument(help="The union set's folder.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"harmonize {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def corpora(mirror: Mirror = None, extend: Extend = None) -> None:
    """List the corpora: name, licence, and which of their sources are present.

    Example: harmonize corpora
    """
    table = Table()
    for column in ("corpus", "name", "level", "licence", "source", "sample", "mirror"):
        table.add_column(column, overflow="fold")
    for corpus in load_catalogue(extend or ()).corpora.values():
        first = (corpus.key, corpus.spec.name, corpus.rules.level, corpus.spec.licence.name)
        for number, variant in enumerate(corpus.spec.sources):
            present = (
                "-"
                if root is None
                else "missing"
                if missing_files(corpus, variant, root / corpus.key)
                else "present"
                for root in (sample_folder(), mirror)
            )
            table.add_row(*(first if number == 0 else ("",) * 4), variant, *present)
    Console().print(table)
    typer.echo(
        "Files are looked for as <mirror>/<corpus>/<file>; give the mirror by --mirror or HARMONIZE_MIRROR."
        if mirror is None
        else f"Mirror: {mirror}"
    )


@app.command()
def build(
    corpora: Annotated[str, typer.Option(help="all, or names joined by commas.")] = "all",
    mirror: Mirror = None,
    sample: Annotated[bool, typer.Option("--sample", help="Read the hand-written sample instead.")] = False,
    out: Annotated[Path, typer.Option(help="Where to write the union set.")] = DEFAULT_UNION,
    source: Annotated[
        list[str] | None,
        typer.Option(help="CORPUS=SOURCE (or SOURCE for every chosen corpus); see `harmonize corpora`."),
    ] = None,
    sentences: Annotated[
        str, typer.Option(help="rules, or an installed spaCy pipeline such as en_core_sci_sm.")
    ] = "rules",
    extend: Extend = None,
    pubtator: Annotation = None,
    cache: Cache = None,
) -> None:
    """Build the Parquet union set.

    Example: harmonize build --corpora all --sample

    The real corpora: harmonize build --corpora all --mirror DIR
    """
    if not sample and mirror is None:
        raise HarmonizeError(
            "expected --mirror DIR with the corpora's files (or HARMONIZE_MIRROR), or --sample"
        )
    root = sample_folder() if sample or mirror is None else mirror
    catalogue = load_catalogue(extend or ())
    names = [name.strip() for name in corpora.split(",") if name.strip()]
    keys = [corpus.key for corpus in catalogue.select(names)]
    with Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("documents"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:
        bars = {key: progress.add_task(key, total=None, start=False) for key in keys}

        def advance(corpus: str, documents: int) -> None:
            if documents == 1:
                progress.start_task(bars[corpus])
            progress.update(bars[corpus], completed=documents)

        manifest = build_union(
            out,
            root,
            corpora=keys,
            sources=_sources(source or [], keys),
            splitter=sentences,
            extensions=extend or (),
            pubtator=given(pubtator, cache),
            progress=advance,
        )
    instances = sum(
        part.get("rows", 0) for entry in manifest["corpora"].values() for part in entry["splits"].values()
    )
    typer.echo(f"{instances:,} instances of {len(keys)} corpora in {out}")
    typer.echo(
        f'Load them: python -c "import harmonize; print(harmonize.load_union({str(out)!r}).to_pandas())"'
    )
    typer.echo(f"Look at them: harmonize stats {out}; harmonize show {out}")


def _sources(choices: list[str], keys: list[str]) -> dict[str, str]:
    """CORPUS=SOURCE choices, joined by commas or given one by one, as a dictionary."""
    sources: dict[str, str] = {}
    for choice in (part.strip() for part in ",".join(choices).split(",") if part.strip()):
        name, mark, variant = choice.partition("=")
        if mark:
            if name not in keys:
                raise UnknownName("corpus in --source", name, keys)
            sources[name] = variant
        else:
            sources |= dict.fromkeys(keys, choice)
    return sources


@app.command()
def stats(
    union: UnionFolder = DEFAULT_UNION,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest's counts as JSON.")] = False,
) -> None:
    """Count a union set: by corpus, split and label, beside the paper's Table 2, with every drop's reason.

    Example: harmonize stats artifacts/union
    """
    from harmonize.union.manifest import read_manifest, split_counts

    manifest = read_manifest(union)
    if as_json:
        rows = [
            {**part._asdict(), "dropped": {" / ".join(key): count for key, count in part.dropped.items()}}
            for part in split_counts(manifest)
        ]
        typer.echo(json.dumps(rows, indent=1))
        return
    console = Console()
    for table in stats_.tables(manifest):
        console.print(table)


@app.command()
def show(
    union: UnionFolder = DEFAULT_UNION,
    corpus: Annotated[str | None, typer.Option(help="Only this corpus.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split.")] = None,
    relation: Annotated[str | None, typer.Option(help="Only this label.")] = None,
    document: Annotated[str | None, typer.Option(help="Only this document.")] = None,
    instance: Annotated[str | None, typer.Option(help="Only ids that begin so.")] = None,
    count: Annotated[int, typer.Option("-n", "--count", help="How many instances.", min=1)] = 1,
    skip: Annotated[int, typer.Option(help="How many to pass over first.", min=0)] = 0,
) -> None:
    """Show instances: prompt, context with both entities coloured, labels, rules, provenance.

    Example: harmonize show artifacts/union --corpus biored --relation Bind
    """
    from harmonize.union.reader import load_union

    table = load_union(
        union, corpora=None if corpus is None else [corpus], splits=None if split is None else [split]
    )
    rows = show_.chosen(table, relation=relation, document=document, instance=instance)
    catalogue: Catalogue = load_catalogue()
    console, shown = Console(), 0
    for row in islice(rows, skip, skip + count):
        console.print(show_.panel(row, catalogue.target.tags))
        shown += 1
    if not shown:
        raise HarmonizeError(
            f"{union}: expected an instance of that corpus, split, relation and id, found none"
        )


def main() -> None:
    """The `harmonize` command."""
    app()
