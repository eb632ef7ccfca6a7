"""What holds of the rules for any document of any corpus."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases import CATALOGUE

from harmonize.ledger import Ledger
from harmonize.model import Document, Instance, Mention, Passage, Relation, Span
from harmonize.rules.adjust import adjust
from harmonize.spec import Corpus

WORDS = ("alpha", "beta", "gamma", "delta", "The", "β2-x", "omega.", "rho.", "Tau.")
CONCEPTS: dict[str | None, tuple[str, ...]] = {
    "ChemicalEntity": ("C1", "C2", "C3"),
    "DiseaseOrPhenotypicFeature": ("D1", "D2", "D3"),
    "GeneOrGeneProduct": ("G1", "G2", "G3"),
    None: ("S1",),
}
"""Concepts by kind: in every corpus an id is of one kind."""
ABSENT = "X9"
SOME_WORDS = st.lists(st.sampled_from(WORDS), min_size=2, max_size=14)


@st.composite
def documents(draw: Any, corpus: Corpus) -> Document:
    """Words, some of which end a sentence; mentions anywhere; relations of any entities, known or not."""
    words = draw(SOME_WORDS)
    text = " ".join(words)
    starts = [sum(len(word) + 1 for word in words[:number]) for number in range(len(words))]
    spans = [Span(start, start + len(word)) for start, word in zip(starts, words, strict=True)]
    count = draw(st.integers(0, 6))
    mentions = tuple(draw(mentions_of(text, spans, corpus, f"M{number}")) for number in range(count))
    relations = draw(relations_of(mentions, corpus))
    cut = draw(st.integers(1, len(words)))
    passages = [Passage("title", Span(0, spans[cut - 1].end))]
    if cut < len(words) and all(
        m.extent.end <= starts[cut] or m.extent.start >= starts[cut] for m in mentions
    ):
        passages.append(Passage("abstract", Span(starts[cut], len(text))))
    else:
        passages = [Passage("abstract", Span(0, len(text)))]
    return Document("90000001", "train", text, tuple(passages), mentions, tuple(relations))


@st.composite
def mentions_of(draw: Any, text: str, spans: list[Span], corpus: Corpus, identifier: str) -> Mention:
    first = draw(st.integers(0, len(spans) - 1))
    last = draw(st.integers(first, min(first + 2, len(spans) - 1)))
    parts: tuple[Span, ...] = (Span(spans[first].start, spans[last].end),)
    if last - first == 2 and draw(st.booleans()):
        parts = (spans[first], spans[last])
    kind = draw(one_of(tuple(sorted(corpus.spec.entity_types))))
    ids = draw(at_most_two_of(CONCEPTS[corpus.kind(kind)]))
    spelled = " ".join(part.of(text) for part in parts)
    return Mention(identifier, kind, spelled, parts, tuple(ids))


def relations_of(mentions: tuple[Mention, ...], corpus: Corpus) -> st.SearchStrategy[list[Relation]]:
    known = [mention.id for mention in mentions] or ["M99"]
    if corpus.spec.entity == "concept":
        known = [concept for concepts in CONCEPTS.values() for concept in concepts]
        known += [
            f"{kind}1{separator}{kind}2" for separator in corpus.spec.id_separators.any for kind in "CDG"
        ]
    return relations_among((*known, ABSENT), tuple(sorted(corpus.spec.relation_types)))


# To make a strategy anew for each draw, and to check it, takes longer than to draw from it.


@cache
def one_of(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


@cache
def at_most_two_of(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(one_of(values), max_size=2, unique=True)


@cache
def relations_among(arguments: tuple[str, ...], types: tuple[str, ...]) -> st.SearchStrategy[list[Relation]]:
    return st.lists(st.builds(Relation, one_of(arguments), one_of(arguments), one_of(types)), max_size=6)


def adjusted(document: Document, corpus: Corpus) -> list[Instance]:
    ledger = Ledger()
    instances = adjust(document, corpus, ledger)
    ledger.check()
    return instances


def as_set(instances: list[Instance]) -> set[Instance]:
    """Instances without the order in which the types of a pair were annotated."""
    return {replace(i, source_relations=tuple(sorted(i.source_relations))) for i in instances}


def ids_of(mention: Mention, corpus: Corpus) -> tuple[str, ...]:
    return mention.concept_ids if corpus.spec.entity == "concept" else (mention.id,)


def checked(test: Any) -> Any:
    return settings(max_examples=50, derandomize=True, database=None)(test)


@pytest.mark.parametrize("key", CATALOGUE.corpora)
def test_in_is_out_plus_dropped_and_every_instance_is_sound(key: str) -> None:
    corpus = CATALOGUE[key]

    @checked
    @given(documents(corpus))
    def holds(document: Document) -> None:
        instances = adjusted(document, corpus)
        for instance in instances:
            assert instance.head.id != instance.tail.id
            assert instance.context.of(document.text) == instance.text
            assert instance.labels
            for side in (instance.head, instance.tail):
                check_spans(document, instance, side, corpus)
        places = [(i.context, frozenset((i.head.id, i.tail.id))) for i in instances]
        assert len(set(places)) == len(places)

    holds()


def check_spans(document: Document, instance: Instance, side: Any, corpus: Corpus) -> None:
    """The spans of a side are exactly those of its mentions in the context."""
    kinds = {corpus.kind(m.type): m.type for m in document.mentions}
    assert corpus.kind(side.source_type) in kinds
    expected = {
        span.shifted(-instance.context.start)
        for mention in document.mentions
        if side.id in ids_of(mention, corpus)
        and corpus.kind(mention.type) == corpus.kind(side.source_type)
        and instance.context.covers(mention.extent)
        for span in mention.spans
    }
    assert side.spans == tuple(sorted(expected))
    assert all(0 <= span.start < span.end <= len(instance.text) for span in side.spans)
    assert any(
        mention.text == side.name
        and {s.shifted(-instance.context.start) for s in mention.spans} <= set(side.spans)
        for mention in document.mentions
    )


@pytest.mark.parametrize("key", [key for key, corpus in CATALOGUE.corpora.items() if not corpus.spec.nary])
def test_labels_follow_the_rule_of_the_corpus(key: str) -> None:
    corpus = CATALOGUE[key]
    own, negative = f"None-{corpus.rules.task}", CATALOGUE.target.negative

    @checked
    @given(documents(corpus))
    def holds(document: Document) -> None:
        for instance in adjusted(document, corpus):
            related = set(instance.labels) <= set(CATALOGUE.target.labels)
            assert related == (not set(instance.source_relations) <= set(corpus.spec.unrelated))
            if corpus.rules.c == "c3":
                assert instance.source_relations
            if not related:
                assert instance.labels == ((negative,) if corpus.rules.c == "c2" else (own,))
            if related and corpus.rules.d == "d2":
                assert instance.labels == ("Association",)

    holds()


@pytest.mark.parametrize("key", CATALOGUE.corpora)
def test_the_order_of_mentions_and_relations_does_not_matter(key: str) -> None:
    corpus = CATALOGUE[key]

    @checked
    @given(documents(corpus), st.randoms(use_true_random=False))
    def holds(document: Document, random: Any) -> None:
        mentions, relations = list(document.mentions), list(document.relations)
        random.shuffle(mentions)
        random.shuffle(relations)
        turned = [
            replace(relation, head=relation.tail, tail=relation.head) if random.random() < 0.5 else relation
            for relation in relations
        ]
        shuffled = replace(document, mentions=tuple(mentions), relations=tuple(turned))
        assert as_set(adjusted(shuffled, corpus)) == as_set(adjusted(document, corpus))

    holds()


@pytest.mark.parametrize("key", CATALOGUE.corpora)
def test_every_annotated_pair_that_a_context_shows_is_labelled(key: str) -> None:
    """Relations decide labels and never which pairs there are, but for c3 and mentions of one span."""
    corpus = CATALOGUE[key]

    @checked
    @given(documents(corpus))
    def holds(document: Document) -> None:
        bare = {
            (i.context, i.head.id, i.tail.id, i.head.type, i.tail.type)
            for i in adjusted(replace(document, relations=()), corpus)
        }
        found = {
            (i.context, i.head.id, i.tail.id, i.head.type, i.tail.type): i for i in adjusted(document, corpus)
        }
        if corpus.rules.c != "c3":
            assert bare <= set(found)
        for place in set(found) - bare:
            assert found[place].source_relations

    holds()
