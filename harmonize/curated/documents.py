"""Triples and texts -> Documents for rules a2 and a3, with a counted reason for every triple that gets none.

The funnel, in order: the article has no text; the evidence rule says no; an id has no counterpart in the
namespace of the corpus. What is left stands in a Document, with the mentions that PubTator or, for the
entities that it misses, the dictionary finds. The rules then drop what is not found, or not in one sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from harmonize.formats.annotation_order import ordered_relations
from harmonize.formats.curated_row import CuratedRow
from harmonize.formats.pubtator_record import PubTatorRecord, split_ids, variant_genes
from harmonize.formats.tables import ASSOCIATION
from harmonize.model import Document, Mention, Passage, Relation, Span, SpanSource, Split
from harmonize.sources.source import Source
from harmonize.text import abbreviations
from harmonize.text.dictionary import Dictionary, Match, Name

__all__ = ["CuratedEntry", "CuratedText", "Curation", "Triple", "curated_documents", "grouped"]

_PUBTATOR_TYPES = ("Gene", "Chemical", "Disease")

NO_TEXT = "the article has no text"
NOTHING_TO_FIND = "no triple left to look for"
NO_EVIDENCE = "evidence rule: "
UNMAPPED = "id unmapped: "


@dataclass(frozen=True, slots=True)
class CuratedEntry:
    """What is known of an entity of a table.

    Attributes:
        concept_id: in the corpus' namespace (MeSH, NCBI Gene), None where the id has no counterpart.
        namespace: of the table's id, for the reason of the drop.
        names: what texts may call it.
    """

    concept_id: str | None
    namespace: str
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class CuratedText:
    """A text that triples speak of.

    Attributes:
        key: what the triples are found by.
        id: the Document's.
        sentences: the corpus' own, None to have it split.
    """

    key: str
    id: str
    pmid: str
    text: str
    passages: tuple[Passage, ...]
    sentences: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Triple:
    """Two entities and a text, with every row that says so."""

    first: str
    second: str
    rows: tuple[CuratedRow, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """The table's relation types, each once."""
        return tuple(dict.fromkeys(row.type for row in self.rows))


def grouped(rows: Iterable[CuratedRow], key: Callable[[CuratedRow], str]) -> dict[str, list[Triple]]:
    """The distinct triples of a table, by the text they speak of, in the order of their first rows."""
    by_text: dict[str, dict[tuple[str, str], list[CuratedRow]]] = defaultdict(dict)
    for row in rows:
        by_text[key(row)].setdefault((row.first.id, row.second.id), []).append(row)
    return {
        text: [Triple(first, second, tuple(found)) for (first, second), found in pairs.items()]
        for text, pairs in by_text.items()
    }


@dataclass(frozen=True)
class Curation:
    """Everything that turns the triples of one corpus into Documents.

    Attributes:
        triples: by the key of their text.
        entries: by the table's entity id.
        objection: why the evidence rule sets a triple aside, None where it does not.
        annotations: PubTator's articles by PMID, where they are had.
    """

    triples: Mapping[str, list[Triple]]
    entries: Mapping[str, CuratedEntry]
    objection: Callable[[Triple], str | None]
    annotations: Mapping[str, PubTatorRecord]


def curated_documents(
    source: Source, split: Split, curation: Curation, texts: Iterable[CuratedText]
) -> Iterator[Document]:
    """A Document for every text with a triple to look for; the rest is counted in the source's ledger."""
    waiting = dict(curation.triples)
    dictionary = Dictionary(name for entry in curation.entries.values() for name in entry.names)
    for text in texts:
        triples = waiting.pop(text.key, [])
        kept = _accepted(source, split, curation, text, triples)
        if not kept:
            source.saw(split, documents=0, relations=len(triples))
            source.lost_document(split, NOTHING_TO_FIND, text.id)
            continue
        mentions = _mentions(curation, dictionary, text, kept)
        source.saw(split, mentions=len(mentions), relations=len(triples))
        yield Document(
            id=text.id,
            split=split,
            text=text.text,
            passages=text.passages,
            mentions=mentions,
            relations=ordered_relations(
                Relation(
                    _concept(curation, triple.first),
                    _concept(curation, triple.second),
                    ASSOCIATION,
                )
                for triple in kept
            ),
            pmid=text.pmid,
            sentences=text.sentences,
        )
    for key, triples in waiting.items():
        source.saw(split, documents=0, relations=len(triples))
        source.set_aside(split, key, "relations", NO_TEXT, [_described(triple) for triple in triples])


def _accepted(
    source: Source, split: Split, curation: Curation, text: CuratedText, triples: Iterable[Triple]
) -> list[Triple]:
    kept = []
    for triple in triples:
        reason = _objection(curation, triple)
        if reason is None:
            kept.append(triple)
        else:
            source.set_aside(split, text.id, "relations", reason, [_described(triple)])
    return kept


def _objection(curation: Curation, triple: Triple) -> str | None:
    evidence = curation.objection(triple)
    if evidence is not None:
        return NO_EVIDENCE + evidence
    for identifier in (triple.first, triple.second):
        entry = curation.entries[identifier]
        if entry.concept_id is None:
            return f"{UNMAPPED}{entry.namespace} id without counterpart"
    return None


def _concept(curation: Curation, identifier: str) -> str:
    return str(curation.entries[identifier].concept_id)


def _described(triple: Triple) -> str:
    return f"{triple.first} {triple.second}"


def _mentions(
    curation: Curation, dictionary: Dictionary, text: CuratedText, triples: Iterable[Triple]
) -> tuple[Mention, ...]:
    """PubTator's mentions of the triples' entities, and the dictionary's of those that PubTator misses."""
    wanted = {_concept(curation, side) for triple in triples for side in (triple.first, triple.second)}
    found: list[tuple[Span, str, str, SpanSource]] = []
    annotated = curation.annotations.get(text.pmid)
    if annotated is not None and annotated.text == text.text:
        found += _by_pubtator(annotated, wanted)
    missed = wanted - {concept for _, _, concept, _ in found}
    for passage in text.passages:
        part = passage.span.of(text.text)
        matches = set(dictionary.find(part, missed)) | _by_abbreviation(dictionary, part, missed)
        found += [(m.span.shifted(passage.span.start), m.type, m.entity, "dictionary") for m in matches]
    return tuple(
        Mention(f"T{number}", kind, span.of(text.text), (span,), (concept,), by)
        for number, (span, kind, concept, by) in enumerate(sorted(found))
    )


def _by_abbreviation(dictionary: Dictionary, text: str, wanted: Collection[str]) -> set[Match]:
    """Short forms whose long form, as the text defines it, is a name of a wanted entity."""
    return {
        Match(short.span, match.entity, match.type)
        for short in abbreviations.defined(text)
        for match in dictionary.find(short.long_form, wanted)
        if match.span == Span(0, len(short.long_form))
    }


def _by_pubtator(
    article: PubTatorRecord, wanted: Collection[str]
) -> Iterator[tuple[Span, str, str, SpanSource]]:
    for mention in article.mentions:
        identifier, kind = mention.id or "", mention.type
        if identifier.startswith("tmVar:"):
            kind, ids = "Variant", variant_genes(identifier)
        elif kind in _PUBTATOR_TYPES:
            ids = split_ids(identifier.replace("MESH:", ""), ";,|")
        else:
            continue  # a species, say, whose number may be that of a gene
        for concept in ids:
            if concept in wanted:
                yield Span(mention.start, mention.end), kind, concept, "pubtator"
