"""The pairs of a document that the classifier is asked about, by the rules that build the union set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from harmonize.errors import InvalidDocument
from harmonize.formats.pubtator import PubTatorRecord, document, split_ids
from harmonize.ledger import DroppedItem, Ledger
from harmonize.model import Document, Instance
from harmonize.prediction.entity_types import EntityTypes, extended, load_entity_types, with_internal_types
from harmonize.prediction.tally import LeftOut
from harmonize.relation.pair import Pair
from harmonize.rules.adjust import adjust
from harmonize.spec import Corpus, load_catalogue
from harmonize.text.sentences import RULE_BASED

__all__ = ["MOST_ENTITIES", "Candidates", "PairRules", "pair_rules"]

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
        left_out: mentions that are in no pair, by reason and type.
    """

    document: Document
    corpus: str
    task: str
    instances: tuple[Instance, ...]
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    def pairs(self) -> list[Pair]:
        """The instances as the classifier takes them."""
        return [Pair.from_instance(instance, self.corpus, self.task) for instance in self.instances]


@dataclass(frozen=True)
class PairRules:
    """How pairs are made: the rules of one corpus, for documents of any origin; see `pair_rules`.

    Attributes:
        corpus: its mapping, with the tools' entity types beside its own.
        own_types: the types that the mapping itself knows, whose ids are read as it says.
        types: how the ids of other types are read.
        splitter: see harmonize.text.sentences.
    """

    corpus: Corpus
    own_types: frozenset[str]
    types: EntityTypes
    splitter: str = RULE_BASED

    def knows(self, mention_type: str) -> bool:
        """True for a type of the mapping or of a tool, in a pair or not."""
        return mention_type in self.corpus.spec.entity_types

    def concept_ids(self, mention_type: str, raw: str | None) -> tuple[str, ...]:
        """The known concept ids of an id field."""
        if raw is None:
            return ()
        if mention_type in self.own_types and not raw.startswith("tmVar:"):
            spec = self.corpus.spec
            return split_ids(raw, spec.id_separators.of(mention_type), spec.unknown_ids)
        return self.types.concept_ids(mention_type, raw)

    def document(self, record: PubTatorRecord) -> Document:
        """The Document of an article, without relations.

        A mention whose id field is empty or missing is an entity of its own: its name in the document (T0,
        T1, ...) is its concept id. An id that says "not known" ("-") names no entity. The split is "test".
        """
        record = replace(record, relations=())
        made = document(
            record, "test", lambda kind, raw: self.concept_ids(kind, raw) if raw and raw.strip() else _UNNAMED
        )
        taken = {identifier for mention in made.mentions for identifier in mention.concept_ids}
        mentions = []
        for mention in made.mentions:
            if mention.concept_ids is _UNNAMED:
                name = mention.id
                while name in taken:
                    name += "'"
                mention = replace(mention, concept_ids=(name,))
            mentions.append(mention)
        is_pmid = record.id.isascii() and record.id.isdecimal()
        return replace(made, mentions=tuple(mentions), pmid=record.id if is_pmid else None)

    def entity_count(self, document: Document) -> int:
        """How many entities of the document can stand in a pair, at most.

        Raises:
            SpecError: an entity type that neither the mapping nor the tools' table knows.
        """
        spec = self.corpus.spec
        mentions = [(m, self.corpus.kind(m.type)) for m in document.mentions]
        if spec.entity == "mention":
            return sum(kind is not None for _, kind in mentions)
        return len({(kind, name) for m, kind in mentions if kind is not None for name in m.concept_ids})

    def candidates(self, document: Document) -> Candidates:
        """The pairs of a document. Its relations, if it has some, are not looked at.

        Raises:
            SpecError: an entity type that neither the mapping nor the tools' table knows.
            InvalidDocument: more than MOST_ENTITIES entities.
        """
        count = self.entity_count(document)
        if count > MOST_ENTITIES:
            raise InvalidDocument(
                f"document {document.id}: expected at most {MOST_ENTITIES} entities, got {count}"
            )
        types = {f"{m.id} {m.type} {m.text}": m.type for m in document.mentions}
        left_out: Counter[LeftOut] = Counter()

        def on_drop(item: DroppedItem) -> None:
            if item.drop.unit == "mentions":
                left_out[LeftOut(item.drop.reason, types[item.drop.item])] += 1

        unrelated = replace(document, relations=())
        instances = adjust(unrelated, self.corpus, Ledger(on_drop), self.splitter)
        return Candidates(document, self.corpus.key, self.corpus.rules.task, tuple(instances), left_out)


def pair_rules(
    as_corpus: str = "biored",
    *,
    entity_types: Path | None = None,
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
        entity_types: a file like entity_types.yaml, in its place.
        extensions: folders with the mappings of further corpora.
        splitter: see harmonize.text.sentences.

    Raises:
        UnknownName: no such corpus.
        SpecError: a mapping, or the table of types, has faults.
    """
    catalogue = load_catalogue(extensions)
    corpus, types = catalogue[as_corpus], load_entity_types(entity_types)
    own = frozenset(corpus.spec.entity_types)
    types = with_internal_types(types, catalogue)
    return PairRules(extended(corpus, types, entity_types), own, types, splitter)
