"""The commands that read a finished union set."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from harmonize.check.diff import diff as difference_of
from harmonize.check.verify import verify as verify_union
from harmonize.errors import HarmonizeError
from harmonize.sources.fetch import is_url
from harmonize.spec import LeakSettings, load_catalogue
from harmonize.union.folds import Folds, read_folds, write_folds
from harmonize.union.folds import folds as make_folds
from harmonize.union.leak_table import leak_table
from harmonize.union.leaks import read_repeats
from harmonize.union.manifest import nary_hint, read_manifest, split_counts
from harmonize.union.reader import load_union
from harmonize.union.schema import REPORT
from harmonize.writing.json_files import json_text
from harmonize.writing.replace import begins, check_replaceable_file, new_file
from harmonize.writing.text import counted

from . import diff as diff_
from . import show as show_
from . import stats as stats_
from . import verify as verify_
from .export import exported
from .inputs import check_apart
from .leaks import compare_documents
from .options import DEFAULT_UNION, NAMES, LeakSettingsFile, Mirror, PipedConsole, UnionFolder, app, names_in
from .report import PUBMEDBERT
from .report import report as write_report

__all__: list[str] = []

OnlyCorpora = Annotated[
    str | None,
    typer.Option("--corpora", "--corpus", metavar=NAMES, help="Only these, joined by commas."),
]
OnlySplits = Annotated[
    str | None, typer.Option("--splits", "--split", metavar=NAMES, help="Only these, joined by commas.")
]


@app.command()
def stats(
    union: UnionFolder = DEFAULT_UNION,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest's counts as JSON.")] = False,
) -> None:
    """Count a union set by corpus, split and label, beside the paper's Table 2, with every drop's reason.

    Example: harmonize stats artifacts/union
    """

    manifest = read_manifest(union)
    if as_json:
        rows = [
            {**part._asdict(), "dropped": {" / ".join(key): count for key, count in part.dropped.items()}}
            for part in split_counts(manifest)
        ]
        typer.echo(json_text(rows, escaped=True), nl=False)
        return
    console = PipedConsole()
    for table in stats_.tables(manifest):
        console.print(table)


@app.command()
def show(
    union: UnionFolder = DEFAULT_UNION,
    corpora: OnlyCorpora = None,
    splits: OnlySplits = None,
    relation: Annotated[str | None, typer.Option(help="Only this label.")] = None,
    document: Annotated[str | None, typer.Option(help="Only this document.")] = None,
    instance: Annotated[str | None, typer.Option(help="Only ids with this beginning.")] = None,
    count: Annotated[int, typer.Option("-n", "--count", help="How many instances.", min=1)] = 1,
    skip: Annotated[int, typer.Option(help="How many to skip first.", min=0)] = 0,
) -> None:
    """Show instances: prompt, context with both entities coloured, labels, rules, provenance.

    Example: harmonize show artifacts/union --corpus biored --relation Bind
    """

    table = load_union(union, corpora=names_in(corpora), splits=names_in(splits))
    show_.check_relation(read_manifest(union), relation)
    rows = show_.chosen(table, relation=relation, document=document, instance=instance)
    catalogue = load_catalogue()
    console, shown = PipedConsole(), 0
    for row in islice(rows, skip, skip + count):
        console.print(show_.panel(row, catalogue.target.tags))
        shown += 1
    if not shown:
        raise HarmonizeError(
            f"{union}: expected an instance of that corpus, split, relation and id, found none"
            + nary_hint(read_manifest(union))
        )


@app.command()
def leaks(
    union: UnionFolder = DEFAULT_UNION,
    again: Annotated[
        bool, typer.Option("--again", help="Compare the documents again and rewrite the set.")
    ] = False,
    leak_settings: LeakSettingsFile = None,
) -> None:
    """Show which documents repeat each other, across corpora and splits, and how.

    Example: harmonize leaks artifacts/union
    """
    if leak_settings is not None and not again:
        raise HarmonizeError("--leak-settings: expected --again with it, which compares the documents anew")
    repeats = compare_documents(union, leak_settings) if again else read_repeats(union)
    if again and (union / REPORT).exists():
        typer.echo(
            f"warning: {union / REPORT} may tell of the repeats before; `harmonize report` makes it anew",
            err=True,
        )
    settings = LeakSettings.model_validate(read_manifest(union)["leaks"]["settings"])
    PipedConsole().print(Markdown(leak_table(repeats, settings)))


@app.command()
def folds(
    corpus: Annotated[str, typer.Option(help="The corpus to divide.")],
    union: UnionFolder = DEFAULT_UNION,
    count: Annotated[int, typer.Option("--count", "-k", help="How many folds.")] = 10,
    seed: Annotated[int, typer.Option(help="Another seed gives other folds.")] = 0,
    published: Annotated[
        bool, typer.Option("--published", help="Use the folds that the mapping names, from the mirror.")
    ] = False,
    mirror: Mirror = None,
    out: Annotated[Path | None, typer.Option(help="Where to write them [default: print them].")] = None,
) -> None:
    """Divide a corpus into folds by document; documents that repeat each other share a fold.

    Example: harmonize folds artifacts/union --corpus aimed -k 3
    """
    if out is not None:
        check_apart(union, out)
        check_replaceable_file(out, "earlier folds", begins("document_id\tfold"))
    found: Folds = _published(union, corpus, mirror) if published else make_folds(union, corpus, count, seed)
    if out is None:
        write_folds(found, sys.stdout)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with new_file(out) as file:
        write_folds(found, file)
    tested = [fold for fold in found.values() if fold is not None]
    never = f", {len(found) - len(tested)} in none" if len(tested) < len(found) else ""
    typer.echo(f"{counted(len(tested), 'document')} of {corpus} in {len(set(tested))} folds{never}: {out}")


def _published(union: Path, corpus: str, mirror: str | None) -> Folds:
    known = load_catalogue()[corpus]
    columns = known.spec.folds
    if columns is None:
        raise HarmonizeError(f"{corpus}: expected a corpus with published folds; leave out --published")
    if mirror is None or is_url(mirror):
        raise HarmonizeError(f"--published: expected --mirror DIR with {known.key}/{columns.file}")
    return read_folds(Path(mirror) / known.key / columns.file, union, corpus, columns)


@app.command()
def verify(
    union: UnionFolder = DEFAULT_UNION,
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False,
) -> None:
    """Check a set against its manifest: hashes, counts, schema, spans, in = out + dropped.

    Example: harmonize verify artifacts/union
    """
    faults = verify_union(union)
    if as_json:
        typer.echo(verify_.as_json(faults))
    else:
        console = PipedConsole()
        for part in verify_.report(union, faults):
            console.print(part)
    if faults:
        raise typer.Exit(HarmonizeError.exit_code)


@app.command()
def diff(
    one: Annotated[Path, typer.Argument(help="A union set's folder.")],
    other: Annotated[Path, typer.Argument(help="Another union set's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
) -> None:
    """Say what changed between two sets, by corpus, label and document. The exit code is 1 if anything did.

    Example: harmonize diff artifacts/union artifacts/union
    """
    difference = difference_of(one, other)
    if as_json:
        typer.echo(diff_.as_json(difference))
    else:
        console = PipedConsole()
        for part in diff_.report(difference):
            console.print(part)
    if not difference.same:
        raise typer.Exit(1)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The folder to write, or the file for tsv.")],
    union: UnionFolder = DEFAULT_UNION,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "--out-format",
            help="bioc-json, pubtator or tsv [default: tsv if --out ends so, else pubtator].",
        ),
    ] = None,
    corpora: OnlyCorpora = None,
    splits: OnlySplits = None,
    negatives: Annotated[bool, typer.Option(help="In a TSV, include pairs without a relation.")] = True,
) -> None:
    """Write a set, or some of its corpora, in the formats of other tools.

    Example: harmonize export artifacts/union --format tsv --out union.tsv
    """
    typer.echo(exported(union, form, out, corpora, splits, negatives))


@app.command()
def report(
    union: UnionFolder = DEFAULT_UNION,
    out: Annotated[
        Path | None, typer.Option(help="The file to write [default: report.html of the set].")
    ] = None,
    tokenizer: Annotated[
        str,
        typer.Option(
            help="Tokenizer for lengths: a folder, a name on the hub, or none for words (no network)."
        ),
    ] = PUBMEDBERT,
    sample: Annotated[
        int, typer.Option("--instances", "--sample", help="How many instances to browse.", min=0)
    ] = 200,
    seed: Annotated[int, typer.Option(help="Another seed draws other instances.")] = 0,
    quote: Annotated[
        int | None,
        typer.Option(help="Cut contexts to this many characters, so that the page can be shared.", min=1),
    ] = None,
) -> None:
    """Write one page of HTML: labels, lengths, drops, overlaps, and instances to browse.

    Example: harmonize report artifacts/union --tokenizer none
    """
    target = write_report(union, out, tokenizer=tokenizer, sample=sample, seed=seed, quote=quote)
    typer.echo(f"Open {target} in a browser")
