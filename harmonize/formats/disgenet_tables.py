"""DisGeNET's tables: the tables of its version 7, the TSV export, and the gene and disease tables.

    geneDiseaseNetwork.csv          one evidence a row: geneNID, diseaseNID, source, sentence, pmid, score
    geneAttributes.csv, .tsv        geneNID -> NCBI Gene id, symbol (`geneName`), description
    diseaseAttributes.csv           diseaseNID -> UMLS CUI (`diseaseId`), name
    *_gene_disease_pmid_associations.tsv[.gz]   one gene, disease and PMID a row
    disease_mappings.tsv            one name and code a row that a vocabulary gives a CUI

All have a header, and columns are found by name. The releases are Windows-1252 in part: a line that is not
UTF-8 is read as that. Format: https://www.disgenet.com/downloads and the README of the version 7 export.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harmonize.errors import MalformedInput, MissingInput
from harmonize.formats.curated_row import CuratedEntity, CuratedRow
from harmonize.formats.lines import BROKEN_GZIP, opened, raw_lines
from harmonize.formats.tables import (
    ASSOCIATION,
    SetAside,
    checked_pmid,
    csv_rows,
    filled,
    named_columns,
    named_fields,
    unheard,
)

__all__ = [
    "GeneNames",
    "associations",
    "disease_mesh",
    "disease_synonyms",
    "gene_names",
    "gene_symbols",
    "network",
]

NETWORK = "geneDiseaseNetwork.csv"
GENES = "geneAttributes.csv"
DISEASES = "diseaseAttributes.csv"

_NETWORK_COLUMNS = (
    "diseaseNID", "geneNID", "source", "association", "associationType", "sentence", "pmid", "score", "EI",
)  # fmt: skip
_EXPORT_COLUMNS = ("geneId", "geneSymbol", "diseaseId", "diseaseName", "score", "EI", "pmid", "source")
_GENE_COLUMNS = ("geneId", "geneName", "geneDescription")
_MAPPING_COLUMNS = ("diseaseId", "name", "vocabulary", "code", "vocabularyName")
_SCORE = re.compile(r"0(\.\d*)?|\.\d+|1(\.0*)?|\d(\.\d+)?[eE]-\d+")
_NO_PMID = ("", "NA")


class GeneNames(NamedTuple):
    """What a gene is called."""

    symbol: str
    description: str


def network(folder: Path, set_aside: SetAside = unheard) -> Iterator[CuratedRow]:
    """Yield the rows of version 7's geneDiseaseNetwork.csv that have a PMID, in file order.

    First is the disease (id: UMLS CUI), second the gene (id: NCBI Gene). Evidence holds source, score, EI
    and association ("0": the article found none, "1", or empty), each as the table writes it.

    Args:
        folder: with geneDiseaseNetwork.csv, geneAttributes.csv and diseaseAttributes.csv.
        set_aside: told of every row without PMID, and of every row whose gene or disease the other tables
            lack (published samples of the tables are cut at random).

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    genes = _entities(folder / GENES, "geneNID", "geneId", "geneName")
    diseases = _entities(folder / DISEASES, "diseaseNID", "diseaseId", "diseaseName")
    path = folder / NETWORK
    for line, row in _csv_rows(path, _NETWORK_COLUMNS):
        place = f"{path.name}:{line}"
        gene, disease = genes.get(row["geneNID"]), diseases.get(row["diseaseNID"])
        if row["pmid"] in _NO_PMID:
            set_aside("no PMID", place)
        elif gene is None:
            set_aside(f"geneNID is not in {GENES}", place)
        elif disease is None:
            set_aside(f"diseaseNID is not in {DISEASES}", place)
        else:
            yield CuratedRow(
                pmid=checked_pmid(row["pmid"], path, line),
                first=disease,
                second=gene,
                type=filled(row, "associationType", path, line),
                evidence=_evidence(row, ("source", "score", "EI", "association"), path, line),
                sentence=row["sentence"] or None,
                line=line,
            )


def associations(path: Path, set_aside: SetAside = unheard) -> Iterator[CuratedRow]:
    """Yield the rows of a TSV export with one PMID a row, plain or gzipped (.gz), in file order.

    First is the disease, second the gene; evidence holds source, score and EI.

    Args:
        set_aside: told of every row without PMID.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a missing column, as in the summaries
            that count PMIDs (NofPmids) and name none.
    """
    for line, row in named_columns(path, _lines(path), _EXPORT_COLUMNS):
        if row["pmid"] in _NO_PMID:
            set_aside("no PMID", f"{path.name}:{line}")
            continue
        yield CuratedRow(
            pmid=checked_pmid(row["pmid"], path, line),
            first=CuratedEntity(filled(row, "diseaseId", path, line), row["diseaseName"]),
            second=CuratedEntity(filled(row, "geneId", path, line), row["geneSymbol"]),
            type=ASSOCIATION,
            evidence=_evidence(row, ("source", "score", "EI"), path, line),
            line=line,
        )


def _evidence(row: Mapping[str, str], columns: Sequence[str], path: Path, line: int) -> dict[str, str]:
    """The evidence columns of a row; a score must be a number of 0 to 1, or missing."""
    score = row["score"]
    if score and not _SCORE.fullmatch(score):
        raise MalformedInput(path, f"expected a score of 0 to 1, got {score[:40]!r}", line=line)
    return {name: row[name] for name in columns}


def gene_symbols(path: Path, set_aside: SetAside = unheard) -> dict[str, str]:
    """Symbol -> NCBI Gene id, from geneAttributes.tsv, without the symbols of several genes.

    Args:
        set_aside: told of every symbol that several genes bear.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    genes: dict[str, list[str]] = {}
    for line, row in named_columns(path, _lines(path), _GENE_COLUMNS):
        genes.setdefault(filled(row, "geneName", path, line), []).append(filled(row, "geneId", path, line))
    for symbol, ids in genes.items():
        if len(set(ids)) > 1:
            set_aside("symbol of several genes", f"{symbol} {' '.join(ids)}")
    return {symbol: ids[0] for symbol, ids in genes.items() if len(set(ids)) == 1}


def gene_names(path: Path) -> dict[str, GeneNames]:
    """NCBI Gene id -> symbol and description, from geneAttributes.tsv.

    Raises:
        MissingInput, MalformedInput: with file and line; among them a repeated gene id.
    """
    names: dict[str, GeneNames] = {}
    for line, row in named_columns(path, _lines(path), _GENE_COLUMNS):
        identifier = _new(names, row, "geneId", path, line)
        names[identifier] = GeneNames(row["geneName"], row["geneDescription"])
    return names


def disease_mesh(path: Path) -> dict[str, tuple[str, ...]]:
    """UMLS CUI -> MeSH ids, from disease_mappings.tsv, in file order; CUIs without MeSH id are left out.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    rows = named_columns(path, _lines(path), _MAPPING_COLUMNS)
    return _grouped(
        (filled(row, "diseaseId", path, line), filled(row, "code", path, line))
        for line, row in rows
        if row["vocabulary"] == "MSH"
    )


def disease_synonyms(path: Path) -> dict[str, tuple[str, ...]]:
    """UMLS CUI -> its names: DisGeNET's and those of each vocabulary, each once, in file order.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    rows = named_columns(path, _lines(path), _MAPPING_COLUMNS)
    return _grouped(
        (filled(row, "diseaseId", path, line), name)
        for line, row in rows
        for name in (row["name"], row["vocabularyName"])
        if name
    )


def _grouped(pairs: Iterator[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, dict[str, None]] = {}
    for key, value in pairs:
        groups.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in groups.items()}


def _entities(path: Path, key: str, identifier: str, name: str) -> dict[str, CuratedEntity]:
    """NID -> entity, of an attribute table."""
    entities: dict[str, CuratedEntity] = {}
    for line, row in _csv_rows(path, (key, identifier, name)):
        number = _new(entities, row, key, path, line)
        entities[number] = CuratedEntity(filled(row, identifier, path, line), row[name])
    return entities


def _new(seen: Mapping[str, object], row: Mapping[str, str], column: str, path: Path, line: int) -> str:
    value = filled(row, column, path, line)
    if value in seen:
        raise MalformedInput(path, f"expected each {column} once, got {value} again", line=line)
    return value


def _csv_rows(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (number of its first line, {column name: field}) of the rows of a quoted CSV.

    Raises:
        MalformedInput: broken quotes, a missing column, or a row of another width than the header.
    """
    return named_fields(path, csv_rows(path, _lines(path)), required)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, line without its end) of a plain or gzipped file.

    Raises:
        MissingInput: no such file.
        MalformedInput: neither UTF-8 nor Windows-1252, empty, cut inside its last line, a line too long for
            memory, or broken gzip.
    """
    if not path.is_file():
        raise MissingInput(path, "expected a file, found none")
    number = 0
    with opened(path) as file:
        try:
            for number, raw in raw_lines(file, path):
                yield number, _decoded(raw, path, number).removesuffix("\n").removesuffix("\r")
        except BROKEN_GZIP as error:
            raise MalformedInput(path, f"expected gzip, got: {error}", line=number + 1) from None
    if number == 0:
        raise MalformedInput(path, "expected a header line, the file is empty")


def _decoded(raw: bytes, path: Path, line: int) -> str:
    for encoding in ("utf-8-sig" if line == 1 else "utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            fault = raw[error.start]
    raise MalformedInput(path, f"expected UTF-8 or Windows-1252, got byte 0x{fault:02x}", line=line)
