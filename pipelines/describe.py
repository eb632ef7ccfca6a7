"""harmonize describe: tables of genes, diseases and chemicals in, a table of what is known out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from harmonize.curated.descriptions import (
    Description,
    chemical_descriptions,
    disease_descriptions,
    gene_descriptions,
)
from harmonize.errors import HarmonizeError
from harmonize.writing.replace import begins, check_replaceable_file, new_file
from harmonize.writing.text import one_line, tab_line

from .inputs import check_file

__all__ = ["REPEATED", "UNNAMED", "WRITTEN", "describe"]

WRITTEN = "described"
REPEATED = "described before"
UNNAMED = "without a description"


def describe(
    out: Path, genes: Path | None, diseases: Path | None, chemicals: Iterable[Path]
) -> dict[str, Counter[str]]:
    """Write a table that `--input described` reads.

    Returns:
        Kind of entity -> WRITTEN, REPEATED and UNNAMED -> ids.

    Raises:
        HarmonizeError: no table is given, or one or another file that would be written over.
        MissingInput, MalformedInput: with file and line.
    """
    chemicals = list(chemicals)
    for table in (genes, diseases, *chemicals):
        if table is not None:
            check_file(table, out)
    check_replaceable_file(out, "an earlier table", begins("id\tname\tdescription"))
    tables: dict[str, Iterator[Description]] = {}
    if genes is not None:
        tables["genes"] = gene_descriptions(genes)
    if diseases is not None:
        tables["diseases"] = disease_descriptions(diseases)
    if chemicals:
        tables["chemicals"] = chemical_descriptions(chemicals)
    if not tables:
        raise HarmonizeError("describe: expected a table of genes, diseases or chemicals, got none")
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in tables}
    known: set[str] = set()
    with new_file(out) as file:
        file.write(tab_line("id", "name", "description"))
        for kind, descriptions in tables.items():
            for each in descriptions:
                if each.id in known or not each.text:
                    counts[kind][REPEATED if each.id in known else UNNAMED] += 1
                    continue
                known.add(each.id)
                counts[kind][WRITTEN] += 1
                file.write(tab_line(each.id, each.name, one_line(each.text)))
    return counts
