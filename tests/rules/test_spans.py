"""Rule a: which annotated relations have their entities in the text."""

from __future__ import annotations

import pytest
from rule_cases import adjusted, corpus, document, dropped, mention, pairs

from harmonize.model import Document
from harmonize.rules.spans import (
    FIRST_NOT_FOUND,
    NEITHER_FOUND,
    NOT_IN_ONE_SENTENCE,
    SECOND_NOT_FOUND,
    a1,
    a2,
    a3,
)

TEXT = "TREM2 was typed. Dementia came late. TREM2 and ataxia were unrelated."


def gene_and_diseases(*relations: tuple[str, ...]) -> Document:
    return document(
        TEXT,
        [
            mention(TEXT, "T0", "TREM2", "Gene", "54209"),
            mention(TEXT, "T1", "Dementia", "Disease", "D003704"),
            mention(TEXT, "T2", "TREM2", "Gene", "54209", nth=1),
            mention(TEXT, "T3", "ataxia", "Disease", "D001259"),
        ],
        relations,
        sentences=["TREM2 was typed.", "Dementia came late.", "TREM2 and ataxia were unrelated."],
    )


SHARED = ("D001259", "Association", "54209")
APART = ("D003704", "Association", "54209")
HEAD_MISSING = ("D000000", "Association", "54209")
TAIL_MISSING = ("D001259", "Association", "11111")
BOTH_MISSING = ("D000000", "Association", "11111")


def test_a1_changes_nothing() -> None:
    subject = gene_and_diseases(SHARED, APART, HEAD_MISSING)
    assert a1(subject, corpus("biored")) == (subject, [])


def test_a2_keeps_relations_whose_entities_are_anywhere_in_the_text() -> None:
    kept, drops = a2(gene_and_diseases(SHARED, APART), corpus("emu"))
    assert [relation.head for relation in kept.relations] == ["D001259", "D003704"]
    assert drops == []


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        (HEAD_MISSING, FIRST_NOT_FOUND),
        (TAIL_MISSING, SECOND_NOT_FOUND),
        (BOTH_MISSING, NEITHER_FOUND),
    ],
)
@pytest.mark.parametrize(("rule", "key"), [(a2, "emu"), (a3, "disgenet")])
def test_a2_and_a3_say_which_entity_has_no_mention(rule, key, missing, reason) -> None:
    kept, drops = rule(gene_and_diseases(missing, SHARED), corpus(key))
    assert [relation.head for relation in kept.relations] == ["D001259"]
    assert [(drop.unit, drop.reason) for drop in drops] == [("relations", reason)]
    assert missing[0] in drops[0].item
    assert missing[2] in drops[0].item


def test_a3_drops_relations_whose_entities_never_share_a_sentence() -> None:
    kept, drops = a3(gene_and_diseases(SHARED, APART), corpus("disgenet"))
    assert [relation.head for relation in kept.relations] == ["D001259"]
    assert [drop.reason for drop in drops] == [NOT_IN_ONE_SENTENCE]


def test_a3_keeps_a_relation_of_a_composite_argument_if_any_of_its_pairs_shares_a_sentence() -> None:
    composite = ("D003704;D001259", "Association", "54209")
    kept, drops = a3(gene_and_diseases(composite), corpus("disgenet"))
    assert len(kept.relations) == 1
    assert drops == []


def test_a2_and_a3_keep_text_and_mentions() -> None:
    subject = gene_and_diseases(APART)
    for rule in (a2, a3):
        kept, _ = rule(subject, corpus("disgenet"))
        assert (kept.text, kept.mentions, kept.sentences) == (
            subject.text,
            subject.mentions,
            subject.sentences,
        )


def test_a2_relation_across_sentences_is_then_dropped_by_b2_with_its_reason() -> None:
    subject = gene_and_diseases(APART, SHARED)
    assert dropped(subject, corpus("emu"), "a2", "relations") == {}
    assert dropped(subject, corpus("emu"), "b2", "relations") == {NOT_IN_ONE_SENTENCE: 1}
    assert pairs(adjusted(subject, corpus("emu"))) == {("D001259", "54209")}


def test_a3_counts_each_reason_apart() -> None:
    subject = gene_and_diseases(APART, SHARED, HEAD_MISSING, TAIL_MISSING, BOTH_MISSING)
    assert dropped(subject, corpus("disgenet"), "a3", "relations") == {
        FIRST_NOT_FOUND: 1,
        SECOND_NOT_FOUND: 1,
        NEITHER_FOUND: 1,
        NOT_IN_ONE_SENTENCE: 1,
    }


def test_a3_splits_sentences_itself_where_the_corpus_has_none() -> None:
    with_own = gene_and_diseases(APART, SHARED)
    without = document(TEXT, with_own.mentions, [APART, SHARED])
    assert dropped(without, corpus("disgenet"), "a3", "relations") == {NOT_IN_ONE_SENTENCE: 1}


def test_no_sentence_runs_from_the_title_into_the_abstract() -> None:
    title, abstract = "TREM2 in families", "dementia was rare"
    text = f"{title} {abstract}"
    subject = document(
        text,
        [
            mention(text, "T0", "TREM2", "Gene", "54209"),
            mention(text, "T1", "dementia", "Disease", "D003704"),
        ],
        [APART],
        title=title,
    )
    assert dropped(subject, corpus("disgenet"), "a3", "relations") == {NOT_IN_ONE_SENTENCE: 1}
    assert adjusted(subject, corpus("disgenet")) == []


def test_a_variant_stands_for_its_gene() -> None:
    text = "Dementia came late with R47H."
    subject = document(
        text,
        [
            mention(text, "T0", "Dementia", "Disease", "D003704"),
            mention(text, "T1", "R47H", "ProteinMutation", "54209"),
        ],
        [APART],
    )
    (instance,) = adjusted(subject, corpus("disgenet"))
    assert (instance.tail.id, instance.tail.type) == ("54209", "GeneOrGeneProduct")
    assert instance.tail.source_type == "ProteinMutation"
