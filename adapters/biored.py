"""BioRED (Luo et al. 2022): 600 abstracts, entities with concept ids, eight relation types between concepts.

PubTator, BioC XML and BioC JSON hold the same annotation and give equal Documents. BioREDirect (Lai et al.
2025) is PubTator with a further line for each relation in which one entity acts on the other: PMID, both
entities, and "Subject:" with that entity; a relation without has no direction.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bioc import BioCAnnotation, BioCRelation

from harmonize.formats import bioc, pubtator
from harmonize.formats.annotation_order import ordered_relations
from harmonize.model import Document, Relation, Split
from harmonize.sources.source import Source


def documents(source: Source) -> Iterator[Document]:
    read = _READERS.get(source.variant, _from_bioc)
    for split, path in source.paths():
        yield from read(source, split, path)


def _from_pubtator(source: Source, split: Split, path: Path) -> Iterator[Document]:
    for record in pubtator.read(path, mention_columns=(6,), relation_columns=(5,)):
        source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
        yield pubtator.document(record, split, source.concept_ids)


def _from_bioredirect(source: Source, split: Split, path: Path) -> Iterator[Document]:
    for document in _from_pubtator(source, split, path):
        relations = (replace(r, subject=r.subject or "neither") for r in document.relations)
        yield replace(document, relations=ordered_relations(relations))


def _from_bioc(source: Source, split: Split, path: Path) -> Iterator[Document]:
    for record in bioc.read(path):
        source.saw(split, mentions=bioc.annotation_count(record), relations=len(record.relations))

        def mention(annotation: BioCAnnotation, document: str = record.id) -> tuple[str, tuple[str, ...]]:
            kind = bioc.infon(annotation, "type", path, document)
            return kind, source.concept_ids(kind, bioc.infon(annotation, "identifier", path, document))

        def relation(annotated: BioCRelation, document: str = record.id) -> Relation:
            keys = ("entity1", "entity2", "type", "novel")
            head, tail, kind, novelty = (bioc.infon(annotated, key, path, document) for key in keys)
            return Relation(head.strip(), tail.strip(), kind, novelty)

        yield bioc.document(record, path, split, mention, relation)


_READERS = {"pubtator": _from_pubtator, "bioredirect": _from_bioredirect}
