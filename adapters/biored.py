"""BioRED (Luo et al. 2022): 600 abstracts, entities with concept ids, eight relation types between concepts.

PubTator, BioC XML and BioC JSON hold the same annotation and give equal Documents.
"""

from collections.abc import Iterator
from pathlib import Path

from bioc import BioCAnnotation, BioCRelation

from harmonize.formats import bioc, pubtator
from harmonize.model import Document, Relation, Split
from harmonize.sources.source import Source


def documents(source: Source) -> Iterator[Document]:
    read = _from_pubtator if source.variant == "pubtator" else _from_bioc
    for split, path in source.paths():
        yield from read(source, split, path)


def _from_pubtator(source: Source, split: Split, path: Path) -> Iterator[Document]:
    for record in pubtator.read(path, mention_columns=(6,), relation_columns=(5,)):
        source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
        yield pubtator.document(record, split, source.concept_ids)


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
