"""PharmGKB's (ClinPGx's) downloads: variant annotations, relationships, chemicals and drugs.

    var_drug_ann.tsv    one curated finding a row: variants, genes, chemicals, PMID, significance
    relationships.tsv   one pair of entities a row, with all its PMIDs; each pair stands there both ways round
    chemicals.tsv       one chemical a row: names and cross-references; drugs.tsv is a part of it

TSVs with a header, columns found by name. Several releases name the columns of var_drug_ann.tsv in different
ways ("Literature Id" or "PMID"), and give entities with accession, `warfarin (PA451906)`, or by name alone.
A field that holds a list looks like one of

    warfarin (PA451906)                                one item, which may hold commas
    "citalopram (PA449015)","fluoxetine (PA449673)"    several, a quote inside doubled
    Coumadin, Jantoven                                 several, none of which holds a comma
    \"\"\"a, b\"\", \"\"c\"\"\"                            such a list, quoted once more as a whole

Format: https://www.clinpgx.org/downloads and the README in each zip.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NoReturn

from harmonize.errors import MalformedInput
from harmonize.formats.curated_row import CuratedEntity, CuratedRow
from harmonize.formats.lines import numbered_lines
from harmonize.formats.tables import ASSOCIATION, SetAside, checked_pmid, filled, named_columns, unheard

__all__ = ["AnnotationRow", "ChemicalEntry", "annotations", "chemicals", "curated_rows", "relationships"]

_ANNOTATION_COLUMNS = (
    "Annotation ID",
    "Variant",
    "Gene",
    "Chemical",
    "Literature Id",
    "Phenotype Category",
    "Significance",
)
_OTHER_NAMES = {
    "Variant Annotation ID": "Annotation ID",
    "Variant/Haplotypes": "Variant",
    "Drug(s)": "Chemical",
    "PMID": "Literature Id",
}
_RELATIONSHIP_COLUMNS = (
    "Entity1_id",
    "Entity1_name",
    "Entity1_type",
    "Entity2_id",
    "Entity2_name",
    "Entity2_type",
    "Association",
    "PMIDs",
)
_SYNONYM_COLUMNS = ("Generic Names", "Trade Names", "Brand Mixtures")
_REFERENCE_COLUMNS = ("External Vocabulary", "Cross-references")
_CHEMICAL_COLUMNS = ("PharmGKB Accession Id", "Name", *_SYNONYM_COLUMNS, *_REFERENCE_COLUMNS)

_ASSOCIATIONS = ("associated", "not associated", "ambiguous")
_CHEMICAL_TYPES = ("Chemical", "Drug")

_QUOTED = r'"[^"]*(?:""[^"]*)*"'
_QUOTED_FIELD = re.compile(_QUOTED)
_QUOTED_LIST = re.compile(rf"{_QUOTED}(?:, ?{_QUOTED})*")
_ENTITY = re.compile(r"(.+) \((PA\d+)\)")
# What follows the id is its name in that vocabulary, in older releases: MeSH:D014859(Warfarin)
_MESH = re.compile(r"MeSH:([A-Z]\d+)(?:\(.*\)?)?")


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """A row of var_drug_ann.tsv.

    Attributes:
        id: the annotation's.
        variants: rs1131873, CYP2D6*4, HLA-B*57:01, "CYP2D6 poor metabolizers": as the table names them.
        genes, chemicals: id is the PharmGKB accession, or the name in releases without accessions.
        categories: the phenotype categories (efficacy, metabolism/PK, ...).
        significance: yes, no or not stated.
    """

    id: str
    variants: tuple[str, ...]
    genes: tuple[CuratedEntity, ...]
    chemicals: tuple[CuratedEntity, ...]
    pmid: str
    categories: tuple[str, ...]
    significance: str
    line: int


@dataclass(frozen=True, slots=True)
class ChemicalEntry:
    """A row of chemicals.tsv or drugs.tsv.

    Attributes:
        synonyms: generic names, trade names and brand mixtures, each once, without the name.
        mesh: ids of MeSH descriptors or supplementary records.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()


def annotations(path: Path) -> Iterator[AnnotationRow]:
    """Yield the rows of var_drug_ann.tsv in file order, those without gene or chemical too.

    In a release without accessions a list of names is told from one name with a comma only by its quotes.

    Raises:
        MissingInput, MalformedInput: with file and line; among them missing columns, a PMID that is no
            number and a list field that cannot be taken apart.
    """
    rows = named_columns(path, numbered_lines(path), _ANNOTATION_COLUMNS, _OTHER_NAMES)
    for line, row in rows:
        yield AnnotationRow(
            id=row["Annotation ID"],
            variants=tuple(name.strip() for name in _items(row, "Variant", path, line)),
            genes=_entities(row, "Gene", path, line),
            chemicals=_entities(row, "Chemical", path, line),
            pmid=checked_pmid(row["Literature Id"], path, line),
            categories=tuple(
                category.strip()
                for item in _items(row, "Phenotype Category", path, line)
                for category in item.split(",")
            ),
            significance=filled(row, "Significance", path, line),
            line=line,
        )


def curated_rows(row: AnnotationRow) -> list[CuratedRow]:
    """Every chemical with every gene, once for each phenotype category (Association where there is none).

    First is the chemical, second the gene. A row without gene or chemical gives nothing.
    """
    return [
        CuratedRow(row.pmid, chemical, gene, category, {"significance": row.significance}, line=row.line)
        for chemical, gene, category in product(row.chemicals, row.genes, row.categories or (ASSOCIATION,))
    ]


def relationships(path: Path, set_aside: SetAside = unheard) -> Iterator[CuratedRow]:
    """Yield each PMID of each gene-chemical pair of relationships.tsv, in file order.

    First is the chemical, whichever way round the row has the pair; the file has most pairs both ways.

    Args:
        set_aside: told of every row of another pair of types and every row without PMID.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    for line, row in named_columns(path, numbered_lines(path), _RELATIONSHIP_COLUMNS):
        if row["Association"] not in _ASSOCIATIONS:
            _refuse(path, line, f"{', '.join(_ASSOCIATIONS)} as Association", row["Association"])
        sides = {row[f"{side}_type"]: _side(row, side, path, line) for side in ("Entity1", "Entity2")}
        chemical = next((sides[kind] for kind in _CHEMICAL_TYPES if kind in sides), None)
        gene = sides.get("Gene")
        pmids = [pmid for pmid in re.split("[;,]", row["PMIDs"]) if pmid.strip()]
        if chemical is None or gene is None:
            set_aside("no pair of gene and chemical", f"{path.name}:{line}")
        elif not pmids:
            set_aside("no PMID", f"{path.name}:{line}")
        else:
            for pmid in pmids:
                yield CuratedRow(
                    pmid=checked_pmid(pmid.strip(), path, line),
                    first=chemical,
                    second=gene,
                    type=ASSOCIATION,
                    evidence={"association": row["Association"]},
                    line=line,
                )


def _side(row: dict[str, str], side: str, path: Path, line: int) -> CuratedEntity:
    return CuratedEntity(filled(row, f"{side}_id", path, line), row[f"{side}_name"])


def chemicals(path: Path) -> dict[str, ChemicalEntry]:
    """The entries of chemicals.tsv or drugs.tsv by PharmGKB accession, in file order.

    A single name that holds ", " reads as several, since the files quote lists only.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a repeated accession, a list field that
            cannot be taken apart and a MeSH reference without an id.
    """
    entries: dict[str, ChemicalEntry] = {}
    for line, row in named_columns(path, numbered_lines(path), _CHEMICAL_COLUMNS):
        accession = filled(row, "PharmGKB Accession Id", path, line)
        if accession in entries:
            raise MalformedInput(path, f"expected each accession once, got {accession} again", line=line)
        name = _unquoted(filled(row, "Name", path, line))
        synonyms = [item for column in _SYNONYM_COLUMNS for item in _items(row, column, path, line)]
        entries[accession] = ChemicalEntry(
            name=name,
            synonyms=tuple(synonym for synonym in dict.fromkeys(synonyms) if synonym != name),
            mesh=_mesh_ids(row, path, line),
        )
    return entries


def _mesh_ids(row: dict[str, str], path: Path, line: int) -> tuple[str, ...]:
    """The row's ids of MeSH, each once, in order; references to other vocabularies are passed over."""
    ids: dict[str, None] = {}
    for column in _REFERENCE_COLUMNS:
        for item in _items(row, column, path, line):
            if item.startswith("MeSH:"):
                found = _MESH.fullmatch(item)
                if found is None:
                    _refuse(path, line, f"an id after the vocabulary in {column}", item)
                ids[found[1]] = None
    return tuple(ids)


def _entities(row: dict[str, str], column: str, path: Path, line: int) -> tuple[CuratedEntity, ...]:
    return tuple(_entity(item, column, path, line) for item in _items(row, column, path, line))


def _entity(item: str, column: str, path: Path, line: int) -> CuratedEntity:
    """`name (PA123)`, or a name alone."""
    found = _ENTITY.fullmatch(item)
    if found is not None:
        return CuratedEntity(found[2], found[1])
    if "(PA" in item or not item:
        _refuse(path, line, f"NAME (PA...) in {column}", item)
    return CuratedEntity(item, item)


def _items(row: dict[str, str], column: str, path: Path, line: int) -> tuple[str, ...]:
    """The items of a list field; none of an empty one."""
    field = _unquoted(row[column])
    if not field:
        return ()
    if row[column] == f'"{field}"':
        return (field,)
    if field.startswith('"'):
        if _QUOTED_LIST.fullmatch(field) is None:
            _refuse(path, line, f'a list "a", "b" in {column}', row[column])
        return tuple(_unquoted(item) for item in _QUOTED_FIELD.findall(field))
    if _ENTITY.fullmatch(field) and field.count(" (PA") == 1:
        return (field,)
    return tuple(item for item in field.split(", ") if item)


def _unquoted(field: str) -> str:
    """A field without the quotes around the whole of it."""
    return field[1:-1].replace('""', '"') if _QUOTED_FIELD.fullmatch(field) else field


def _refuse(path: Path, line: int, expected: str, got: str) -> NoReturn:
    raise MalformedInput(path, f"expected {expected}, got {got[:80]!r}", line=line)
