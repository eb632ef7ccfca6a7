"""The pairs of a document that the classifier is asked about, by the rules that build the union set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import comb
from pathlib import Path
from typing import Literal, NamedTuple

from harmonize.errors import InvalidDocument
from harmonize.formats.pubtator import document
from harmonize.formats.pubtator_record import (
    VARIANT_DESCRIPTION,
    PubTatorMention,
    PubTatorRecord,
    split_ids,
)
from harmonize.formats.spelling import normal_form
from harmonize.ledger import DroppedItem, Ledger
from harmonize.model import Document, Instance, Mention, Span
from harmonize.names import USUAL_CORPUS
from harmonize.prediction.arguments import Arguments, NamedMention
from harmonize.prediction.entity_types import (
    AnyCase,
    EntityTypes,
    extended,
    folded,
    load_entity_types,
    with_internal_types,
    with_unknown_ids,
    with_user_types,
    without_taxa,
)
from harmonize.prediction.tally import LeftOut
from harmonize.relation.pair import Pair
from harmonize.rules.adjust import adjust
from harmonize.rules.contexts import mentions_in, passage_contexts
from harmonize.spec import Corpus, load_catalogue
from harmonize.text.sentences import RULE_BASED, sentences_within, with_sentences

__all__ = ["MOST_ENTITIES", "Candidates", "NamedDocument", "PairRules", "pair_rules"]

MOST_ENTITIES = 1_000
"""Of one document: their pairs, half a million, are held until the document is done."""

# Told from "no known id" by identity: a mention whose id field is empty or not there.
_UNNAMED = ("unnamed",)


@dataclass(frozen=True, slots=True)
class Candidates:
    """A document and the pairs to ask about.

    Attributes:
        document: as it came in.
        corpus: the name of the mapping whose rules made the pairs.
        task: the [Corpus] of the prompt.
        instances: the pairs, in order of position; what labels they have says nothing.
        mentions: how many can stand in a pair.
        left_out: mentions that are in no pair, by reason and type.
    """

    document: Document
    corpus: str
    task: str
    instances: tuple[Instance, ...]
    mentions: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    def pairs(self, splitter: str | None = None) -> list[Pair]:
        """The instances as the classifier takes them.

        Args:
            splitter: tells the sentences of a document that comes without, see harmonize.text.sentences; the
                pairs have none unless it is given.
        """
        contexts = {instance.context for instance in self.instances}
        of_context: dict[Span, tuple[Span, ...]] = {}
        if splitter is not None and contexts:
            sentences = with_sentences(self.document, splitter).sentences or ()
            of_context = {context: sentences_within(sentences, context) for context in contexts}
        return [
            Pair.from_instance(instance, self.corpus, self.task, of_context.get(instance.context))
            for instance in self.instances
        ]


class NamedDocument(NamedTuple):
    """A document, how many of its mentions can stand in a pair, and those of them with a known concept id.

    None count where pairs are of mentions, not of concepts.
    """

    document: Document
    nameable: int
    named: int


@dataclass(frozen=True)
class PairRules:
    """How pairs are made: the rules of one corpus, for documents of any origin; see `pair_rules`.

    Attributes:
        corpus: its mapping, with the tools' entity types beside its own.
        own_types: the types that the mapping itself knows, whose ids are read as it says.
        types: how the ids of other types are read, and which ids say of any type that it is not known: those
            of the mapping and of the table.
        splitter: see harmonize.text.sentences.
        unannotated: the corpus' own rule c, which prediction does not need.
    """

    corpus: Corpus
    own_types: frozenset[str]
    types: EntityTypes
    splitter: str = RULE_BASED
    unannotated: Literal["c1", "c2", "c3"] = "c2"

    @cached_property
    def _own(self) -> AnyCase[str]:
        """A type in any case -> as the mapping writes it."""
        return AnyCase({name: name for name in sorted(self.own_types)})

    def concept_ids(self, mention_type: str, raw: str | None) -> tuple[str, ...]:
        """The known concept ids of an id field."""
        if raw is None:
            return ()
        own: str | None = self._own.get(mention_type)
        if own is None or raw.startswith("tmVar:"):
            return self.types.concept_ids(mention_type, raw)
        separators, is_variant = self.corpus.spec.id_separators.of(own), self.types.is_variant(own)
        ids = split_ids(raw, separators, self.types.unknown_ids)
        return ids if is_variant else without_taxa(one for each in ids for one in self._unjoined(each))

    def _unjoined(self, identifier: str) -> tuple[str, ...]:
        """The ids that a tool has joined by "+"; of variants those have it within (c|SUB|G|3+1|A), also where
        a set has made genes of them.
        """
        if VARIANT_DESCRIPTION.fullmatch(identifier):
            return (identifier,)
        return split_ids(identifier, "+", self.types.unknown_ids)

    def named_document(self, record: PubTatorRecord, *, related: bool = False) -> NamedDocument:
        """The Document of an article, with how many mentions have a known concept id. The split is "test".

        An id that says "not known" ("-") names no entity. Mentions whose id field is empty or missing are one
        entity with the others of their kind that have the same normal form, and have its concept ids, or,
        where none has one, the name of the first in the document (T0, T1, ...). So are all mentions of a
        document in which no concept id is known.

        Args:
            related: the document keeps its relations, whose arguments `Arguments` resolves.
        """
        ids: dict[tuple[str, str | None], tuple[str, ...]] = {}  # many mentions have the same

        def concept_ids(kind: str, raw: str | None) -> tuple[str, ...]:
            found = ids.get((kind, raw))
            if found is None:
                found = ids[kind, raw] = self._ids(kind, raw)
            return found

        made = document(replace(record, relations=()), "test", concept_ids)
        kinds = self.corpus.spec.entity_types
        pairable = [mention for mention in made.mentions if kinds.get(mention.type) is not None]
        named = sum(1 for m in pairable if m.concept_ids and m.concept_ids is not _UNNAMED)
        nameless = {mention.id for mention in made.mentions if mention.concept_ids is _UNNAMED}
        if not named:
            nameless |= {mention.id for mention in pairable}
        if nameless:
            made = replace(made, mentions=self._named_by_text(made.mentions, nameless))
        if made.pmid is not None and not (made.pmid.isascii() and made.pmid.isdecimal()):
            made = replace(made, pmid=None)
        if related:
            made = replace(made, relations=self.arguments(record, made).relations(record))
            made = replace(made, mentions=self._in_parts(record, made))
        if self.corpus.spec.entity == "mention":  # whose ids nobody needs
            return NamedDocument(made, 0, 0)
        return NamedDocument(made, len(pairable), named)

    def arguments(
        self, record: PubTatorRecord, made: Document, also: Iterable[PubTatorMention] = ()
    ) -> Arguments:
        """What the arguments of a record's relations name in the Document that is made of it.

        Args:
            also: mentions that the record lacks because the text does not spell them.
        """
        named = [
            NamedMention(told, mention.concept_ids, mention.id)
            for told, mention in zip(self._in_order(record), made.mentions, strict=True)
        ]
        named += [NamedMention(mention, self.concept_ids(mention.type, mention.id)) for mention in also]
        spec = self.corpus.spec
        return Arguments(
            named,
            spec.id_separators.any,
            by_mention=spec.entity == "mention",
            unknown=self.types.unknown_ids,
        )

    def _in_order(self, record: PubTatorRecord) -> list[PubTatorMention]:
        """The record's mentions as numbered_mentions orders them."""
        keys = [(Span(m.start, m.end), m.type, self._ids(m.type, m.id)) for m in record.mentions]
        return [record.mentions[number] for number in sorted(range(len(keys)), key=keys.__getitem__)]

    def _in_parts(self, record: PubTatorRecord, made: Document) -> tuple[Mention, ...]:
        """The mentions of a record's document, discontinuous ones in the parts that the record keeps."""
        if not any(told.parts for told in record.mentions):
            return made.mentions

        def divided(told: PubTatorMention, mention: Mention) -> Mention:
            name = " ".join(part.of(made.text) for part in told.parts)
            return replace(mention, spans=told.parts, text=name) if told.parts else mention

        return tuple(map(divided, self._in_order(record), made.mentions))

    def _ids(self, mention_type: str, raw: str | None) -> tuple[str, ...]:
        return self.concept_ids(mention_type, raw) if raw and raw.strip() else _UNNAMED

    def _named_by_text(self, mentions: tuple[Mention, ...], nameless: set[str]) -> tuple[Mention, ...]:
        """The mentions with a concept id for those of these names."""
        kinds = self.corpus.spec.entity_types

        def key(mention: Mention) -> tuple[str, str]:
            form = normal_form(mention.text) or mention.text
            return kinds.get(mention.type) or mention.type, form

        known = [mention for mention in mentions if mention.id not in nameless and mention.concept_ids]
        taken = {identifier for mention in known for identifier in mention.concept_ids}
        ids: dict[tuple[str, str], tuple[str, ...]] = {}
        for mention in known:
            ids.setdefault(key(mention), mention.concept_ids)
        for mention in mentions:
            if mention.id in nameless:
                ids.setdefault(key(mention), (_free_name(mention.id, taken),))
        return tuple(replace(m, concept_ids=ids[key(m)]) if m.id in nameless else m for m in mentions)

    def entity_count(self, mentions: Iterable[Mention]) -> int:
        """How many entities can stand in a pair, at most, of those that mentions name.

        Raises:
            SpecError: an entity type that neither the mapping nor the tools' table knows.
        """
        known = [(m, self.corpus.kind(m.type)) for m in mentions]
        if self.corpus.spec.entity == "mention":
            return sum(kind is not None for _, kind in known)
        return len({(kind, name) for m, kind in known if kind is not None for name in m.concept_ids})

    def contexts(self, document: Document) -> list[Span]:
        """What pairs are made in: the passages of a full text, or all of the document."""
        if self.corpus.rules.b == "b1":
            return passage_contexts(document)
        return [Span(0, len(document.text))]

    def crowding(self, document: Document) -> str | None:
        """What the document has too many of to be held, as a message says it; None if nothing.

        Raises:
            SpecError: see `entity_count`.
        """
        if sum(len(mention.concept_ids) or 1 for mention in document.mentions) <= MOST_ENTITIES:
            return None
        contexts, mentions = self.contexts(document), sorted(document.mentions, key=lambda m: m.extent)
        counts = [self.entity_count(inside) for _, inside in mentions_in(contexts, mentions)]
        if len(counts) == 1 and counts[0] > MOST_ENTITIES:
            return f"expected at most {MOST_ENTITIES} entities, got {counts[0]}"
        most = comb(MOST_ENTITIES, 2)
        pairs = sum(comb(count, 2) for count in counts)
        return f"expected at most {most:,} pairs of entities, got {pairs:,}" if pairs > most else None

    def candidates(self, document: Document) -> Candidates:
        """The pairs of a document. Its relations, if it has some, are not looked at.

        Raises:
            SpecError: an entity type that neither the mapping nor the tools' table knows.
            InvalidDocument: more than MOST_ENTITIES entities, or as many pairs in a full text.
        """
        if (fault := self.crowding(document)) is not None:
            raise InvalidDocument(f"document {document.id}: {fault}")
        types = {f"{m.id} {m.type} {m.text}": m.type for m in document.mentions}
        left_out: Counter[LeftOut] = Counter()

        def on_drop(item: DroppedItem) -> None:
            if item.drop.unit == "mentions":
                left_out[LeftOut(item.drop.reason, types[item.drop.item])] += 1

        unrelated = replace(document, relations=())
        ledger = Ledger(on_drop)
        instances = tuple(adjust(unrelated, self.corpus, ledger, self.splitter))
        usable = ledger.left(document.split, self.corpus.rules.b, "mentions")
        return Candidates(document, self.corpus.key, self.corpus.rules.task, instances, usable, left_out)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    return name


def pair_rules(
    as_corpus: str = USUAL_CORPUS,
    *,
    types: Mapping[str, str | None] | None = None,
    extensions: tuple[Path, ...] = (),
    splitter: str = RULE_BASED,
) -> PairRules:
    """The rules of a corpus for new documents.

    Level, kinds of pairs, what an entity is, internal types and [Corpus] are the mapping's; every pair
    becomes an instance, whatever the corpus makes of unannotated ones. So a corpus' own files give the
    union set's pairs, but for two mentions of the very same text, which are a pair there only where the
    corpus annotates them, and here never.

    Args:
        as_corpus: the name of a mapping.
        types: a user's own types, each with a known one that it stands for, or None; they come before all
            others.
        extensions: folders with the mappings of further corpora.
        splitter: see harmonize.text.sentences.

    Raises:
        UnknownName: no such corpus.
        SpecError: a mapping, or the table of types, has faults.
        TypeError: types that are no mapping, such as the path of their file.
    """
    if types is not None and not isinstance(types, Mapping):
        raise TypeError(f"types: expected names of types and what they stand for, got {type(types).__name__}")
    catalogue = load_catalogue(extensions)
    corpus = catalogue[as_corpus]
    table = with_internal_types(load_entity_types(), catalogue)
    table, overriding = with_user_types(table, types or {}, catalogue)
    table = with_unknown_ids(table, corpus.spec.unknown_ids)
    first = folded(overriding)
    own = frozenset(name for name in corpus.spec.entity_types if name.casefold() not in first)
    return PairRules(extended(corpus, table, overriding), own, table, splitter, corpus.rules.c)
