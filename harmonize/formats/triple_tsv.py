"""Curated triples as a plain table: TSV with a header, columns found by name, no quoting.

    PMID<TAB>gene<TAB>mutation<TAB>disease[<TAB>gene_id<TAB>disease_id]
    90000001<TAB>BRCA2<TAB>N372H<TAB>prostate cancer<TAB>675<TAB>D011471

That is the table in which EMU (Doughty et al. 2010, Bioinformatics 27:408) lists its mutations; further
columns are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harmonize.formats.curated_row import CuratedEntity, CuratedRow
from harmonize.formats.lines import numbered_lines
from harmonize.formats.tables import ASSOCIATION, checked_pmid, filled, named_columns

__all__ = ["read"]

_COLUMNS = ("PMID", "gene", "mutation", "disease")


def read(path: Path) -> Iterator[CuratedRow]:
    """Yield a CuratedRow of each row: first the disease, second the gene, evidence {"mutation": ...}.

    An entity's id is its name where the table has no id column or leaves the field empty.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a missing column, an empty gene or
            disease, and a PMID that is no number.
    """
    for line, row in named_columns(path, numbered_lines(path), _COLUMNS):
        yield CuratedRow(
            pmid=checked_pmid(row["PMID"], path, line),
            first=_entity(row, "disease", path, line),
            second=_entity(row, "gene", path, line),
            type=ASSOCIATION,
            evidence={"mutation": row["mutation"]},
            line=line,
        )


def _entity(row: Mapping[str, str], column: str, path: Path, line: int) -> CuratedEntity:
    name = filled(row, column, path, line)
    return CuratedEntity(row.get(f"{column}_id") or name, name)
