"""Every corpus whose mapping tells a `format`: its files -> Documents, without an adapter of its own.

pubtator       files of articles, and files of relation lines alone, which belong to the articles of the split
bioc-xml/json  a mention's type and ids, and a relation's arguments, are looked for in all usual infons
ppi-xml        every pair that the file does not list as an interaction is one without relation
drugprot-tsv   three files a split: abstracts, entities, relations

A relation may write a concept's id without the name of its scheme where the mentions have it, or the reverse.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from harmonize.errors import SpecError
from harmonize.formats import bioc, bioc_gold, drugprot_tsv, ppi_xml, pubtator, relation_lines, sentences
from harmonize.formats.lines import is_offset
from harmonize.formats.schemes import with_ids_of_mentions
from harmonize.model import Document
from harmonize.sources.source import Source
from harmonize.spec import Format

from . import _biocreative


def documents(source: Source) -> Iterator[Document]:
    spec = source.corpus.spec
    kind = spec.format_of(source.variant)
    if kind is None:
        raise SpecError(source.corpus.path, [("format", "expected the format of the files, found none")])
    for document in _READERS[kind](source):
        document = with_ids_of_mentions(document, spec.id_separators.any, spec.unknown_ids)
        if spec.span_source != "gold":
            mentions = (replace(mention, source=spec.span_source) for mention in document.mentions)
            document = replace(document, mentions=tuple(mentions))
        yield document if is_offset(document.pmid or "") else replace(document, pmid=None)


def _from_pubtator(source: Source) -> Iterator[Document]:
    for split in source.splits():
        with_articles = {path: relation_lines.holds_articles(path) for path in source.files(split)}
        lines = relation_lines.by_document(path for path, articles in with_articles.items() if not articles)
        for path in (path for path, articles in with_articles.items() if articles):
            for record in pubtator.read(path):
                own = (line.relation for line in lines.pop(record.id, ()))
                whole = replace(record, relations=(*record.relations, *own))
                source.saw(split, mentions=len(whole.mentions), relations=len(whole.relations))
                yield pubtator.document(whole, split, source.concept_ids)
        relation_lines.check_all_found(lines)


def _from_bioc(source: Source, json_form: bool) -> Iterator[Document]:
    spec = source.corpus.spec
    for split, path in source.paths():
        for record in bioc.read(path, json_form=json_form):
            source.saw(split, mentions=bioc.annotation_count(record), relations=len(record.relations))
            document, others = bioc_gold.gold_document(
                record,
                path,
                split,
                source.concept_ids,
                of_mentions=spec.entity == "mention",
                joiner=spec.id_separators.any[:1],
            )
            source.set_aside(split, record.id, "relations", "is not of two entities", others)
            yield document


def _from_ppi_xml(source: Source) -> Iterator[Document]:
    for split, path in source.paths():
        for record in ppi_xml.read(path):
            document = sentences.document(record, split, record.pmid)
            source.saw(split, mentions=len(document.mentions), relations=len(document.relations))
            yield document


def _from_drugprot_tsv(source: Source) -> Iterator[Document]:
    return _biocreative.documents(source, drugprot_tsv.read_any)


_READERS: dict[Format, Callable[[Source], Iterator[Document]]] = {
    "pubtator": _from_pubtator,
    "bioc-xml": partial(_from_bioc, json_form=False),
    "bioc-json": partial(_from_bioc, json_form=True),
    "ppi-xml": _from_ppi_xml,
    "drugprot-tsv": _from_drugprot_tsv,
}
