"""What relations say beside their types: whether a pair is new, and which of the two acts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import adjusted, corpus, document, dropped, mention

from harmonize.ledger import Ledger
from harmonize.model import NOVELTY, SUBJECTS, Document, Relation
from harmonize.rules.adjust import adjust
from harmonize.rules.statements import NOT_BIORED, NOT_SHOWN, OTHER_IS_NOVEL, OTHER_SUBJECT

TEXT = "Aspirin and warfarin raise the risk of gastric or duodenal ulcer."
CHEMICAL, DISEASE = "ChemicalEntity", "DiseaseOrPhenotypicFeature"
ASPIRIN, WARFARIN, GASTRIC, DUODENAL = "D001241", "D014859", "D013276", "D004381"


def related(*relations: Relation) -> Document:
    """Two chemicals, and a mention of two diseases."""
    made = document(
        TEXT,
        [
            mention(TEXT, "T0", "Aspirin", CHEMICAL, ASPIRIN),
            mention(TEXT, "T1", "warfarin", CHEMICAL, WARFARIN),
            mention(TEXT, "T2", "gastric or duodenal ulcer", DISEASE, GASTRIC, DUODENAL),
        ],
    )
    return replace(made, relations=relations)


def said(subject: Document, key: str = "biored") -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """(head, tail) -> (novelty, subject), of the pairs of which something is said."""
    return {
        (i.head.id, i.tail.id): (i.novelty, i.subject)
        for i in adjusted(subject, corpus(key))
        if i.novelty or i.subject
    }


def test_a_pair_without_relation_has_neither() -> None:
    assert said(related()) == {}


@pytest.mark.parametrize("novelty", NOVELTY)
def test_novelty_travels_with_its_relation(novelty: str) -> None:
    found = said(related(Relation(WARFARIN, ASPIRIN, "Cotreatment", novelty)))
    assert found == {(ASPIRIN, WARFARIN): (novelty, None)}


def test_relations_of_types_that_the_mapping_does_not_list_say_as_much_as_others() -> None:
    relation = Relation(ASPIRIN, GASTRIC, "harms", "Novel")
    of = corpus("biored", spec={"relation_types": {"*": "Association"}, "directed": True})
    found = {(i.head.id, i.tail.id): (i.novelty, i.subject) for i in adjusted(related(relation), of)}
    assert found[ASPIRIN, GASTRIC] == ("Novel", "head")
    of = corpus("biored", spec={"relation_types": {"*": None}, "directed": True})
    assert {(i.novelty, i.subject) for i in adjusted(related(relation), of)} == {(None, None)}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_relations_the_novel_one_decides_and_the_other_is_counted(order: int) -> None:
    relations = [
        Relation(ASPIRIN, WARFARIN, "Association", "No"),
        Relation(ASPIRIN, WARFARIN, "Comparison", "Novel"),
    ]
    subject = related(*relations[::order])
    assert said(subject) == {(ASPIRIN, WARFARIN): ("Novel", None)}
    assert dropped(subject, corpus("biored"), "b1", "statements") == {OTHER_IS_NOVEL: 1}


def test_a_relation_that_only_repeats_the_type_still_says_that_the_pair_is_new() -> None:
    both, one = f"{GASTRIC}|{DUODENAL}", GASTRIC
    subject = related(
        Relation(ASPIRIN, both, "Association", "No"), Relation(ASPIRIN, one, "Association", "Novel")
    )
    assert said(subject) == {(ASPIRIN, GASTRIC): ("Novel", None), (ASPIRIN, DUODENAL): ("No", None)}
    assert dropped(subject, corpus("biored"), "b1", "statements") == {OTHER_IS_NOVEL: 1}


def test_a_novelty_in_other_words_is_left_out_and_counted() -> None:
    subject = related(Relation(ASPIRIN, WARFARIN, "Association", "0.83"))
    assert said(subject) == {}
    assert dropped(subject, corpus("biored"), "b1", "statements") == {NOT_BIORED: 1}


@pytest.mark.parametrize(
    ("relation", "side"),
    [
        (Relation(ASPIRIN, WARFARIN, "Association", subject="head"), "head"),
        (Relation(ASPIRIN, WARFARIN, "Association", subject="tail"), "tail"),
        # The pair stands in order of position, whatever the order of the relation's arguments.
        (Relation(WARFARIN, ASPIRIN, "Association", subject="head"), "tail"),
        (Relation(WARFARIN, ASPIRIN, "Association", subject="tail"), "head"),
        (Relation(WARFARIN, ASPIRIN, "Association", subject="neither"), "neither"),
    ],
)
def test_the_subject_is_a_side_of_the_pair_not_of_the_relation(relation: Relation, side: str) -> None:
    assert said(related(relation)) == {(ASPIRIN, WARFARIN): (None, side)}


def test_a_composite_subject_acts_in_each_of_its_pairs() -> None:
    relation = Relation(f"{GASTRIC}|{DUODENAL}", ASPIRIN, "Association", subject="head")
    assert said(related(relation)) == {
        (ASPIRIN, GASTRIC): (None, "tail"),
        (ASPIRIN, DUODENAL): (None, "tail"),
    }


def test_relations_with_different_subjects_leave_none_and_both_are_counted() -> None:
    subject = related(
        Relation(ASPIRIN, WARFARIN, "Association", subject="head"),
        Relation(WARFARIN, ASPIRIN, "Comparison", subject="head"),
    )
    assert said(subject) == {}
    assert dropped(subject, corpus("biored"), "b1", "statements") == {OTHER_SUBJECT: 2}


def test_in_a_directed_corpus_the_first_argument_acts() -> None:
    text = "Imatinib inhibits ABL1."
    subject = document(
        text,
        [mention(text, "T1", "Imatinib", "CHEMICAL"), mention(text, "T2", "ABL1", "GENE")],
        [("T1", "INHIBITOR", "T2")],
    )
    assert said(subject, "drugprot") == {("T1", "T2"): (None, "head")}


def test_a_type_that_stands_for_no_relation_says_nothing_of_who_acts() -> None:
    text = "Imatinib inhibits ABL1."
    subject = document(
        text,
        [mention(text, "T1", "Imatinib", "CHEMICAL"), mention(text, "T2", "ABL1", "GENE-Y")],
        [("T1", "CPR:10", "T2")],
    )
    assert said(subject, "chemprot") == {}


def test_what_is_said_of_a_pair_that_no_sentence_shows_is_counted() -> None:
    text = "Imatinib was given. It inhibits ABL1."
    subject = document(
        text,
        [mention(text, "T1", "Imatinib", "CHEMICAL"), mention(text, "T2", "ABL1", "GENE-Y")],
        [("T1", "INHIBITOR", "T2")],
        sentences=["Imatinib was given.", "It inhibits ABL1."],
    )
    assert said(subject, "drugprot") == {}
    assert dropped(subject, corpus("drugprot"), "b2", "statements") == {NOT_SHOWN: 1}


RELATIONS = st.builds(
    Relation,
    head=st.sampled_from([ASPIRIN, WARFARIN, GASTRIC, f"{GASTRIC}|{DUODENAL}"]),
    tail=st.sampled_from([ASPIRIN, WARFARIN, DUODENAL]),
    type=st.sampled_from(["Association", "Comparison"]),
    novelty=st.sampled_from([None, *NOVELTY, "maybe"]),
    subject=st.sampled_from([None, *SUBJECTS]),
)


@given(st.lists(RELATIONS, max_size=6))
def test_what_is_said_stands_or_is_counted(relations: list[Relation]) -> None:
    """Conservation, and nothing said of pairs that are not related."""
    ledger = Ledger()
    instances = adjust(related(*relations), corpus("biored"), ledger)
    ledger.check()
    shown = {(i.head.id, i.tail.id): [i.novelty, i.subject] for i in instances}
    stands = sum(word is not None for words in shown.values() for word in words)
    assert ledger.left("train", "b1", "statements") == stands
    for instance in instances:
        assert instance.labels != ("None",) or (instance.novelty, instance.subject) == (None, None)
        assert instance.novelty in (None, *NOVELTY)
