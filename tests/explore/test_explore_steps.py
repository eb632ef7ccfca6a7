"""What the rules did to a row, in words: each rule of each corpus of the sample."""

from __future__ import annotations

from typing import Any

import pytest

from harmonize.explore.instances import UnionRows
from harmonize.explore.query import Filters
from harmonize.explore.steps import Step, steps
from harmonize.rules.meanings import MEANINGS, ORDER
from harmonize.spec import load_catalogue


def row_of(rows: UnionRows, **filters: str) -> dict[str, Any]:
    return rows.rows(rows.matching(Filters(**filters)).tolist()[:1])[0]


def by_rule(row: dict[str, Any]) -> dict[str, Step]:
    return {step.rule: step for step in steps(row)}


def changes(step: Step) -> list[tuple[str, str]]:
    return [(change.before, change.after) for change in step.changes]


def test_every_rule_of_every_corpus_has_a_meaning() -> None:
    named = {rule for corpus in load_catalogue().corpora.values() for rule in corpus.rules.names}
    assert named <= set(MEANINGS)
    assert {name[0] for name in MEANINGS} == set(ORDER)


def test_rules_stand_in_the_order_in_which_they_run(sample_rows: UnionRows) -> None:
    for row in sample_rows.rows(range(0, len(sample_rows), 20)):
        assert [step.rule[0] for step in steps(row)] == list("abdce")


def test_bc5cdr_maps_its_type_and_keeps_its_entities(sample_rows: UnionRows) -> None:
    found = by_rule(row_of(sample_rows, corpus="bc5cdr", label="Positive_Correlation"))
    assert changes(found["d1"]) == [("CID", "Positive_Correlation")]
    assert changes(found["e1"]) == [("Chemical", "BC5CDR-Chem"), ("Disease", "BC5CDR-Disease")]
    assert found["c1"].effect == "The pair is annotated: nothing to do."


def test_a_pair_that_nobody_annotated_becomes_its_corpus_own_negative(sample_rows: UnionRows) -> None:
    found = by_rule(row_of(sample_rows, corpus="bc5cdr", label="None-BC5CDR"))
    assert found["d1"].effect == "Nobody annotated this pair, so there is no type to map."
    assert changes(found["c1"]) == [("not annotated", "None-BC5CDR")]


def test_ddi_types_become_associations_by_sentence(sample_rows: UnionRows) -> None:
    row = row_of(sample_rows, corpus="ddi", label="Association")
    found = by_rule(row)
    assert changes(found["d2"]) == [(row["source_relations"][0], "Association")]
    assert found["b2"].effect.startswith("The context is one sentence: characters ")


@pytest.mark.parametrize(
    ("source", "word"), [("pubtator", "PubTator"), ("dictionary", "dictionary"), ("x", "x")]
)
def test_spans_tell_who_found_them(sample_rows: UnionRows, source: str, word: str) -> None:
    row = row_of(sample_rows, corpus="emu") | {"span_source": source}
    assert word in by_rule(row)["a2"].effect


def test_a_corpus_and_a_rule_that_are_not_known_are_shown_as_the_row_has_them(sample_rows: UnionRows) -> None:
    row = row_of(sample_rows, corpus="bc5cdr", label="Positive_Correlation")
    found = by_rule(row | {"corpus": "mine", "rules": ["a1", "b1", "c1", "d1", "e9", "z1"]})
    assert changes(found["d1"]) == [("CID", "Positive_Correlation")]
    assert found["z1"].meaning.name == "not known"
