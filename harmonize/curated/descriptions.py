"""Tables of the curated corpora -> what is known of entities: (id, name, description), each id once.

    gene      672      BRCA1    BRCA1 DNA repair associated
    disease   D001249           Asthma, also Bronchial hyperreactivity
    chemical  D001241           aspirin, also acetylsalicylic acid

A gene is known by its NCBI Gene id and its symbol, where no other gene has the same; a disease or chemical by
its MeSH id, described by the name there and at most two others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from harmonize.formats import disgenet_tables, pharmgkb_tsv

__all__ = ["Description", "chemical_descriptions", "disease_descriptions", "gene_descriptions"]

_OTHERS = 2


class Description(NamedTuple):
    """What is known of one entity.

    Attributes:
        name: by which alone it is known, too; "" for none.
        text: "" where the table names nothing.
    """

    id: str
    name: str
    text: str


def gene_descriptions(path: Path) -> Iterator[Description]:
    """Of each gene of geneAttributes.tsv.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    genes = disgenet_tables.gene_names(path)
    symbols = Counter(gene.symbol for gene in genes.values())
    for identifier, gene in genes.items():
        name = gene.symbol if symbols[gene.symbol] == 1 else ""
        yield Description(identifier, name, gene.description.strip())


def disease_descriptions(path: Path) -> Iterator[Description]:
    """Of each MeSH id of disease_mappings.tsv.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    names = disgenet_tables.disease_synonyms(path)
    for concept, ids in disgenet_tables.disease_mesh(path).items():
        for identifier in ids:
            yield Description(identifier, "", _of_names(names.get(concept, ())))


def chemical_descriptions(paths: Iterable[Path]) -> Iterator[Description]:
    """Of each MeSH id of chemicals.tsv, drugs.tsv or both.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    for path in paths:
        for entry in pharmgkb_tsv.chemicals(path).values():
            for identifier in entry.mesh:
                yield Description(identifier, "", _of_names((entry.name, *entry.synonyms)))


def _of_names(names: Iterable[str]) -> str:
    """The first name and some others, each once whatever its case; "" if there is none."""
    known: dict[str, str] = {}
    for name in filter(None, (" ".join(name.split()) for name in names)):
        known.setdefault(name.casefold(), name)
    first, *others = known.values() or ("",)
    return first if not others else f"{first}, also {', '.join(others[:_OTHERS])}"
