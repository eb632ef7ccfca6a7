"""Rule b: entity pairs, each in the text that the corpus judged it by."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple

from harmonize.ledger import Drop
from harmonize.model import Document, EntityInContext, Instance, Mention, Relation, Span
from harmonize.rules.entity_index import EntityIndex
from harmonize.rules.spans import NOT_IN_ONE_SENTENCE, described, not_found
from harmonize.rules.statements import Statements
from harmonize.spec import Corpus

__all__ = ["Paired", "b1", "b2", "body_contexts", "mentions_in", "passage_contexts"]

DUPLICATE = "repeats another relation of the pair"
SELF_RELATION = "relates an entity to itself"
NAMES_CONCEPTS = "it names concepts, and each mention is an entity here"
WRONG_KINDS = "the corpus' pairs do not include these entity types"
UNKNOWN_CONCEPT = "mention without a known concept id"
OUTSIDE_PAIRS = "mention of a type that is in no pair"
NO_PAIR = "no pair of entities in any context"
SAME_TEXT = "two mentions of the very same text, not annotated as a pair"
SAME_IDS = "another pair of its two ids, of other entity types, stands in the context"
_HEAD = ("title", "abstract")


class Paired(NamedTuple):
    """What rule b makes of a document.

    Attributes:
        instances: a pair in a context each.
        mentions: those that can stand in a pair.
        relations: those that some instance shows.
        statements: what the relations say beside their types.
        drops: the rest, with reasons.
    """

    instances: list[Instance]
    mentions: list[Mention]
    relations: list[Relation]
    statements: Statements
    drops: list[Drop]


def b1(document: Document, corpus: Corpus) -> Paired:
    """Each pair once with the whole of title and abstract, and once with each passage of a body."""
    return _paired(document, corpus, passage_contexts(document))


def passage_contexts(document: Document) -> list[Span]:
    """Title and abstract together, and each passage that is neither, in order; else all of the text.

    A passage of a full text stands alone, without the title: what is read then is what supports the pair.
    """
    ends = [passage.span.end for passage in document.passages if passage.kind in _HEAD]
    body = body_contexts(document)
    if not body:
        return [Span(0, len(document.text))]
    return [Span(0, max(ends)), *body] if ends else body


def body_contexts(document: Document) -> list[Span]:
    """Each passage that is neither title nor abstract, in order."""
    return [passage.span for passage in document.passages if passage.kind not in _HEAD]


def b2(document: Document, corpus: Corpus) -> Paired:
    """Each pair once for every sentence that shows both; the document must have its sentences."""
    return _paired(document, corpus, document.sentences or ())


def mentions_in(
    contexts: Iterable[Span], mentions: Sequence[Mention]
) -> Iterator[tuple[Span, list[Mention]]]:
    """Each context with the mentions that lie in it.

    Args:
        mentions: in order of position.
    """
    starts = [mention.extent.start for mention in mentions]
    for context in contexts:
        near = mentions[bisect_left(starts, context.start) : bisect_left(starts, context.end)]
        yield context, [mention for mention in near if context.covers(mention.extent)]


@dataclass
class _Entity:
    """An entity as one context shows it: `mentions` in order of position."""

    id: str
    type: str
    context: Span
    mentions: list[Mention] = field(default_factory=list)

    @cached_property
    def in_context(self) -> EntityInContext:
        """As every pair of the entity in this context has it."""
        first = self.mentions[0]
        spans = {span.shifted(-self.context.start) for mention in self.mentions for span in mention.spans}
        return EntityInContext(
            id=self.id,
            name=first.text,
            type=self.type,
            source_type=first.type,
            spans=tuple(sorted(spans)),
            sources=frozenset(mention.source for mention in self.mentions),
        )

    def coincides_with(self, other: _Entity) -> bool:
        """True if the two are different mentions of the very same text."""
        mine, theirs = self.mentions, other.mentions
        return [m.spans for m in mine] == [m.spans for m in theirs] and mine[0].id != theirs[0].id


def _paired(document: Document, corpus: Corpus, contexts: Sequence[Span]) -> Paired:
    index = EntityIndex(document, corpus)
    usable, drops = _usable_mentions(document, corpus)
    annotated, distinct, repeated = _by_pair(document.relations, index)
    instances: list[Instance] = []
    shown: set[frozenset[str]] = set()
    for context, inside in mentions_in(contexts, usable):
        text = context.of(document.text)
        entities, here = _entities(inside, context, corpus), set[frozenset[str]]()
        for head, tail in _pairs(entities, corpus):
            pair = frozenset((head.id, tail.id))
            relations = annotated.get(pair, [])
            if pair in here:
                drops.append(Drop("instances", SAME_IDS, f"{head.id} {tail.id}"))
            elif relations or not head.coincides_with(tail):
                here.add(pair)
                instances.append(_instance(document.id, text, head, tail, relations))
            else:
                drops.append(Drop("instances", SAME_TEXT, f"{head.id} {tail.id}"))
        shown |= here
    statements = Statements.of(document.relations, index, corpus, shown)
    instances = [statements.put_into(instance) for instance in instances]
    placed = [relation for relation in distinct if shown.intersection(index.pairs(relation))]
    unplaced = [relation for relation in distinct if not shown.intersection(index.pairs(relation))]
    drops += [Drop("relations", DUPLICATE, described(relation)) for relation in repeated]
    drops += [Drop("relations", _why_unplaced(r, index, corpus), described(r)) for r in unplaced]
    if not instances:
        drops.append(Drop("documents", NO_PAIR, document.id))
    return Paired(instances, usable, placed, statements, drops + statements.drops)


def _usable_mentions(document: Document, corpus: Corpus) -> tuple[list[Mention], list[Drop]]:
    """Mentions that can stand in a pair, in order of position."""
    usable, drops = [], []
    for mention in document.mentions:
        if corpus.kind(mention.type) is None:
            drops.append(Drop("mentions", OUTSIDE_PAIRS, f"{mention.id} {mention.type} {mention.text}"))
        elif corpus.spec.entity == "concept" and not mention.concept_ids:
            drops.append(Drop("mentions", UNKNOWN_CONCEPT, f"{mention.id} {mention.type} {mention.text}"))
        else:
            usable.append(mention)
    return sorted(usable, key=lambda m: (m.extent, m.spans, m.type, m.concept_ids, m.id)), drops


def _by_pair(
    relations: Iterable[Relation], index: EntityIndex
) -> tuple[dict[frozenset[str], list[Relation]], list[Relation], list[Relation]]:
    """Relations by unordered pair, each type once; those that say something new; those that only repeat."""
    pairs: dict[frozenset[str], list[Relation]] = defaultdict(list)
    distinct: list[Relation] = []
    repeated: list[Relation] = []
    for relation in relations:
        new = [pair for pair in index.pairs(relation) if all(r.type != relation.type for r in pairs[pair])]
        for pair in new:
            pairs[pair].append(relation)
        (distinct if new or not index.pairs(relation) else repeated).append(relation)
    return pairs, distinct, repeated


def _entities(mentions: Iterable[Mention], context: Span, corpus: Corpus) -> list[_Entity]:
    """The entities of one context, in order of first mention. A composite mention belongs to each concept."""
    entities: dict[tuple[str, str], _Entity] = {}
    for mention in mentions:
        kind = str(corpus.kind(mention.type))
        ids = mention.concept_ids if corpus.spec.entity == "concept" else (mention.id,)
        for identifier in ids:
            entity = entities.setdefault((kind, identifier), _Entity(identifier, kind, context))
            entity.mentions.append(mention)
    return list(entities.values())


def _pairs(entities: Sequence[_Entity], corpus: Corpus) -> Iterator[tuple[_Entity, _Entity]]:
    """Pairs of two entities of the corpus' kinds, head first.

    Table 2 orders kinds ("C-D": the chemical is the head), position orders two of one kind. Neither looks at
    the annotation, so the order of a pair does not give its label away.
    """
    order = corpus.pair_types
    for one, other in combinations(entities, 2):
        if one.id == other.id:
            continue
        if (one.type, other.type) in order:
            yield one, other
        elif (other.type, one.type) in order:
            yield other, one


def _instance(
    document_id: str, text: str, head: _Entity, tail: _Entity, relations: Sequence[Relation]
) -> Instance:
    return Instance(
        document_id=document_id,
        context=head.context,
        text=text,
        head=head.in_context,
        tail=tail.in_context,
        source_relations=tuple(relation.type for relation in relations),
    )


def _why_unplaced(relation: Relation, index: EntityIndex, corpus: Corpus) -> str:
    missing = not_found(relation, index)
    if missing is not None:
        return missing
    pairs = [pair for pair in index.pairs(relation) if len(pair) == 2]
    if not pairs:
        return SELF_RELATION
    if corpus.spec.entity == "mention" and not all(
        index.has_mention(each) for pair in pairs for each in pair
    ):
        return NAMES_CONCEPTS
    wanted = [set(types) for types in corpus.pair_types]
    for pair in pairs:
        kinds = [{corpus.kind(mention.type) for mention in index.mentions(entity)} for entity in pair]
        if any({one, other} in wanted for one, other in product(*kinds)):
            return NOT_IN_ONE_SENTENCE
    return WRONG_KINDS
