"""The commands that bring corpora and make a union set of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table

from harmonize.drafting.draft import new_corpus
from harmonize.errors import HarmonizeError
from harmonize.files import cache_folder
from harmonize.names import names_in_short
from harmonize.registry import sample_folder
from harmonize.sources.fetch import Fetcher, is_url
from harmonize.sources.source import corpus_folder, missing_files
from harmonize.spec import FORMATS, Catalogue, Corpus, LicenceTerms, load_catalogue
from harmonize.text.sentences import RULE_BASED, import_spacy_without_torch
from harmonize.union.manifest import nary_files
from harmonize.writing.text import counted

from .build import build as build_union
from .build import check_out
from .fetch import fetch_corpora, fetch_plan
from .options import (
    DEFAULT_UNION,
    NAMES,
    AcceptLicence,
    Cache,
    Corpora,
    Extend,
    LeakSettingsFile,
    Mirror,
    PipedConsole,
    SourceChoice,
    Terms,
    app,
    names_in,
    source_choices,
)
from .progress import byte_bars, document_bars
from .pubtator import SERVICE, given

__all__: list[str] = []

Annotation = Annotated[
    str | None,
    typer.Option(help="PubTator's annotation for --source native: a file, a folder, or api for the service."),
]


@app.command()
def corpora(mirror: Mirror = None, extend: Extend = None) -> None:
    """List the corpora: name, licence, and which of their sources are present.

    Example: harmonize corpora
    """
    folder = None if mirror is None or is_url(mirror) else Path(mirror)
    table = Table()
    for column in ("corpus", "name", "level", "licence", "source", "sample", "mirror"):
        table.add_column(column, overflow="fold")
    catalogue = load_catalogue(extend or ())
    for corpus in catalogue.corpora.values():
        first = (corpus.key, corpus.spec.name, corpus.rules.level, corpus.spec.licence.name)
        nowhere = folder is None and corpus.own_folder is None
        for number, variant in enumerate(corpus.spec.sources):
            present = (
                "-" if root is None else "missing" if missing_files(corpus, variant, root) else "present"
                for root in (
                    sample_folder() / corpus.key,
                    None if nowhere else corpus_folder(corpus, folder, variant),
                )
            )
            table.add_row(*(first if number == 0 else ("",) * 4), variant, *present)
    PipedConsole().print(table)
    further = [corpus.key for corpus in catalogue.corpora.values() if corpus.further]
    typer.echo(f"Further corpora, which are not in --corpora all but had by name: {', '.join(further)}")
    typer.echo(
        "Files are looked for as <mirror>/<corpus>/<file>; give the mirror by --mirror or HARMONIZE_MIRROR."
        if mirror is None
        else f"Mirror: {mirror}"
    )


@app.command()
def fetch(
    corpora: Corpora = "all",
    mirror: Mirror = None,
    cache: Cache = None,
    source: SourceChoice = None,
    accept_licence: AcceptLicence = None,
    licence: Terms = "any",
    extend: Extend = None,
    plan: Annotated[
        bool, typer.Option("--list", help="List what would be fetched from where, and fetch nothing.")
    ] = False,
) -> None:
    """Download the corpora from their homes, or from a mirror, into the cache.

    Example: harmonize fetch --corpora biored,ddi --list
    """
    catalogue = load_catalogue(extend or ())
    chosen = _selected(catalogue, corpora, licence)
    sources = source_choices(source, chosen)
    if plan:
        typer.echo("\n".join(fetch_plan(catalogue, chosen, sources)))
        return
    if mirror is not None and not is_url(mirror):
        raise HarmonizeError(
            f"{mirror}: expected an http(s) address to fetch from; `harmonize build` reads a folder in place"
        )
    with byte_bars() as progress:
        fetcher = Fetcher(
            catalogue, cache_folder(cache), mirror=mirror, accepted=accept_licence or (), progress=progress
        )
        fetched = fetch_corpora(fetcher, chosen, sources)
    for part in fetched:
        files = f"{len(part.files)} files fetched" if part.files else "nothing to fetch"
        typer.echo(f"{part.corpus.key} ({part.variant}): {files}")
    typer.echo(f"Build from them: {_command('build', '--mirror', fetcher.root)}")


@app.command()
def build(
    context: typer.Context,
    corpora: Corpora = "all",
    mirror: Mirror = None,
    sample: Annotated[bool, typer.Option("--sample", help="Read the hand-written sample instead.")] = False,
    out: Annotated[Path, typer.Option(help="Where to write the union set.")] = DEFAULT_UNION,
    source: SourceChoice = None,
    sentences: Annotated[
        str, typer.Option(help="rules, or an installed spaCy pipeline such as en_core_sci_sm.")
    ] = "rules",
    whole_documents: Annotated[
        str | None,
        typer.Option(
            metavar=NAMES,
            help="Corpora (emu,pharmgkb,hprd50) with whole documents as contexts, as in BioREx's files.",
        ),
    ] = None,
    licence: Terms = "any",
    accept_licence: AcceptLicence = None,
    leak_settings: LeakSettingsFile = None,
    extend: Extend = None,
    pubtator: Annotation = None,
    cache: Cache = None,
) -> None:
    """Build the Parquet union set; corpora that are not in a mirror's folder are fetched first.

    Example: harmonize build --corpora all --sample

    The real corpora: harmonize build --corpora all
    """
    if sentences == RULE_BASED:
        import_spacy_without_torch()
    catalogue = load_catalogue(extend or ())
    chosen = _selected(catalogue, corpora, licence)
    keys = [corpus.key for corpus in chosen]
    sources = source_choices(source, chosen)
    accepted: Iterable[str] = accept_licence or []
    if sample:
        _check_unread(context, ("mirror",) if pubtator == SERVICE else ("mirror", "cache"))
    check_out(out)
    annotation = given(pubtator, cache)
    if sample:
        root = sample_folder()
    elif mirror is not None and not is_url(mirror):
        root = Path(mirror)
    else:
        with byte_bars() as progress:
            fetcher = Fetcher(
                catalogue, cache_folder(cache), mirror=mirror, accepted=accepted, progress=progress
            )
            fetch_corpora(fetcher, [corpus for corpus in chosen if not _is_at_hand(corpus)], sources)
        root, accepted = fetcher.root, fetcher.accepted
    with document_bars(keys) as advance:
        manifest = build_union(
            out,
            root,
            corpora=keys,
            sources=sources,
            splitter=sentences,
            extensions=extend or (),
            pubtator=annotation,
            terms=cast(LicenceTerms, licence),
            accepted=accepted,
            leak_settings=leak_settings,
            whole_documents=names_in(whole_documents) or (),
            sample=sample,
            warn=lambda line: typer.echo(f"warning: {line}", err=True),
            progress=advance,
        )
    instances = sum(
        part.get("rows", 0) for entry in manifest["corpora"].values() for part in entry["splits"].values()
    )
    contexts = sum(part["rows"] for _, _, part in nary_files(manifest))
    nary = f", {counted(contexts, 'context')} of n-ary relations" if contexts else ""
    typer.echo(
        f"{counted(instances, 'instance')}{nary} of {counted(len(keys), 'corpus', 'corpora')} in {out}"
    )
    if kept_out := [corpus.key for corpus in _selected(catalogue, corpora, "any") if corpus.key not in keys]:
        typer.echo(f"left out, since their licence does not allow {licence}: {', '.join(kept_out)}")
    loaders = [name for name, rows in (("load_union", instances), ("load_nary", contexts)) if rows]
    for load in loaders:
        typer.echo(
            f'Load them: python -c "import harmonize; print(harmonize.{load}({str(out)!r}).to_pandas())"'
        )
    looks = ["stats", "show"] if instances else ["stats"]
    typer.echo(f"Look at them: {'; '.join(_command(look, out) for look in looks)}")


@app.command("new-corpus")
def draft_corpus(
    name: Annotated[str, typer.Argument(help="Name of the corpus, as in --corpora.")],
    files: Annotated[
        list[str],
        typer.Argument(
            help="Its files or folders of them, each of train, dev or test by its name, or SPLIT=FILE."
        ),
    ],
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write [default: NAME].")] = None,
) -> None:
    """Draft the folder for `--extend` from the files of a corpus, with all their types listed.

    What the files do not say is marked DECIDE, and nothing is built until you have decided it.

    Example: harmonize new-corpus mine adapters/samples/biored/Train.PubTator --format pubtator --out artifacts/mine
    """  # noqa: E501
    draft = new_corpus(name, form, files, out)
    counts = ", ".join(
        counted(draft.found.total(f"{unit}s"), unit) for unit in ("document", "mention", "relation")
    )
    at_most = "at most " if draft.undecided else ""
    typer.echo(f"{draft.folder}: {counts}; {at_most}{counted(draft.rows, 'row')}")
    if draft.passed_over:
        names = names_in_short([str(path) for path in draft.passed_over])
        typer.echo(f"warning: not in the format {form}, and so not read: {names}", err=True)
    for told in draft.found.told:
        typer.echo(f"warning: {told}", err=True)
    if draft.undecided:
        typer.echo(f"Still to be decided (DECIDE): {'; '.join(draft.undecided)}")
    options = ("--corpora", name, "--extend", draft.folder, "--out", f"artifacts/{name}-union")
    typer.echo(f"Then: {_command('build', *options)}")


def _command(*words: str | Path) -> str:
    """A command of this package, as a shell takes it."""
    return shlex.join(["harmonize", *map(str, words)])


def _is_at_hand(corpus: Corpus) -> bool:
    """True for a corpus of an extension whose files lie beside its mapping, or are had from nowhere else."""
    return corpus.own_folder is not None and (
        not corpus.spec.downloads
        or any(not missing_files(corpus, variant, corpus.own_folder) for variant in corpus.spec.sources)
    )


def _check_unread(context: typer.Context, names: Iterable[str]) -> None:
    """Raises HarmonizeError for an option of the command line, not of the environment, beside --sample."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise HarmonizeError(f"--sample: expected no --{name} beside it, it is read from the package")


def _selected(catalogue: Catalogue, corpora: str, terms: str) -> list[Corpus]:
    return catalogue.select(names_in(corpora) or [], cast(LicenceTerms, terms))
