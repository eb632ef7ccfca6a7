"""harmonize export: a union set in the formats of other tools."""

from __future__ import annotations

from pathlib import Path

from harmonize.export.export import export

from .inputs import check_apart
from .options import names_in

__all__ = ["exported"]


def exported(
    union: Path, form: str, out: Path, corpora: str | None, splits: str | None, negatives: bool = True
) -> str:
    """Export a set and say in a line what was written.

    Args:
        corpora, splits: names joined by commas; all if None.

    Raises:
        HarmonizeError: `out` is in the set, or see harmonize.export.export; nothing has then been written.
    """
    check_apart(union, out, "a place")
    written = export(
        union, out, form, corpora=names_in(corpora), splits=names_in(splits), negatives=negatives
    )
    counts = ", ".join(f"{count:,} {what}" for what, count in written.total.items())
    return f"{counts} in {out}"
