"""A row of a curated table as a record: two entities, an article, and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["CuratedEntity", "CuratedRow"]


@dataclass(frozen=True, slots=True)
class CuratedEntity:
    """An entity as a table names it.

    Attributes:
        id: in the table's own namespace: a PharmGKB accession, an NCBI Gene id, a UMLS CUI, a mutation.
        name: the table's name for it.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CuratedRow:
    """One pair of entities that one row of a table relates in one article.

    Attributes:
        first, second: in the order of Table 2's pair kinds (chemical or disease before gene).
        type: the table's own relation type.
        evidence: what the evidence rule may look at, e.g. {"significance": "yes"}, {"source": "CTD_human"}.
        sentence: the evidence sentence, where the table quotes one.
        line: of the row, 1-based.
    """

    pmid: str
    first: CuratedEntity
    second: CuratedEntity
    type: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    sentence: str | None = None
    line: int = 0
