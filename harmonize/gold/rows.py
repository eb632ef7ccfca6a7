"""Gold documents -> the rows that a union set would have of them, and a row for each relation without one.

The rules are those of one corpus; see harmonize.rules.adjust. A relation that no pair can show is a row that
nothing can predict, and so a miss, of a pair type as far as its entities' types are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from harmonize.errors import AccountingError
from harmonize.gold.documents import SkippedRelation
from harmonize.gold.relation_types import TypeMap
from harmonize.ledger import DroppedItem, Ledger
from harmonize.model import Document, Instance, Relation
from harmonize.prediction.arguments import JOINER, entities_of, is_resolved, shown_argument
from harmonize.prediction.pairs import PairRules
from harmonize.rules.adjust import adjust
from harmonize.rules.contexts import DUPLICATE, NAMES_CONCEPTS
from harmonize.rules.spans import described
from harmonize.spec import Corpus, Separators
from harmonize.text.sentences import with_sentences
from harmonize.union.ids import hashed_id
from harmonize.union.rows import record_batch, record_batches

__all__ = [
    "GOLD_SPLIT",
    "IN_SKIPPED",
    "NO_ARGUMENTS",
    "UNKNOWN_TYPE",
    "GoldRows",
    "LostRelation",
    "RelationAccount",
    "gold_rows",
]

GOLD_SPLIT = "gold"
UNKNOWN_TYPE = "unknown"
"""The entity type of an argument that has no mention."""
NO_ARGUMENTS = "the file does not tell its two entities"
IN_SKIPPED = "its document was skipped: {}"

_UNKNOWN_TYPES = (UNKNOWN_TYPE, UNKNOWN_TYPE, UNKNOWN_TYPE, UNKNOWN_TYPE)

_SCORED = (
    *("instance_id", "document_id", "head_type", "tail_type", "source_head_type", "source_tail_type"),
    *("relation", "source_relations", "head_spans", "tail_spans", "sentences"),
)


@dataclass(frozen=True)
class LostRelation:
    """A relation that no row shows.

    Attributes:
        label: what its type stands for.
        entity_types: of head and tail after rule e, then as the file has them.
    """

    document_id: str
    head: str
    tail: str
    type: str
    label: str
    reason: str
    entity_types: tuple[str, str, str, str]


@dataclass
class RelationAccount:
    """What has become of gold's relations: relations_in = shown + lost + repeated + unrelated.

    Attributes:
        shown: some row shows them.
        lost: no row does, by reason; each is a miss.
        repeated: say of a pair what another has said.
        unrelated: of types that stand for no relation.
        several_types: pairs with several labels, of which the most specific is scored.
    """

    relations_in: int = 0
    shown: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    unrelated: int = 0
    several_types: int = 0

    def check(self, name: str) -> None:
        """Raises AccountingError, which names the files, unless in = out."""
        out = self.shown + self.lost.total() + self.repeated + self.unrelated
        if self.relations_in != out:
            raise AccountingError(f"{name}: {self.relations_in} relations in, {out} out")

    def as_dict(self) -> dict[str, Any]:
        """The account as JSON has it."""
        return {
            "in": self.relations_in,
            "shown": self.shown,
            "lost": dict(sorted(self.lost.items())),
            "repeated": self.repeated,
            "unrelated": self.unrelated,
            "pairs_of_several_types": self.several_types,
        }


@dataclass(frozen=True)
class GoldRows:
    """The rows of gold.

    Attributes:
        pairs: with the columns of harmonize.union.schema.ROW_SCHEMA, and corpus, split and task; what a
            classifier is asked.
        lost: the relations that none of them shows.
        account: of the relations.
    """

    pairs: pa.Table
    lost: tuple[LostRelation, ...]
    account: RelationAccount

    def to_score(self, name: str) -> pa.Table:
        """All rows, lost relations last, as harmonize.evaluation takes them.

        Args:
            name: what to call the gold standard.
        """
        asked = self.pairs.select(_SCORED)
        missed = pa.Table.from_pylist(list(map(_lost_row, self.lost)), schema=asked.schema)
        rows = pa.concat_tables([asked, missed])
        for column, value in (("corpus", name), ("split", GOLD_SPLIT)):
            rows = rows.append_column(column, pa.repeat(pa.scalar(value), len(rows)))
        return rows


def _lost_row(lost: LostRelation) -> dict[str, Any]:
    head, tail, source_head, source_tail = lost.entity_types
    return {
        "instance_id": hashed_id(
            "lost", lost.document_id, lost.type, lost.head, JOINER, lost.tail, lost.reason
        ),
        "document_id": lost.document_id,
        "head_type": head,
        "tail_type": tail,
        "source_head_type": source_head,
        "source_tail_type": source_tail,
        "relation": lost.label,
        "source_relations": [lost.type],
        "head_spans": [],
        "tail_spans": [],
        "sentences": None,
    }


def gold_rows(
    documents: Iterable[Document],
    skipped: Sequence[SkippedRelation],
    rules: PairRules,
    types: TypeMap,
    name: str,
) -> GoldRows:
    """The rows of documents.

    Args:
        documents: with relations whose arguments are resolved.
        skipped: relations of documents that are not among these.
        types: what each of the relations' types stands for.
        name: what to call the gold standard in errors.
    """
    maker = _RowMaker(rules, types)
    batches = [batch for document in documents for batch in maker.batches(document)]
    maker.add_skipped(skipped)
    maker.account.check(name)
    pairs = pa.Table.from_batches(batches) if batches else _no_rows(maker.corpus)
    for column, value in (
        ("corpus", rules.corpus.key),
        ("split", GOLD_SPLIT),
        ("task", rules.corpus.rules.task),
    ):
        pairs = pairs.append_column(column, pa.repeat(pa.scalar(value), len(pairs)))
    return GoldRows(pairs, tuple(maker.lost), maker.account)


def _no_rows(corpus: Corpus) -> pa.Table:
    return pa.Table.from_batches([record_batch(corpus.key, Document("", "test", "", ()), [])])


class _RowMaker:
    """Makes the rows of one document after the other, and keeps what no row shows."""

    def __init__(self, rules: PairRules, types: TypeMap) -> None:
        self.corpus = _gold_corpus(rules, types)
        self.lost: list[LostRelation] = []
        self.account = RelationAccount()
        self._splitter = rules.splitter

    def batches(self, document: Document) -> Iterator[pa.RecordBatch]:
        """The rows of a document, if it has some."""
        self.account.relations_in += len(document.relations)
        distinct = _distinct(document.relations)
        self.account.repeated += len(document.relations) - len(distinct)
        dropped: dict[str, str] = {}

        def on_drop(item: DroppedItem) -> None:
            if item.drop.unit == "relations":
                dropped[item.drop.item] = item.drop.reason

        document = with_sentences(replace(document, relations=distinct), self._splitter)
        instances = adjust(document, self.corpus, Ledger(on_drop), self._splitter)
        for relation in distinct:
            self._account_for(relation, dropped.get(described(relation)), document)
        self.account.several_types += len(_of_several_types(instances))
        yield from record_batches(self.corpus.key, document, instances)

    def add_skipped(self, relations: Sequence[SkippedRelation]) -> None:
        """Lose the relations of documents that could not be taken."""
        self.account.relations_in += len(relations)
        once = dict.fromkeys((r.document_id, r.head, r.tail, r.type, r.reason) for r in relations)
        self.account.repeated += len(relations) - len(once)
        for document_id, head, tail, kind, reason in once:
            if (label := self._label(kind)) is None:
                self.account.unrelated += 1
            else:
                why = IN_SKIPPED.format(reason)
                self._lose(LostRelation(document_id, head, tail, kind, label, why, _UNKNOWN_TYPES))

    def _account_for(self, relation: Relation, reason: str | None, document: Document) -> None:
        label = self._label(relation.type)
        if reason == DUPLICATE:
            self.account.repeated += 1
        elif label is None:
            self.account.unrelated += 1
        elif reason is None:
            self.account.shown += 1
        else:
            head, tail = shown_argument(relation.head), shown_argument(relation.tail)
            why = self._why(relation, reason, document)
            types = self._entity_types(relation, document)
            self._lose(LostRelation(document.id, head, tail, relation.type, label, why, types))

    def _lose(self, lost: LostRelation) -> None:
        self.lost.append(lost)
        self.account.lost[lost.reason] += 1

    def _label(self, kind: str) -> str | None:
        label = self.corpus.label(kind)
        return self.corpus.target.association if label and self.corpus.rules.d == "d2" else label

    def _why(self, relation: Relation, reason: str, document: Document) -> str:
        """The reason in words that fit files, which may not tell arguments, or tell them by other ids."""
        arguments = (relation.head, relation.tail)
        if any(not shown_argument(argument) for argument in arguments):
            return NO_ARGUMENTS
        if self.corpus.spec.entity == "mention":
            concepts = {identifier for m in document.mentions for identifier in m.concept_ids}
            unresolved = (entities_of(each)[0] for each in arguments if not is_resolved(each))
            if concepts.intersection(unresolved):
                return NAMES_CONCEPTS
        return reason

    def _entity_types(self, relation: Relation, document: Document) -> tuple[str, str, str, str]:
        head, tail = (_source_type(argument, document) for argument in (relation.head, relation.tail))
        return self._type(head), self._type(tail), head, tail

    def _type(self, source_type: str) -> str:
        spec = self.corpus.spec
        internal = spec.internal_types if self.corpus.rules.e == "e1" else {}
        return internal.get(source_type) or spec.entity_types.get(source_type) or source_type


def _source_type(argument: str, document: Document) -> str:
    entities = entities_of(argument) if is_resolved(argument) else ()
    found = (m.type for m in document.mentions if any(e in (m.id, *m.concept_ids) for e in entities))
    return next(found, UNKNOWN_TYPE)


def _gold_corpus(rules: PairRules, types: TypeMap) -> Corpus:
    """The corpus whose rules make pairs, with gold's relation types and its own rule c, not prediction's.

    Under c3 there are no negatives.
    """
    corpus = rules.corpus
    return replace(
        corpus,
        spec=corpus.spec.model_copy(
            update={"relation_types": dict(types), "id_separators": Separators(default=JOINER)}
        ),
        rules=corpus.rules.model_copy(update={"c": rules.unannotated}),
    )


def _distinct(relations: Iterable[Relation]) -> tuple[Relation, ...]:
    """Each pair and type once, whichever way round."""
    found: dict[tuple[frozenset[str], str], Relation] = {}
    for relation in relations:
        found.setdefault((frozenset((relation.head, relation.tail)), relation.type), relation)
    return tuple(found.values())


def _of_several_types(instances: Iterable[Instance]) -> set[frozenset[str]]:
    return {frozenset((i.head.id, i.tail.id)) for i in instances if len(i.labels) > 1}
