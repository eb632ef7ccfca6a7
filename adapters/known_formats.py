"""Every corpus whose mapping tells a `format`: its files -> Documents, without an adapter of its own.

pubtator       files of articles, and files of relation lines alone, which belong to the articles of the split
bioc-xml/json  a mention's type and ids, and a relation's arguments, are looked for in all usual infons
ppi-xml        every pair that the file does not list as an interaction is one without relation
drugprot-tsv   three files a split: abstracts, entities, relations
brat           folders, of texts with a file of annotations each

A relation may write a concept's id without the name of its scheme where the mentions have it, or the reverse.
An odd mention or relation is left out and counted, and a document that has the id of an earlier one gets its
own; both are errors where the mapping says `strict`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bioc import BioCDocument

from harmonize.errors import MalformedInput, SpecError
from harmonize.formats import (
    bioc,
    bioc_gold,
    brat,
    drugprot_tsv,
    ppi_xml,
    pubtator,
    relation_lines,
    sentences,
)
from harmonize.formats.article_forms import BRAT_ANNOTATIONS, BRAT_TEXT
from harmonize.formats.lines import is_offset
from harmonize.formats.misfits import Misfit
from harmonize.formats.pubtator_articles import read_forgivingly
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.formats.schemes import with_ids_of_mentions
from harmonize.ledger import Drop, Unit
from harmonize.model import Document, Split
from harmonize.sources.source import Source
from harmonize.spec import Format

from . import _biocreative

_NO_TEXT = "no title and no abstract"
_NO_FAULTS = (bioc_gold.NOT_OF_TWO, brat.EVENT)
"""Why relations are left out in any case: the format has them, pairs are something else."""


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
        document = document if is_offset(document.pmid or "") else replace(document, pmid=None)
        yield document if spec.strict else source.with_own_id(document)


@dataclass(frozen=True)
class _Losses:
    """What a file has and no Document will: counted, or an error if the corpus is read strictly."""

    source: Source
    split: Split
    path: Path

    @property
    def misfit(self) -> Misfit | None:
        """Takes the mentions that their text does not spell; None if there may be none."""
        return None if self.source.corpus.spec.strict else self.mention

    def mention(self, document: str, mention: PubTatorMention, reason: str) -> None:
        shown = f"{mention.type} {mention.text!r} at {mention.start}-{mention.end}, line {mention.line}"
        self.source.saw(self.split, documents=0, mentions=1)
        self.count(document, "mentions", reason, [shown])

    def saw_and_left_out(self, document: str, drops: Sequence[Drop]) -> None:
        """Count annotations that are met and left out at once."""
        for unit, reason, item in drops:
            self.source.saw(self.split, documents=0, **{unit: 1})
            self.count(document, unit, reason, [item])

    def typed(self, record: PubTatorRecord) -> PubTatorRecord:
        """The record without the relations that have no type."""
        untyped = [relation for relation in record.relations if not relation.type.strip()]
        self.count(record.id, "relations", bioc_gold.WITHOUT_TYPE, list(map(_shown, untyped)))
        typed = tuple(relation for relation in record.relations if relation.type.strip())
        return replace(record, relations=typed) if untyped else record

    def document(self, document: str, mentions: Sequence[str], relations: Sequence[str]) -> None:
        """Count a document without text."""
        self.source.lost_document(self.split, _NO_TEXT, document)
        self.count(document, "mentions", _NO_TEXT, mentions)
        self.count(document, "relations", _NO_TEXT, relations)

    def count(self, document: str, unit: Unit, reason: str, items: Sequence[str]) -> None:
        """Count annotations that a document lacks.

        Raises:
            MalformedInput: the corpus is read strictly, and it is the file's fault.
        """
        if items and self.source.corpus.spec.strict and reason not in _NO_FAULTS:
            message = f"expected {unit} that can be read, got {items[0]}: {reason}"
            raise MalformedInput(self.path, message, document=document)
        self.source.set_aside(self.split, document, unit, reason, items)


def _from_pubtator(source: Source) -> Iterator[Document]:
    spec = source.corpus.spec
    for split in source.splits():
        with_articles = {path: relation_lines.holds_articles(path) for path in source.files(split)}
        others = (path for path, articles in with_articles.items() if not articles)
        lines = relation_lines.by_document(others, strict=spec.strict)
        for path in (path for path, articles in with_articles.items() if articles):
            losses = _Losses(source, split, path)
            forgiving = partial(read_forgivingly, misfit=losses.mention, offsets=spec.offsets)
            for record in pubtator.read(path) if spec.strict else forgiving(path):
                own = (line.relation for line in lines.pop(record.id, ()))
                whole = replace(record, relations=(*record.relations, *own))
                source.saw(split, documents=0, mentions=len(whole.mentions), relations=len(whole.relations))
                if whole.text:
                    source.saw(split)
                    typed = losses.typed(whole)
                    yield pubtator.document(typed, split, source.concept_ids)
                else:
                    losses.document(record.id, (), list(map(_shown, whole.relations)))
        relation_lines.check_all_found(lines)


def _shown(relation: PubTatorRelation) -> str:
    return f"{relation.type} {relation.head} {relation.tail}"


def _from_bioc(source: Source, json_form: bool) -> Iterator[Document]:
    for split, path in source.paths():
        yield from _of_bioc(bioc.read(path, json_form=json_form), _Losses(source, split, path))


def _from_brat(source: Source) -> Iterator[Document]:
    for split in source.splits():
        texts, annotations = (source.files_below(split, end) for end in (BRAT_TEXT, BRAT_ANNOTATIONS))
        for name, record, left_out in brat.read(texts, annotations):
            if name is None:
                source.lost_document(split, "no annotations beside the text", record.id)
                continue
            losses = _Losses(source, split, Path(name))
            losses.saw_and_left_out(record.id, left_out)
            yield from _of_bioc([record], losses)


def _of_bioc(records: Iterable[BioCDocument], losses: _Losses) -> Iterator[Document]:
    source, split, path = losses.source, losses.split, losses.path
    spec = source.corpus.spec
    how = bioc_gold.GoldReading(
        source.concept_ids,
        of_mentions=spec.entity == "mention",
        joiner=spec.id_separators.any[:1],
        offsets=spec.offsets,
        forgiving=not spec.strict,
    )
    for record in records:
        mentions, relations = bioc_gold.annotations_in(record), bioc_gold.relations_in(record)
        source.saw(split, documents=0, mentions=len(mentions), relations=len(relations))
        if not (spec.strict or bioc_gold.has_text(record)):
            names, others = ([str(each.id) for each in part] for part in (mentions, relations))
            losses.document(record.id, names, others)
            continue
        source.saw(split)
        document, left_out = bioc_gold.gold_document(record, path, split, how)
        for unit, reason, item in left_out:
            losses.count(record.id, unit, reason, [item])
        yield document


def _from_ppi_xml(source: Source) -> Iterator[Document]:
    for split, path in source.paths():
        for record in ppi_xml.read(path, _Losses(source, split, path).misfit):
            document = sentences.document(record, split, record.pmid)
            source.saw(split, mentions=len(document.mentions), relations=len(document.relations))
            yield document


def _from_drugprot_tsv(source: Source) -> Iterator[Document]:
    for split in source.splits():
        files = source.files(split, expected=3)
        records = drugprot_tsv.read_any(*files, misfit=_Losses(source, split, files[1]).misfit)
        yield from _biocreative.documents_of(source, split, records)


_READERS: dict[Format, Callable[[Source], Iterator[Document]]] = {
    "pubtator": _from_pubtator,
    "bioc-xml": partial(_from_bioc, json_form=False),
    "bioc-json": partial(_from_bioc, json_form=True),
    "ppi-xml": _from_ppi_xml,
    "drugprot-tsv": _from_drugprot_tsv,
    "brat": _from_brat,
}
