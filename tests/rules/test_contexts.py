"""Rule b: which pairs there are, in which text, and which entity is the head."""

from __future__ import annotations

from itertools import permutations

import pytest
from rule_cases import adjusted, corpus, document, dropped, mention, only, pairs

from harmonize.errors import SpecError
from harmonize.model import Document, Span
from harmonize.rules.contexts import (
    DUPLICATE,
    NAMES_CONCEPTS,
    NO_PAIR,
    OUTSIDE_PAIRS,
    SAME_IDS,
    SAME_TEXT,
    SELF_RELATION,
    UNKNOWN_CONCEPT,
    WRONG_KINDS,
    b1,
    b2,
)
from harmonize.rules.spans import (
    FIRST_NOT_FOUND,
    NEITHER_FOUND,
    NOT_IN_ONE_SENTENCE,
    SECOND_NOT_FOUND,
)

TEXT = "Ulcer after aspirin. Aspirin caused ulcer and nausea. Placebo did not."
CHEMICAL, DISEASE, GENE = "ChemicalEntity", "DiseaseOrPhenotypicFeature", "GeneOrGeneProduct"


def aspirin(*relations: tuple[str, ...], chemical: str = CHEMICAL, disease: str = DISEASE) -> Document:
    return document(
        TEXT,
        [
            mention(TEXT, "T0", "Ulcer", disease, "D014456"),
            mention(TEXT, "T1", "aspirin", chemical, "D001241"),
            mention(TEXT, "T2", "Aspirin", chemical, "D001241"),
            mention(TEXT, "T3", "ulcer", disease, "D014456"),
            mention(TEXT, "T4", "nausea", disease, "D009325"),
        ],
        relations,
        sentences=["Ulcer after aspirin.", "Aspirin caused ulcer and nausea.", "Placebo did not."],
    )


# Contexts


def test_b1_gives_each_pair_once_with_the_whole_text() -> None:
    made = b1(aspirin(), corpus("biored"))
    assert [(i.text, i.context) for i in made.instances] == [(TEXT, Span(0, len(TEXT)))] * 2
    assert pairs(made.instances) == {("D001241", "D014456"), ("D001241", "D009325")}


def test_b1_spans_are_of_every_mention_in_order() -> None:
    instance = next(i for i in b1(aspirin(), corpus("biored")).instances if i.tail.id == "D014456")
    assert [span.of(TEXT) for span in instance.head.spans] == ["aspirin", "Aspirin"]
    assert [span.of(TEXT) for span in instance.tail.spans] == ["Ulcer", "ulcer"]
    assert (instance.head.name, instance.tail.name) == ("aspirin", "Ulcer")


def test_b2_gives_each_pair_once_for_every_sentence_that_shows_both() -> None:
    made = b2(aspirin(), corpus("biored"))
    assert [(i.text, i.tail.id) for i in made.instances] == [
        ("Ulcer after aspirin.", "D014456"),
        ("Aspirin caused ulcer and nausea.", "D014456"),
        ("Aspirin caused ulcer and nausea.", "D009325"),
    ]


def test_b2_spans_are_relative_to_the_sentence() -> None:
    for instance in b2(aspirin(), corpus("biored")).instances:
        assert instance.context.of(TEXT) == instance.text
        assert [span.of(instance.text).lower() for span in instance.head.spans] == ["aspirin"]
        assert len(instance.tail.spans) == 1
        assert instance.tail.spans[0].of(instance.text) == instance.tail.name


def test_b2_annotates_the_pair_in_every_sentence_that_shows_it() -> None:
    made = b2(aspirin(("D001241", "Association", "D014456")), corpus("biored"))
    assert [bool(i.source_relations) for i in made.instances] == [True, True, False]
    assert len(made.relations) == 1


def test_b2_drops_a_relation_across_sentences() -> None:
    text = "Zinc was given. Albumin fell."
    subject = document(
        text,
        [mention(text, "T1", "Zinc", "CHEMICAL"), mention(text, "T2", "Albumin", "GENE")],
        [("T1", "INHIBITOR", "T2")],
    )
    assert dropped(subject, corpus("drugprot"), "b2", "relations") == {NOT_IN_ONE_SENTENCE: 1}
    assert dropped(subject, corpus("drugprot"), "b2", "documents") == {NO_PAIR: 1}
    assert adjusted(subject, corpus("drugprot")) == []


def test_a_discontinuous_mention_shows_all_its_parts() -> None:
    text = "Aluminium and magnesium hydroxides bind digoxin."
    subject = document(
        text,
        [
            mention(text, "e0", "Aluminium...hydroxides", "drug"),
            mention(text, "e1", "magnesium hydroxides", "drug"),
            mention(text, "e2", "digoxin", "drug"),
        ],
    )
    instances = adjusted(subject, corpus("ddi"))
    assert pairs(instances) == {("e0", "e1"), ("e0", "e2"), ("e1", "e2")}
    first = next(i for i in instances if i.head.id == "e0")
    assert [span.of(text) for span in first.head.spans] == ["Aluminium", "hydroxides"]


# Unordered pairs, and which is the head


@pytest.mark.parametrize("order", [("D001241", "D014456"), ("D014456", "D001241")])
def test_the_order_of_a_relations_arguments_does_not_matter(order: tuple[str, str]) -> None:
    head, tail = order
    annotated = adjusted(aspirin((head, "Positive_Correlation", tail)), corpus("biored"))
    assert {(i.head.id, i.tail.id): i.labels for i in annotated} == {
        ("D001241", "D014456"): ("Positive_Correlation",),
        ("D001241", "D009325"): ("None",),
    }


def test_the_head_is_the_first_kind_of_table_2_even_where_it_comes_last_in_the_text() -> None:
    subject = aspirin(chemical="Chemical", disease="Disease")
    assert subject.mentions[0].text == "Ulcer"
    assert {i.head.id for i in adjusted(subject, corpus("bc5cdr"))} == {"D001241"}


@pytest.mark.parametrize(
    ("one", "other", "head"),
    [
        (DISEASE, GENE, DISEASE),
        (GENE, CHEMICAL, CHEMICAL),
        (DISEASE, CHEMICAL, CHEMICAL),
        ("SequenceVariant", DISEASE, DISEASE),
        ("SequenceVariant", CHEMICAL, CHEMICAL),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_the_head_of_each_biored_pair_is_of_the_first_kind(
    one: str, other: str, head: str, reverse: bool
) -> None:
    text = "Alpha met omega."
    kinds = (other, one) if reverse else (one, other)
    subject = document(
        text,
        [mention(text, "T0", "Alpha", kinds[0], "X1"), mention(text, "T1", "omega", kinds[1], "X2")],
    )
    assert only(adjusted(subject, corpus("biored"))).head.source_type == head


@pytest.mark.parametrize("relation", [(), (("X1", "Bind", "X2"),), (("X2", "Bind", "X1"),)])
def test_the_head_of_a_pair_of_one_kind_is_the_first_in_the_text(
    relation: tuple[tuple[str, ...], ...],
) -> None:
    text = "Alpha met omega, then omega met alpha."
    subject = document(
        text,
        [
            mention(text, "T3", "alpha", GENE, "X2"),
            mention(text, "T1", "omega", GENE, "X1"),
            mention(text, "T0", "Alpha", GENE, "X2"),
        ],
        relation,
    )
    assert pairs(adjusted(subject, corpus("biored"))) == {("X2", "X1")}


def test_the_order_of_mentions_in_the_source_does_not_matter() -> None:
    subject = aspirin(("D001241", "Association", "D009325"))
    expected = adjusted(subject, corpus("biored"))
    for mentions in permutations(subject.mentions):
        relations = [(r.head, r.type, r.tail) for r in subject.relations]
        assert adjusted(document(TEXT, mentions, relations), corpus("biored")) == expected


# Entities


def test_an_unknown_id_makes_no_pair_and_is_counted() -> None:
    text = "Aspirin and a metabolite raised insulin."
    subject = document(
        text,
        [
            mention(text, "T0", "Aspirin", CHEMICAL, "D001241"),
            mention(text, "T1", "metabolite", CHEMICAL),
            mention(text, "T2", "insulin", GENE, "3630"),
        ],
    )
    assert pairs(adjusted(subject, corpus("biored"))) == {("D001241", "3630")}
    assert dropped(subject, corpus("biored"), "b1", "mentions") == {UNKNOWN_CONCEPT: 1}


def test_a_mention_outside_every_pair_is_counted() -> None:
    text = "Aspirin raised insulin in mice."
    subject = document(
        text,
        [
            mention(text, "T0", "Aspirin", CHEMICAL, "D001241"),
            mention(text, "T1", "insulin", GENE, "3630"),
            mention(text, "T2", "mice", "OrganismTaxon", "10090"),
        ],
    )
    assert pairs(adjusted(subject, corpus("biored"))) == {("D001241", "3630")}
    assert dropped(subject, corpus("biored"), "b1", "mentions") == {OUTSIDE_PAIRS: 1}


def test_a_corpus_without_concepts_pairs_mentions() -> None:
    text = "JAK1 binds JAK3, and JAK1 frees FADD."
    subject = document(
        text,
        [
            mention(text, "e0", "JAK1", "protein"),
            mention(text, "e1", "JAK3", "protein"),
            mention(text, "e2", "JAK1", "protein", nth=1),
        ],
        [("e0", "PPI", "e1")],
    )
    labels = {(i.head.id, i.tail.id): i.labels for i in adjusted(subject, corpus("aimed"))}
    assert labels == {
        ("e0", "e1"): ("Association",),
        ("e0", "e2"): ("None-AIMed",),
        ("e1", "e2"): ("None-AIMed",),
    }


def test_a_nested_mention_is_a_pair_with_the_one_around_it() -> None:
    text = "The TNF receptor was found."
    subject = document(
        text, [mention(text, "e0", "TNF receptor", "protein"), mention(text, "e1", "TNF", "protein")]
    )
    assert len(adjusted(subject, corpus("aimed"))) == 1


def composite(*relations: tuple[str, ...]) -> Document:
    text = "Cisplatin caused nausea/vomiting, and vomiting lasted."
    return document(
        text,
        [
            mention(text, "T0", "Cisplatin", "Chemical", "D002945"),
            mention(text, "T1", "nausea/vomiting", "Disease", "D009325", "D014839"),
            mention(text, "T2", "vomiting", "Disease", "D014839", nth=1),
        ],
        relations,
    )


def test_a_composite_mention_belongs_to_each_of_its_concepts() -> None:
    found = {
        i.tail.id: [span.of(i.text) for span in i.tail.spans] for i in adjusted(composite(), corpus("bc5cdr"))
    }
    assert found == {"D009325": ["nausea/vomiting"], "D014839": ["nausea/vomiting", "vomiting"]}


def test_a_composite_argument_relates_each_of_its_concepts() -> None:
    subject = composite(("D002945", "CID", "D009325|D014839"))
    labels = {i.tail.id: i.labels for i in adjusted(subject, corpus("bc5cdr"))}
    assert labels == {"D009325": ("Positive_Correlation",), "D014839": ("Positive_Correlation",)}
    assert dropped(subject, corpus("bc5cdr"), "b1", "relations") == {}


def test_a_composite_argument_with_a_part_that_has_no_mention_relates_nothing() -> None:
    subject = composite(("D002945", "CID", "D009325|D000000"))
    assert {i.labels for i in adjusted(subject, corpus("bc5cdr"))} == {("None-BC5CDR",)}
    assert dropped(subject, corpus("bc5cdr"), "b1", "relations") == {SECOND_NOT_FOUND: 1}


def test_a_composite_argument_that_repeats_a_part_in_part_is_no_duplicate() -> None:
    subject = composite(("D002945", "CID", "D009325"), ("D002945", "CID", "D009325|D014839"))
    assert dropped(subject, corpus("bc5cdr"), "b1", "relations") == {}
    assert {i.source_relations for i in adjusted(subject, corpus("bc5cdr"))} == {("CID",)}


def test_a_separator_of_one_mention_type_leaves_whole_ids_alone() -> None:
    text = "1691G>A raised thrombosis."
    subject = document(
        text,
        [
            mention(text, "T0", "1691G>A", "SequenceVariant", "c|SUB|G|1691|A"),
            mention(text, "T1", "thrombosis", DISEASE, "D013927"),
        ],
        [("c|SUB|G|1691|A", "Positive_Correlation", "D013927")],
    )
    instance = only(adjusted(subject, corpus("biored")))
    assert (instance.tail.id, instance.labels) == ("c|SUB|G|1691|A", ("Positive_Correlation",))


def test_two_mentions_of_one_span_are_a_pair_only_where_annotated() -> None:
    text = "Insulin acts on insulin receptors with zinc."
    mentions = [
        mention(text, "T1", "Insulin", "CHEMICAL"),
        mention(text, "T2", "Insulin", "GENE-Y"),
        mention(text, "T3", "zinc", "CHEMICAL"),
    ]
    assert pairs(adjusted(document(text, mentions), corpus("drugprot"))) == {("T3", "T2")}
    annotated = document(text, mentions, [("T1", "PART-OF", "T2")])
    assert pairs(adjusted(annotated, corpus("drugprot"))) == {("T1", "T2"), ("T3", "T2")}


def test_entities_that_share_only_one_of_their_spans_are_a_pair() -> None:
    text = "Insulin fell, and insulin rose."
    mentions = [
        mention(text, "T0", "Insulin", CHEMICAL, "D007328"),
        mention(text, "T1", "Insulin", GENE, "3630"),
    ]
    assert adjusted(document(text, mentions), corpus("biored")) == []
    mentions.append(mention(text, "T2", "insulin", GENE, "3630"))
    assert pairs(adjusted(document(text, mentions), corpus("biored"))) == {("D007328", "3630")}


def test_one_concept_id_under_two_kinds_is_no_pair_with_itself() -> None:
    text = "Alpha met omega."
    subject = document(
        text, [mention(text, "T0", "Alpha", CHEMICAL, "X1"), mention(text, "T1", "omega", GENE, "X1")]
    )
    assert adjusted(subject, corpus("biored")) == []


def test_a_kind_of_pair_outside_table_2_is_not_made() -> None:
    text = "Alpha met omega."
    subject = document(
        text, [mention(text, "T0", "Alpha", DISEASE, "X1"), mention(text, "T1", "omega", DISEASE, "X2")]
    )
    assert adjusted(subject, corpus("biored")) == []
    assert dropped(subject, corpus("biored"), "b1", "documents") == {NO_PAIR: 1}


def test_an_unknown_entity_type_is_an_error_with_mapping_and_type() -> None:
    subject = aspirin(chemical="Xylophone")
    with pytest.raises(SpecError, match=r"biored\.yaml: entity_types: .*'Xylophone'"):
        adjusted(subject, corpus("biored"))


# Relations that show in no instance


def test_a_self_relation_is_dropped_and_counted() -> None:
    subject = aspirin(("D014456", "Association", "D014456"), ("D001241", "Association", "D014456"))
    assert dropped(subject, corpus("biored"), "b1", "relations") == {SELF_RELATION: 1}
    assert all(i.head.id != i.tail.id for i in adjusted(subject, corpus("biored")))


@pytest.mark.parametrize("again", [("D001241", "D014456"), ("D014456", "D001241")])
def test_a_duplicate_is_counted_in_either_order_of_arguments(again: tuple[str, str]) -> None:
    head, tail = again
    subject = aspirin(("D001241", "Bind", "D014456"), (head, "Bind", tail), (tail, "Bind", head))
    assert dropped(subject, corpus("biored"), "b1", "relations") == {DUPLICATE: 2}
    annotated = [i for i in adjusted(subject, corpus("biored")) if i.source_relations]
    assert only(annotated).source_relations == ("Bind",)


@pytest.mark.parametrize(
    ("head", "tail", "reason"),
    [
        ("D001241", "D000000", SECOND_NOT_FOUND),
        ("D000000", "D001241", FIRST_NOT_FOUND),
        ("D000000", "D000001", NEITHER_FOUND),
    ],
)
def test_a_relation_without_mention_is_counted(head: str, tail: str, reason: str) -> None:
    subject = aspirin((head, "Association", tail))
    assert dropped(subject, corpus("biored"), "b1", "relations") == {reason: 1}


def test_a_relation_between_kinds_that_are_no_pair_is_counted() -> None:
    subject = aspirin(("D014456", "Association", "D009325"))
    assert dropped(subject, corpus("biored"), "b1", "relations") == {WRONG_KINDS: 1}


def test_a_gene_and_a_variant_are_a_pair_of_genes() -> None:
    text = "HNF1A carried c.872G>A."
    subject = document(
        text,
        [
            mention(text, "T0", "HNF1A", GENE, "6927"),
            mention(text, "T1", "c.872G>A", "SequenceVariant", "c|SUB|G|872|A"),
        ],
        [("6927", "Association", "c|SUB|G|872|A")],
    )
    instance = only(adjusted(subject, corpus("biored")))
    assert (instance.head.type, instance.tail.type) == (GENE, GENE)
    assert (instance.head.source_type, instance.tail.source_type) == (GENE, "SequenceVariant")
    assert instance.labels == ("Association",)


@pytest.mark.parametrize("novelty", ["Novel", "No"])
def test_novelty_is_of_the_annotated_pair_alone(novelty: str) -> None:
    subject = aspirin(("D001241", "Association", "D014456", novelty))
    assert {i.tail.id: i.novelty for i in adjusted(subject, corpus("biored"))} == {
        "D014456": novelty,
        "D009325": None,
    }


# Two mentions of one text


def test_two_mentions_of_one_text_are_a_counted_drop_unless_related() -> None:
    text = "NRP1 binds plexin."
    mentions = [
        mention(text, f"e{n}", words, "protein") for n, words in enumerate(("NRP1", "NRP1", "plexin"))
    ]
    unrelated = document(text, mentions, sentences=[text])
    assert pairs(adjusted(unrelated, corpus("aimed"))) == {("e0", "e2"), ("e1", "e2")}
    assert dropped(unrelated, corpus("aimed"), "b2", "instances") == {SAME_TEXT: 1}
    related = document(text, mentions, [("e0", "PPI", "e1")], sentences=[text])
    assert pairs(adjusted(related, corpus("aimed"))) == {("e0", "e1"), ("e0", "e2"), ("e1", "e2")}
    assert dropped(related, corpus("aimed"), "b2", "instances") == {}


def test_an_id_of_two_types_makes_one_pair_with_another_id_and_the_other_is_counted() -> None:
    text = "Insulin and the insulin gene in diabetes."
    subject = document(
        text,
        [
            mention(text, "T0", "Insulin", "ChemicalEntity", "C0021641"),
            mention(text, "T1", "insulin", "GeneOrGeneProduct", "C0021641"),
            mention(text, "T2", "diabetes", "DiseaseOrPhenotypicFeature", "C0011849"),
        ],
        [("C0021641", "Association", "C0011849")],
    )
    (instance,) = adjusted(subject, corpus("biored"))
    assert (instance.head.source_type, instance.labels) == ("ChemicalEntity", ("Association",))
    assert dropped(subject, corpus("biored"), "b1", "instances") == {SAME_IDS: 1}


@pytest.mark.parametrize("rules", [{"level": "document", "b": "b1"}, {"level": "sentence", "b": "b2"}])
def test_relations_of_concepts_where_each_mention_is_an_entity_are_dropped_for_that(
    rules: dict[str, str],
) -> None:
    text = "Aspirin eased headache."
    mentions = [
        mention(text, "T0", "Aspirin", "Chemical", "D001241"),
        mention(text, "T1", "headache", "Disease", "D006261"),
    ]
    subject = document(text, mentions, [("D001241", "CID", "D006261"), ("T0", "CID", "T1")])
    of = corpus("bc5cdr", spec={"entity": "mention"}, **rules)
    assert dropped(subject, of, rules["b"], "relations") == {NAMES_CONCEPTS: 1}
