"""Rule d: the corpus's own relation types -> harmonized labels."""

from __future__ import annotations

from itertools import permutations

import pytest
from rule_cases import CATALOGUE, adjusted, corpus, document, dropped, mention, only

from harmonize.errors import SpecError
from harmonize.model import Document, EntityInContext, Instance, Span
from harmonize.rules.labels import d1, d2

UP, DOWN = "Positive_Correlation", "Negative_Correlation"

DRUGPROT = {
    "ACTIVATOR": UP,
    "AGONIST": UP,
    "AGONIST-ACTIVATOR": UP,
    "INDIRECT-UPREGULATOR": UP,
    "INHIBITOR": DOWN,
    "ANTAGONIST": DOWN,
    "AGONIST-INHIBITOR": DOWN,
    "INDIRECT-DOWNREGULATOR": DOWN,
    "DIRECT-REGULATOR": "Association",
    "SUBSTRATE": "Association",
    "PRODUCT-OF": "Association",
    "PART-OF": "Association",
    "SUBSTRATE_PRODUCT-OF": "Association",
}
BIORED = (UP, DOWN, "Association", "Bind", "Drug_Interaction", "Cotreatment", "Comparison", "Conversion")
WITH_D2 = [key for key, one in CATALOGUE.corpora.items() if one.rules.d == "d2"]


def instance(*source_relations: str) -> Instance:
    head = EntityInContext("X1", "a", "ChemicalEntity", "CHEMICAL", (Span(0, 1),), frozenset({"gold"}))
    tail = EntityInContext("X2", "b", "GeneOrGeneProduct", "GENE", (Span(2, 3),), frozenset({"gold"}))
    return Instance("90000001", Span(0, 3), "a b", head, tail, source_relations)


def test_the_target_is_bioreds_eight_labels_and_association_yields_to_all() -> None:
    labels = CATALOGUE.target.labels
    assert sorted(labels) == sorted(BIORED)
    assert labels[-1] == "Association"


def test_d1_drugprot_types_are_the_thirteen_decided_ones() -> None:
    assert CATALOGUE["drugprot"].spec.relation_types == DRUGPROT


@pytest.mark.parametrize(("kind", "label"), DRUGPROT.items())
def test_d1_maps_drugprot(kind: str, label: str) -> None:
    assert d1(instance(kind), corpus("drugprot")).labels == (label,)


def test_d1_maps_bc5cdr() -> None:
    assert d1(instance("CID"), corpus("bc5cdr")).labels == (UP,)


@pytest.mark.parametrize("label", BIORED)
def test_d1_is_the_identity_for_biored(label: str) -> None:
    assert d1(instance(label), corpus("biored")).labels == (label,)


def test_d1_leaves_an_unannotated_pair_without_label() -> None:
    assert d1(instance(), corpus("biored")).labels == ()


@pytest.mark.parametrize("label", [label for label in BIORED if label != "Association"])
def test_d1_a_specific_label_comes_before_association(label: str) -> None:
    for kinds in ((label, "Association"), ("Association", label)):
        assert d1(instance(*kinds), corpus("biored")).labels == (label, "Association")


@pytest.mark.parametrize("kinds", list(permutations(BIORED, 2)))
def test_d1_contradicting_labels_stand_in_the_targets_order_and_both_stay(kinds: tuple[str, str]) -> None:
    expected = tuple(label for label in CATALOGUE.target.labels if label in kinds)
    assert d1(instance(*kinds), corpus("biored")).labels == expected


def test_d1_two_types_of_one_label_give_it_once() -> None:
    assert d1(instance("ACTIVATOR", "AGONIST"), corpus("drugprot")).labels == (UP,)


def test_d1_follows_the_target_and_not_the_order_of_annotation() -> None:
    found = d1(instance("SUBSTRATE", "INHIBITOR", "ACTIVATOR"), corpus("drugprot"))
    assert found.labels == (UP, DOWN, "Association")
    assert found.source_relations == ("SUBSTRATE", "INHIBITOR", "ACTIVATOR")


@pytest.mark.parametrize(
    ("key", "kind"),
    [(key, kind) for key in WITH_D2 for kind in CATALOGUE[key].spec.relation_types],
)
def test_d2_makes_every_known_type_an_association(key: str, kind: str) -> None:
    assert d2(instance(kind), corpus(key)).labels == ("Association",)


def test_d2_asks_not_what_the_type_is_mapped_to() -> None:
    assert d2(instance("INHIBITOR", "ACTIVATOR"), corpus("drugprot")).labels == ("Association",)


def test_d2_leaves_an_unannotated_pair_without_label() -> None:
    assert d2(instance(), corpus("ddi")).labels == ()


CHEMPROT = {"CPR:3": UP, "CPR:4": DOWN, "CPR:5": UP, "CPR:6": DOWN, "CPR:9": "Association"}


def test_chemprot_s_five_evaluated_groups_stand_for_a_relation_and_no_other() -> None:
    types = CATALOGUE["chemprot"].spec.relation_types
    assert {kind: label for kind, label in types.items() if label is not None} == CHEMPROT
    assert set(CATALOGUE["chemprot"].spec.unrelated) == {f"CPR:{n}" for n in (0, 1, 2, 7, 8, 10)}


@pytest.mark.parametrize("rule", [d1, d2])
def test_a_type_that_stands_for_no_relation_gives_no_label(rule) -> None:
    found = rule(instance("CPR:2"), corpus("chemprot"))
    assert (found.labels, found.source_relations) == ((), ("CPR:2",))


@pytest.mark.parametrize("rule", [d1, d2])
def test_a_type_that_stands_for_no_relation_yields_to_one_that_does(rule) -> None:
    found = rule(instance("CPR:2", "CPR:6", "CPR:10", "CPR:4"), corpus("chemprot"))
    assert found.source_relations == ("CPR:6", "CPR:4", "CPR:2", "CPR:10")
    assert found.labels == ((DOWN,) if rule is d1 else ("Association",))


BERTSRC = {  # the finest level -> the middle one, in the paper's words, and the label that stands for it
    "Undirected Link": ("Undirected Link", None),
    "Directed Link": ("Directed Link", "Association"),
    "Positive Cause": ("Positive Cause", UP),
    "Positive Increase": ("Positive Cause", UP),
    "Negative Decrease": ("Positive Cause", UP),
    "Negative Cause": ("Negative Cause", DOWN),
    "Positive Decrease": ("Negative Cause", DOWN),
    "Negative Increase": ("Negative Cause", DOWN),
}


def test_bertsrc_s_labels_are_its_middle_level() -> None:
    types = CATALOGUE["bertsrc"].spec.relation_types
    assert types == {kind: label for kind, (_, label) in BERTSRC.items()}
    assert len(set(BERTSRC.values())) == len({label for _, label in BERTSRC.values()}) == 4


@pytest.mark.parametrize("kind", BERTSRC)
def test_bertsrc_under_d2_is_its_coarsest_level(kind: str) -> None:
    directed = d2(instance(kind), corpus("bertsrc")).labels == ("Association",)
    assert directed == (kind != "Undirected Link")


@pytest.mark.parametrize("key", sorted(set(CATALOGUE.corpora) - {"iepa", "lll", "bioinfer"}))
def test_an_unknown_type_is_an_error_with_mapping_and_type(key: str) -> None:
    rule = {"d1": d1, "d2": d2}[CATALOGUE[key].rules.d]
    known = next(iter(CATALOGUE[key].spec.relation_types))
    with pytest.raises(SpecError, match=rf"{key}\.yaml: relation_types: .*'Xylophone'"):
        rule(instance(known, "Xylophone"), corpus(key))


def two_drugs(*relations: tuple[str, ...]) -> Document:
    text = "Zinc and iron bind albumin."
    mentions = [
        mention(text, "T1", "Zinc", "CHEMICAL"),
        mention(text, "T2", "albumin", "GENE"),
        mention(text, "T3", "iron", "CHEMICAL"),
    ]
    return document(text, mentions, relations)


def test_two_types_on_a_pair_are_one_row_with_both() -> None:
    subject = two_drugs(("T1", "SUBSTRATE", "T2"), ("T1", "INHIBITOR", "T2"))
    annotated = only([i for i in adjusted(subject, corpus("drugprot")) if i.source_relations])
    assert annotated.labels == (DOWN, "Association")
    assert annotated.source_relations == ("SUBSTRATE", "INHIBITOR")
    assert dropped(subject, corpus("drugprot"), "b2", "relations") == {}


@pytest.mark.parametrize(
    "relation",
    [
        ("T1", "Xylophone", "T2"),
        pytest.param(("T1", "Xylophone", "T1"), id="of an entity with itself"),
        pytest.param(("T1", "Xylophone", "T9"), id="of an entity without mention"),
        pytest.param(("T1", "Xylophone", "T3"), id="of kinds that are no pair"),
    ],
)
def test_an_unknown_type_is_an_error_even_on_a_relation_that_no_instance_shows(
    relation: tuple[str, ...],
) -> None:
    with pytest.raises(SpecError, match=r"drugprot\.yaml: relation_types: .*'Xylophone'"):
        adjusted(two_drugs(relation), corpus("drugprot"))
