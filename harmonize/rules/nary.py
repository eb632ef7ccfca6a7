"""Relations of any number of entities: a Document in, its contexts out, each with all its entities.

No set of entities is enumerated here, as pairs are: a sentence of eleven drugs has 2,036 sets of two or more.
Which sets are candidates is a matter of who trains on them.
"""

from __future__ import annotations

from harmonize.ledger import Drop, Ledger, Unit
from harmonize.model import (
    Document,
    EntityInContext,
    Mention,
    NaryInstance,
    NaryLabel,
    NaryRelation,
    Span,
)
from harmonize.rules.contexts import mentions_in, passage_contexts
from harmonize.spec import Corpus
from harmonize.text.sentences import RULE_BASED, with_sentences

__all__ = ["NARY", "nary_instances"]

NARY = "nary"
"""The ledger's name for the step from Documents to contexts."""

OUTSIDE = "mention of a type that is in no relation"
ALONE = "mention without another in its context"
NO_SET = "fewer than two entities in every context"
NOT_TOGETHER = "its entities never share a context"
UNRELATED = "its type stands for no relation"


def nary_instances(
    document: Document, corpus: Corpus, ledger: Ledger, splitter: str = RULE_BASED
) -> list[NaryInstance]:
    """The contexts of a document that hold two entities or more, in order.

    Args:
        ledger: counts what goes in, what comes out and what is dropped.
        splitter: see harmonize.text.sentences.

    Raises:
        SpecError: an entity or relation type that the corpus' mapping does not know.
    """
    for relation in document.nary:
        corpus.label(relation.type)
    typed = [mention for mention in document.mentions if corpus.kind(mention.type) is not None]
    typed.sort(key=lambda mention: (mention.spans, mention.id))
    instances, shown = [], set[str]()
    for context, mentions in mentions_in(_contexts(document, corpus, splitter), typed):
        if len(mentions) > 1:
            instances.append(_instance(document, corpus, context, mentions))
            shown |= {mention.id for mention in mentions}
    _count(document, {mention.id for mention in typed}, shown, instances, corpus, ledger)
    return instances


def _contexts(document: Document, corpus: Corpus, splitter: str) -> list[Span]:
    if corpus.rules.b == "b1":
        return passage_contexts(document)
    return list(with_sentences(document, splitter).sentences or ())


def _instance(document: Document, corpus: Corpus, context: Span, mentions: list[Mention]) -> NaryInstance:
    held = {mention.id for mention in mentions}
    return NaryInstance(
        document_id=document.id,
        context=context,
        text=context.of(document.text),
        entities=tuple(_entity(mention, corpus, context) for mention in mentions),
        relations=tuple(
            NaryLabel(label, each.type, each.arguments, each.needs_context)
            for each in document.nary
            if (label := corpus.label(each.type)) is not None and held.issuperset(each.arguments)
        ),
    )


def _entity(mention: Mention, corpus: Corpus, context: Span) -> EntityInContext:
    kind = corpus.kind(mention.type) or ""
    if corpus.rules.e == "e1":
        kind = corpus.internal_type(mention.type) or kind
    spans = tuple(span.shifted(-context.start) for span in mention.spans)
    return EntityInContext(mention.id, mention.text, kind, mention.type, spans, frozenset({mention.source}))


def _count(
    document: Document,
    typed: set[str],
    shown: set[str],
    instances: list[NaryInstance],
    corpus: Corpus,
    ledger: Ledger,
) -> None:
    together = {
        (each.arguments, each.source_relation) for instance in instances for each in instance.relations
    }
    lost = [each for each in document.nary if (each.arguments, each.type) not in together]
    drops = [] if instances else [Drop("documents", NO_SET, document.id)]
    drops += [
        Drop("mentions", ALONE if mention.id in typed else OUTSIDE, mention.id)
        for mention in document.mentions
        if mention.id not in shown
    ]
    drops += [Drop("relations", _why(each, corpus), " ".join(each.arguments)) for each in lost]
    split = document.split
    units: dict[Unit, tuple[int, int]] = {
        "documents": (1, min(1, len(instances))),
        "mentions": (len(document.mentions), len(shown)),
        "relations": (len(document.nary), len(document.nary) - len(lost)),
    }
    for unit, (entered, left) in units.items():
        ledger.enter(split, NARY, unit, entered)
        ledger.leave(split, NARY, unit, left)
    ledger.drop(split, NARY, document.id, drops)


def _why(relation: NaryRelation, corpus: Corpus) -> str:
    return UNRELATED if corpus.label(relation.type) is None else NOT_TOGETHER
