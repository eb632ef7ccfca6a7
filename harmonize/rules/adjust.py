"""The rules of Table 2 in order: a Document in, its Instances out, everything counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harmonize.ledger import Drop, Ledger
from harmonize.model import Document, Instance, Split
from harmonize.rules.contexts import b1, b2
from harmonize.rules.entities import e1, e2
from harmonize.rules.labels import d1, d2
from harmonize.rules.negatives import c1, c2, c3
from harmonize.rules.spans import a1, a2, a3
from harmonize.spec import Corpus
from harmonize.text.sentences import RULE_BASED, with_sentences

__all__ = ["adjust"]

_A = {"a1": a1, "a2": a2, "a3": a3}
_B = {"b1": b1, "b2": b2}
_C = {"c1": c1, "c2": c2, "c3": c3}
_D = {"d1": d1, "d2": d2}
_E = {"e1": e1, "e2": e2}

UNANNOTATED = "unannotated pair of a corpus without negatives"


def adjust(document: Document, corpus: Corpus, ledger: Ledger, splitter: str = RULE_BASED) -> list[Instance]:
    """The instances of a document, in order of position.

    Args:
        ledger: counts what goes into each rule, what comes out and what is dropped.
        splitter: see harmonize.text.sentences.

    Raises:
        SpecError: an entity or relation type that the corpus' mapping does not know.
    """
    for relation in document.relations:
        corpus.label(relation.type)
    if {"a3", "b2"} & set(corpus.rules.names):
        document = with_sentences(document, splitter)
    document = _spans(document, corpus, ledger)
    instances = _contexts(document, corpus, ledger)
    instances = _each(_D, corpus.rules.d, instances, document.split, corpus, ledger)
    instances = _negatives(instances, document.split, corpus, ledger)
    instances = _each(_E, corpus.rules.e, instances, document.split, corpus, ledger)
    return sorted(instances, key=_position)


def _position(instance: Instance) -> tuple[object, ...]:
    head, tail = instance.head, instance.tail
    return (instance.context, head.spans[0], tail.spans[0], head.id, tail.id)


def _spans(document: Document, corpus: Corpus, ledger: Ledger) -> Document:
    rule, split = corpus.rules.a, document.split
    ledger.enter(split, rule, "relations", len(document.relations))
    kept, drops = _A[rule](document, corpus)
    ledger.leave(split, rule, "relations", len(kept.relations))
    ledger.drop(split, rule, document.id, drops)
    return kept


def _contexts(document: Document, corpus: Corpus, ledger: Ledger) -> list[Instance]:
    rule, split = corpus.rules.b, document.split
    instances, mentions, relations, statements, drops = _B[rule](document, corpus)
    ledger.enter(split, rule, "documents")
    ledger.leave(split, rule, "documents", 1 if instances else 0)
    ledger.enter(split, rule, "mentions", len(document.mentions))
    ledger.enter(split, rule, "relations", len(document.relations))
    ledger.enter(split, rule, "instances", len(instances) + sum(drop.unit == "instances" for drop in drops))
    ledger.leave(split, rule, "mentions", len(mentions))
    ledger.leave(split, rule, "relations", len(relations))
    ledger.leave(split, rule, "instances", len(instances))
    if statements.entered:  # most corpora say nothing beside the type
        ledger.enter(split, rule, "statements", statements.entered)
        ledger.leave(split, rule, "statements", statements.left)
    ledger.drop(split, rule, document.id, drops)
    return instances


def _each(
    rules: Mapping[str, Callable[[Instance, Corpus], Instance]],
    rule: str,
    instances: list[Instance],
    split: Split,
    corpus: Corpus,
    ledger: Ledger,
) -> list[Instance]:
    """Rules d and e, which change every instance and drop none."""
    ledger.enter(split, rule, "instances", len(instances))
    changed = [rules[rule](instance, corpus) for instance in instances]
    ledger.leave(split, rule, "instances", len(changed))
    return changed


def _negatives(instances: list[Instance], split: Split, corpus: Corpus, ledger: Ledger) -> list[Instance]:
    rule = corpus.rules.c
    ledger.enter(split, rule, "instances", len(instances))
    kept = []
    for instance in instances:
        judged = _C[rule](instance, corpus)
        if judged is None:
            pair = f"{instance.head.id} {instance.tail.id}"
            ledger.drop(split, rule, instance.document_id, [Drop("instances", UNANNOTATED, pair)])
        else:
            kept.append(judged)
    ledger.leave(split, rule, "instances", len(kept))
    return kept
