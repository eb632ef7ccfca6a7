"""harmonize export: a union set in the formats of other tools."""

from __future__ import annotations

from pathlib import Path

from harmonize.errors import HarmonizeError
from harmonize.export.export import export
from harmonize.sources.article_files import STANDARD_INPUT

from .inputs import check_apart
from .options import names_in

__all__ = ["exported"]


def exported(
    union: Path, form: str | None, out: Path, corpora: str | None, splits: str | None, negatives: bool = True
) -> str:
    """Export a set and say in a line what was written.

    Args:
        form: see harmonize.export.export; None for tsv if the name of `out` says so, else pubtator.
        corpora, splits: names joined by commas; all if None.

    Raises:
        HarmonizeError: `out` is in the set, or see harmonize.export.export; nothing has then been written.
    """
    if out == STANDARD_INPUT:
        raise HarmonizeError(
            "--out -: expected a folder, or a file for tsv; nothing is written to standard output"
        )
    form = form or ("tsv" if out.suffix == ".tsv" else "pubtator")
    check_apart(union, out, "a place")
    written = export(
        union, out, form, corpora=names_in(corpora), splits=names_in(splits), negatives=negatives
    )
    counts = ", ".join(f"{count:,} {what}" for what, count in written.total.items())
    return f"{counts} in {out}"
