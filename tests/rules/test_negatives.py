"""Rule c: what an unannotated pair means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rule_cases import CATALOGUE, adjusted, corpus, document, dropped, mention

from harmonize.model import Document, EntityInContext, Instance, Span
from harmonize.rules.adjust import UNANNOTATED
from harmonize.rules.negatives import c1, c2, c3

SIDE = EntityInContext("X1", "a", "ChemicalEntity", "CHEMICAL", (Span(0, 1),), frozenset({"gold"}))
UNLABELLED = Instance("90000001", Span(0, 3), "a b", SIDE, replace(SIDE, id="X2", spans=(Span(2, 3),)))
LABELLED = replace(UNLABELLED, source_relations=("x",), labels=("Association",))

INTERNAL = {
    "aimed": "None-AIMed",
    "drugprot": "None-DrugProt",
    "ddi": "None-DDI",
    "hprd50": "None-HPRD50",
    "bc5cdr": "None-BC5CDR",
    "chemprot": "None-ChemProt",
    "renet": "None-RENET",
    "iepa": "None-IEPA",
    "lll": "None-LLL",
    "bioinfer": "None-BioInfer",
    "chemdisgene": "None-ChemDisGene",
}


def test_c1_is_the_rule_of_the_corpora_with_a_class_of_their_own() -> None:
    assert {key for key, one in CATALOGUE.corpora.items() if one.rules.c == "c1"} == set(INTERNAL)


@pytest.mark.parametrize(("key", "label"), INTERNAL.items())
def test_c1_gives_an_unannotated_pair_the_corpus_own_class(key: str, label: str) -> None:
    judged = c1(UNLABELLED, corpus(key))
    assert judged == replace(UNLABELLED, labels=(label,))


def test_c2_gives_an_unannotated_pair_none() -> None:
    assert c2(UNLABELLED, corpus("biored")) == replace(UNLABELLED, labels=("None",))


def test_c3_leaves_an_unannotated_pair_out() -> None:
    assert c3(UNLABELLED, corpus("emu")) is None


def test_c3_keeps_a_pair_that_the_corpus_lists_as_unrelated() -> None:
    listed = replace(UNLABELLED, source_relations=("Undirected Link",))
    assert c3(listed, corpus("bertsrc")) == replace(listed, labels=("None-BertSRC",))


@pytest.mark.parametrize("rule", [c1, c2, c3])
def test_an_annotated_pair_stays_as_it_is(rule) -> None:
    assert rule(LABELLED, corpus("biored")) is LABELLED


def variants(*relations: tuple[str, ...]) -> Document:
    text = "BRCA2 and ATM in breast cancer."
    return document(
        text,
        [
            mention(text, "T0", "BRCA2", "Gene", "675"),
            mention(text, "T1", "ATM", "Gene", "472"),
            mention(text, "T2", "breast cancer", "Disease", "D001943"),
        ],
        relations,
    )


@pytest.mark.parametrize("key", ["emu", "disgenet"])
def test_c3_counts_what_it_leaves_out(key: str) -> None:
    subject = variants(("D001943", "Association", "675"))
    assert [(i.tail.id, i.labels) for i in adjusted(subject, corpus(key))] == [("675", ("Association",))]
    assert dropped(subject, corpus(key), "c3", "instances") == {UNANNOTATED: 1}


def test_a_document_without_relations_gives_nothing_under_c3_and_every_pair_under_c1() -> None:
    assert adjusted(variants(), corpus("emu")) == []
    assert {i.labels for i in adjusted(variants(), corpus("emu", c="c1", task="EMU"))} == {("None-EMU",)}
