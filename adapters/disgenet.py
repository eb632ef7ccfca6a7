"""DisGeNET (Piñero et al. 2020): which gene is said to play a part in which disease.

biorex   the pairs as BioREx released them, one sentence a document; an id is the PMID and four digits
native   DisGeNET's own tables, version 7, one evidence sentence a document, with names found in it
export   DisGeNET's TSV export, with names found in PubMed abstracts

An evidence sentence is the corpus' own, so nothing splits it at the "viz." or "p." inside.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from harmonize.curated.documents import (
    CuratedEntry,
    CuratedText,
    Curation,
    Triple,
    curated_documents,
    grouped,
)
from harmonize.curated.names import disease_names, gene_names
from harmonize.curated.texts import article_texts
from harmonize.formats import disgenet_tables
from harmonize.formats.curated_row import CuratedRow
from harmonize.formats.pubtator_record import PubTatorRecord
from harmonize.model import Document, Passage, Span
from harmonize.sources.source import Source

from . import _biorex

NOT_FOUND = "0"
"""PSYGENET's `association` of an article that looked for one and found none."""


def documents(source: Source) -> Iterator[Document]:
    read = {"biorex": _released, "native": _native, "export": _export}
    return read[source.variant](source)


def _released(source: Source) -> Iterator[Document]:
    for document in _biorex.documents(source, lambda _, record_id: (record_id, record_id[:-4])):
        yield replace(document, sentences=(Span(0, len(document.text)),))


def _native(source: Source) -> Iterator[Document]:
    for split in source.splits():
        tables, mappings, genes = source.files(split, expected=3)
        rows = []
        for row in disgenet_tables.network(tables, partial(source.lost_row, split)):
            if row.sentence:
                rows.append(row)
            else:
                source.lost_row(split, "no evidence sentence", f"{disgenet_tables.NETWORK}:{row.line}")
        source.kept_rows(split, len(rows))
        curation = _curation(source, rows, mappings, genes, _key, {})
        yield from curated_documents(source, split, curation, _sentences(rows))


def _export(source: Source) -> Iterator[Document]:
    for split in source.splits():
        table, abstracts, mappings, genes = source.files(split, expected=4)
        rows = list(disgenet_tables.associations(table, partial(source.lost_row, split)))
        source.kept_rows(split, len(rows))
        annotations = source.annotated({row.pmid for row in rows})
        curation = _curation(source, rows, mappings, genes, lambda row: row.pmid, annotations)
        texts = article_texts(source, split, abstracts, annotations)
        yield from curated_documents(source, split, curation, texts)


def _curation(
    source: Source,
    rows: list[CuratedRow],
    mappings: Path,
    genes: Path,
    key: Callable[[CuratedRow], str],
    annotations: Mapping[str, PubTatorRecord],
) -> Curation:
    return Curation(
        triples=grouped(rows, key=key),
        entries=_diseases(rows, mappings) | _genes(rows, genes),
        objection=lambda triple: _objection(source, triple),
        annotations=annotations,
    )


def _key(row: CuratedRow) -> str:
    return f"{row.pmid} {row.sentence}"


def _sentences(rows: Iterable[CuratedRow]) -> Iterator[CuratedText]:
    """Each evidence sentence of an article once, numbered within the article."""
    numbers: Counter[str] = Counter()
    for key, row in {_key(row): row for row in rows}.items():
        numbers[row.pmid] += 1
        text = str(row.sentence)
        whole = Span(0, len(text))
        document_id = f"{row.pmid}-{numbers[row.pmid]}"
        yield CuratedText(key, document_id, row.pmid, text, (Passage("sentence", whole),), (whole,))


def _objection(source: Source, triple: Triple) -> str | None:
    """A triple stands if one of its rows is from an accepted source and has the least score."""
    curation = source.curation
    of_source = [row for row in triple.rows if row.evidence["source"] in curation.sources]
    if not of_source:
        return "source is not curated"
    if all(row.evidence.get("association") == NOT_FOUND for row in of_source):
        return "the article found no association"
    best = max(float(row.evidence["score"] or 0) for row in of_source)
    return None if best >= curation.min_score else f"score below {curation.min_score}"


def _diseases(rows: Iterable[CuratedRow], mappings: Path) -> dict[str, CuratedEntry]:
    """Diseases by CUI: to MeSH."""
    mesh, synonyms = disgenet_tables.disease_mesh(mappings), disgenet_tables.disease_synonyms(mappings)
    entries: dict[str, CuratedEntry] = {}
    for disease in {row.first.id: row.first for row in rows}.values():
        concept = next(iter(mesh.get(disease.id, ())), None)
        names = disease_names(concept, (disease.name, *synonyms.get(disease.id, ()))) if concept else ()
        entries[disease.id] = CuratedEntry(concept, "UMLS", names)
    return entries


def _genes(rows: Iterable[CuratedRow], path: Path) -> dict[str, CuratedEntry]:
    """Genes by NCBI Gene id, which is the corpus' namespace."""
    described = disgenet_tables.gene_names(path)
    entries: dict[str, CuratedEntry] = {}
    for gene in {row.second.id: row.second for row in rows}.values():
        descriptions = [described[gene.id].description] if gene.id in described else []
        entries[gene.id] = CuratedEntry(gene.id, "NCBI Gene", gene_names(gene.id, gene.name, descriptions))
    return entries
