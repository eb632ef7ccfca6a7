"""The rules together: their order, the order of the instances, and the accounts."""

from __future__ import annotations

import pytest
from rule_cases import CATALOGUE, adjusted, corpus, document, mention

from harmonize.ledger import Ledger
from harmonize.model import Document
from harmonize.rules.adjust import adjust
from harmonize.rules.contexts import DUPLICATE, NO_PAIR

TEXT = "Zinc binds albumin. Iron and zinc bind ferritin."


def metals() -> Document:
    return document(
        TEXT,
        [
            mention(TEXT, "T5", "ferritin", "GENE-N"),
            mention(TEXT, "T1", "Zinc", "CHEMICAL"),
            mention(TEXT, "T4", "zinc", "CHEMICAL"),
            mention(TEXT, "T2", "albumin", "GENE-Y"),
            mention(TEXT, "T3", "Iron", "CHEMICAL"),
        ],
        [
            ("T3", "ACTIVATOR", "T5"),
            ("T1", "INHIBITOR", "T2"),
            ("T1", "INHIBITOR", "T2"),
            ("T1", "SUBSTRATE", "T2"),
        ],
    )


def accounts(subject: Document, key: str) -> dict[str, dict[str, dict[str, object]]]:
    ledger = Ledger()
    adjust(subject, corpus(key), ledger)
    ledger.check()
    return ledger.as_dict("train")


@pytest.mark.parametrize("key", CATALOGUE.corpora)
def test_the_rules_run_in_the_order_a_b_d_c_e(key: str) -> None:
    text = "Nothing to see."
    rules = CATALOGUE[key].rules
    steps = list(accounts(document(text, []), key))
    assert steps == [rules.a, rules.b, rules.d, rules.c, rules.e]


def test_instances_stand_in_order_of_context_and_position() -> None:
    found = [(i.head.id, i.tail.id) for i in adjusted(metals(), corpus("drugprot"))]
    assert found == [("T1", "T2"), ("T3", "T5"), ("T4", "T5")]


def test_every_column_of_table_2_shows_in_the_result() -> None:
    annotated, activated, unannotated = adjusted(metals(), corpus("drugprot"))
    assert annotated.text == "Zinc binds albumin."
    assert annotated.labels == ("Negative_Correlation", "Association")
    assert annotated.source_relations == ("INHIBITOR", "SUBSTRATE")
    assert activated.labels == ("Positive_Correlation",)
    assert unannotated.labels == ("None-DrugProt",)
    assert unannotated.source_relations == ()
    assert {i.head.type for i in (annotated, activated, unannotated)} == {"DrugProt-Chem"}
    assert {i.tail.type for i in (annotated, activated, unannotated)} == {"GeneOrGeneProduct"}


def test_the_ledger_counts_what_goes_in_and_out_of_each_rule() -> None:
    steps = accounts(metals(), "drugprot")
    assert steps["a1"]["relations"] == {"in": 4, "out": 4, "dropped": {}}
    assert steps["b2"]["relations"] == {"in": 4, "out": 3, "dropped": {DUPLICATE: 1}}
    assert steps["b2"]["mentions"] == {"in": 5, "out": 5, "dropped": {}}
    assert steps["b2"]["documents"] == {"in": 1, "out": 1, "dropped": {}}
    for rule in ("d1", "c1", "e1"):
        assert steps[rule]["instances"] == {"in": 3, "out": 3, "dropped": {}}


@pytest.mark.parametrize("key", CATALOGUE.corpora)
def test_a_document_without_mentions_is_counted_as_dropped(key: str) -> None:
    steps = accounts(document("Nothing to see.", []), key)
    assert steps[CATALOGUE[key].rules.b]["documents"] == {"in": 1, "out": 0, "dropped": {NO_PAIR: 1}}


def test_the_corpus_own_sentences_are_kept() -> None:
    whole = document(TEXT, metals().mentions, sentences=[TEXT])
    assert {i.text for i in adjusted(whole, corpus("drugprot"))} == {TEXT}
    assert len(adjusted(whole, corpus("drugprot"))) == 6


def test_a_document_is_not_changed() -> None:
    subject, twin = metals(), metals()
    adjusted(subject, corpus("drugprot"))
    assert subject == twin
