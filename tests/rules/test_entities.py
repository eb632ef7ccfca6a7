"""Rule e: the entity types of the union set."""

from __future__ import annotations

import pytest
from rule_cases import CATALOGUE, adjusted, corpus, document, mention, only

from harmonize.model import EntityInContext, Instance, Span
from harmonize.rules.entities import e1, e2

CHEMICAL, DISEASE, GENE = "ChemicalEntity", "DiseaseOrPhenotypicFeature", "GeneOrGeneProduct"


def instance(head: tuple[str, str], tail: tuple[str, str]) -> Instance:
    sides = (
        EntityInContext(f"X{start}", "a", kind, source, (Span(start, start + 1),), frozenset({"gold"}))
        for start, (kind, source) in ((0, head), (2, tail))
    )
    return Instance("90000001", Span(0, 3), "a b", *sides)


@pytest.mark.parametrize("gene", ["GENE", "GENE-Y", "GENE-N"])
def test_e1_drugprot_chemicals_are_its_own_and_its_genes_bioreds(gene: str) -> None:
    typed = e1(instance((CHEMICAL, "CHEMICAL"), (GENE, gene)), corpus("drugprot"))
    assert (typed.head.type, typed.tail.type) == ("DrugProt-Chem", GENE)
    assert (typed.head.source_type, typed.tail.source_type) == ("CHEMICAL", gene)


def test_e1_bc5cdr_types_are_both_its_own() -> None:
    typed = e1(instance((CHEMICAL, "Chemical"), (DISEASE, "Disease")), corpus("bc5cdr"))
    assert (typed.head.type, typed.tail.type) == ("BC5CDR-Chem", "BC5CDR-Disease")


def test_e1_changes_nothing_else() -> None:
    before = instance((CHEMICAL, "Chemical"), (DISEASE, "Disease"))
    after = e1(before, corpus("bc5cdr"))
    assert (after.context, after.text, after.labels) == (before.context, before.text, before.labels)
    assert (after.head.spans, after.head.id) == (before.head.spans, before.head.id)


def test_e2_changes_nothing() -> None:
    before = instance((CHEMICAL, "drug"), (CHEMICAL, "brand"))
    assert e2(before, corpus("ddi")) == before


def test_e1_is_the_rule_of_the_corpora_with_internal_types() -> None:
    with_e1 = {key for key, one in CATALOGUE.corpora.items() if one.rules.e == "e1"}
    assert with_e1 == {"drugprot", "bc5cdr", "chemprot", "bertsrc"}
    assert with_e1 == {key for key, one in CATALOGUE.corpora.items() if one.spec.internal_types}


@pytest.mark.parametrize(
    ("key", "source", "kind"),
    [
        (key, source, kind)
        for key, one in CATALOGUE.corpora.items()
        for source, kind in one.spec.entity_types.items()
        if kind is not None
    ],
)
def test_every_source_type_becomes_one_of_three_before_rule_e(key: str, source: str, kind: str) -> None:
    assert kind in (CHEMICAL, DISEASE, GENE)
    assert corpus(key).kind(source) == kind


def test_a_variant_is_a_gene_and_its_source_type_stays() -> None:
    text = "Thrombosis with 1691G>A."
    subject = document(
        text,
        [
            mention(text, "T0", "Thrombosis", DISEASE, "D013927"),
            mention(text, "T1", "1691G>A", "SequenceVariant", "c|SUB|G|1691|A"),
        ],
    )
    found = only(adjusted(subject, corpus("biored")))
    assert (found.tail.type, found.tail.source_type) == (GENE, "SequenceVariant")
