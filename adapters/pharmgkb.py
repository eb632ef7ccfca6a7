"""PharmGKB (Thorn et al. 2013): which drug's effect a gene is said to change.

biorex          the pairs as BioREx released them, with PubTator spans
native          PharmGKB's table of variant annotations, with names found in PubMed abstracts
relationships   the same from PharmGKB's table of relationships
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from harmonize.curated.documents import CuratedEntry, Curation, Triple, curated_documents, grouped
from harmonize.curated.names import chemical_names, gene_names
from harmonize.curated.texts import article_texts
from harmonize.formats import disgenet_tables, pharmgkb_tsv
from harmonize.formats.curated_row import CuratedRow
from harmonize.model import Document, Split
from harmonize.sources.source import Source

from . import _biorex

Variants = Mapping[str, set[str]]
"""Gene accession -> the variants that the table names of it."""


def documents(source: Source) -> Iterator[Document]:
    if source.variant == "biorex":
        return _biorex.documents(source, lambda _, record_id: (record_id, record_id))
    return _curated(source)


def _curated(source: Source) -> Iterator[Document]:
    read = _annotations if source.variant == "native" else _relationships
    for split in source.splits():
        table, abstracts, chemicals, drugs, genes = source.files(split, expected=5)
        rows, variants = read(source, split, table)
        triples = grouped(rows, key=lambda row: row.pmid)
        annotations = source.annotated(triples)
        curation = Curation(
            triples=triples,
            entries=_chemicals(source, rows, chemicals, drugs) | _genes(rows, genes, variants),
            objection=lambda triple: _objection(source, triple),
            annotations=annotations,
        )
        texts = article_texts(source, split, abstracts, annotations)
        yield from curated_documents(source, split, curation, texts)


def _annotations(source: Source, split: Split, table: Path) -> tuple[list[CuratedRow], Variants]:
    """The rows of var_drug_ann.tsv. The variants of a row with one gene stand for it."""
    rows: list[CuratedRow] = []
    variants: dict[str, set[str]] = defaultdict(set)
    for row in pharmgkb_tsv.annotations(table):
        pairs = pharmgkb_tsv.curated_rows(row)
        if pairs:
            source.kept_rows(split, 1)
        else:
            reason = "no chemical" if row.genes else "no gene"
            source.lost_row(split, reason, f"{table.name}:{row.line}")
        rows += pairs
        if len(row.genes) == 1:
            variants[row.genes[0].id].update(row.variants)
    return rows, variants


def _relationships(source: Source, split: Split, table: Path) -> tuple[list[CuratedRow], Variants]:
    """The rows of relationships.tsv, one for each PMID."""
    rows = list(pharmgkb_tsv.relationships(table, partial(source.lost_row, split)))
    source.kept_rows(split, len(rows))
    return rows, {}


def _objection(source: Source, triple: Triple) -> str | None:
    """A triple stands if any of its rows says what the mapping accepts: yes wins over no."""
    found = {verdict for row in triple.rows for verdict in row.evidence.values()}
    if found & set(source.curation.significance):
        return None
    return f"significance {', '.join(sorted(found))}"


def _chemicals(
    source: Source, rows: Iterable[CuratedRow], chemicals: Path, drugs: Path
) -> dict[str, CuratedEntry]:
    """Chemicals by accession: to MeSH, or to the accession where the mapping says to keep it."""
    known = pharmgkb_tsv.chemicals(chemicals) | pharmgkb_tsv.chemicals(drugs)
    entries: dict[str, CuratedEntry] = {}
    for chemical in {row.first.id: row.first for row in rows}.values():
        entry = known.get(chemical.id)
        mesh = sorted(entry.mesh, key=lambda identifier: (identifier[0] != "D", identifier)) if entry else []
        kept = f"PharmGKB:{chemical.id}" if "chemical" in source.curation.keep_unmapped else None
        concept = mesh[0] if mesh else kept
        if kept and not mesh:
            source.own_ids["PharmGKB chemical"] += 1
        names = chemical_names(concept or "", chemical.name, (entry.name, *entry.synonyms) if entry else ())
        entries[chemical.id] = CuratedEntry(concept, "PharmGKB chemical", names if concept else ())
    return entries


def _genes(rows: Iterable[CuratedRow], path: Path, variants: Variants) -> dict[str, CuratedEntry]:
    """Genes by accession: to NCBI Gene by their symbol."""
    by_symbol, described = disgenet_tables.gene_symbols(path), disgenet_tables.gene_names(path)
    entries: dict[str, CuratedEntry] = {}
    for gene in {row.second.id: row.second for row in rows}.values():
        concept = by_symbol.get(gene.name)
        if concept is None:
            entries[gene.id] = CuratedEntry(None, "PharmGKB gene", ())
        else:
            description, known = described[concept].description, sorted(variants.get(gene.id, ()))
            names = gene_names(concept, gene.name, [description], known)
            entries[gene.id] = CuratedEntry(concept, "PharmGKB gene", names)
    return entries
