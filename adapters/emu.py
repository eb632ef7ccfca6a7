"""EMU (Doughty et al. 2010): point mutations and the breast or prostate cancer they are tied to.

biorex   as BioREx released them; one article is in both files, with other relations, so a document's id
         starts with its file's disease
native   a plain table of PMID, gene, mutation and disease, with names found in PubMed abstracts
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from harmonize.curated.documents import CuratedEntry, Curation, curated_documents, grouped
from harmonize.curated.names import disease_names, gene_names
from harmonize.curated.texts import article_texts
from harmonize.formats import disgenet_tables, triple_tsv
from harmonize.formats.curated_row import CuratedRow
from harmonize.model import Document
from harmonize.sources.source import Source

from . import _biorex


def documents(source: Source) -> Iterator[Document]:
    return _native(source) if source.variant == "native" else _biorex.documents(source, _identify)


def _identify(path: Path, record_id: str) -> tuple[str, str]:
    return f"{path.name.split('_')[0]}-{record_id}", record_id


def _native(source: Source) -> Iterator[Document]:
    for split in source.splits():
        table, abstracts, genes = source.files(split, expected=3)
        rows = list(triple_tsv.read(table))
        source.kept_rows(split, len(rows))
        triples = grouped(rows, key=lambda row: row.pmid)
        annotations = source.annotated(triples)
        curation = Curation(
            triples=triples,
            entries=_diseases(rows) | _genes(rows, genes),
            objection=lambda _: None,
            annotations=annotations,
        )
        texts = article_texts(source, split, abstracts, annotations)
        yield from curated_documents(source, split, curation, texts)


def _diseases(rows: Iterable[CuratedRow]) -> dict[str, CuratedEntry]:
    """Diseases by the table's MeSH id; one without id has no counterpart."""
    entries: dict[str, CuratedEntry] = {}
    for disease in {row.first.id: row.first for row in rows}.values():
        concept = None if disease.id == disease.name else disease.id.removeprefix("MESH:")
        names = disease_names(concept, [disease.name]) if concept else ()
        entries[disease.id] = CuratedEntry(concept, "EMU disease", names)
    return entries


def _genes(rows: Iterable[CuratedRow], path: Path) -> dict[str, CuratedEntry]:
    """Genes by the table's NCBI Gene id, else by symbol; their mutations stand for them."""
    by_symbol = disgenet_tables.gene_symbols(path)
    mutations: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        mutations[row.second.id].add(row.evidence["mutation"])
    entries: dict[str, CuratedEntry] = {}
    for gene in {row.second.id: row.second for row in rows}.values():
        concept = by_symbol.get(gene.name) if gene.id == gene.name else gene.id
        names = gene_names(concept, gene.name, variants=sorted(mutations[gene.id])) if concept else ()
        entries[gene.id] = CuratedEntry(concept, "EMU gene", names)
    return entries
