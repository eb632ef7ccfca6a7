"""BC5CDR (Li et al. 2016): 1,500 abstracts, chemicals and diseases, chemical-induced disease relations.

PubTator and BioC XML. The XML splits a composite mention ("breast or ovarian cancer") into the composite,
with all its ids, and its individual mentions; the composite is kept, as PubTator has it.
"""

from collections.abc import Iterator
from pathlib import Path

from bioc import BioCAnnotation, BioCDocument, BioCRelation

from harmonize.formats import bioc, pubtator
from harmonize.model import Document, Relation, Split
from harmonize.sources.source import Source


def documents(source: Source) -> Iterator[Document]:
    read = _from_pubtator if source.variant == "pubtator" else _from_bioc
    for split, path in source.paths():
        yield from read(source, split, path)


def _from_pubtator(source: Source, split: Split, path: Path) -> Iterator[Document]:
    for record in pubtator.read(path, mention_columns=(6, 7), relation_columns=(4,)):
        source.saw(split, mentions=len(record.mentions), relations=len(record.relations))
        yield pubtator.document(record, split, source.concept_ids)


def _from_bioc(source: Source, split: Split, path: Path) -> Iterator[Document]:
    for record in bioc.read(path):
        source.saw(split, mentions=bioc.annotation_count(record), relations=len(record.relations))
        _set_aside_individual_mentions(source, split, record)

        def mention(annotation: BioCAnnotation, document: str = record.id) -> tuple[str, tuple[str, ...]]:
            kind = bioc.infon(annotation, "type", path, document)
            return kind, source.concept_ids(kind, bioc.infon(annotation, "MESH", path, document))

        def relation(annotated: BioCRelation, document: str = record.id) -> Relation:
            keys = ("Chemical", "Disease", "relation")
            head, tail, kind = (bioc.infon(annotated, key, path, document) for key in keys)
            return Relation(head, tail, kind)

        yield bioc.document(record, path, split, mention, relation)


def _set_aside_individual_mentions(source: Source, split: Split, record: BioCDocument) -> None:
    for passage in record.passages:
        individual = [a for a in passage.annotations if a.infons.get("CompositeRole") == "IndividualMention"]
        passage.annotations = [a for a in passage.annotations if a not in individual]
        items = [str(annotation.text) for annotation in individual]
        source.set_aside(split, record.id, "mentions", "part of a composite mention", items)
