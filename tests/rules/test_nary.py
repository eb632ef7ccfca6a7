"""What becomes of relations of any number of entities, and of what has no place in the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harmonize.errors import SpecError
from harmonize.ledger import Ledger
from harmonize.model import Document, Mention, NaryRelation, Passage, Span
from harmonize.rules.nary import NARY, nary_instances
from harmonize.spec import Corpus, load_catalogue

DRUGCOMBO = load_catalogue()["drugcombo"]
TEXT = "A and B . C with D and E ."


def mention(identifier: str, name: str, kind: str = "Drug") -> Mention:
    start = TEXT.index(name)
    return Mention(identifier, kind, name, (Span(start, start + 1),))


def document(*relations: NaryRelation, mentions: str = "ABCDE", sentences: int = 2) -> Document:
    spans = (Span(0, 9), Span(10, len(TEXT)))[:sentences]
    return Document(
        id="d1",
        split="train",
        text=TEXT,
        passages=(Passage("paragraph", Span(0, len(TEXT))),),
        mentions=tuple(mention(name.lower(), name) for name in mentions),
        sentences=spans,
        nary=relations,
    )


def counted(source: Document, corpus: Corpus = DRUGCOMBO) -> dict[str, dict[str, object]]:
    ledger = Ledger()
    nary_instances(source, corpus, ledger)
    ledger.check()
    return ledger.as_dict("train")[NARY]


def test_a_context_has_all_its_entities_and_the_relations_among_them() -> None:
    first, second = nary_instances(
        document(NaryRelation(("c", "d", "e"), "NEG", True), NaryRelation(("a", "b"), "POS")),
        DRUGCOMBO,
        Ledger(),
    )
    assert (first.text, second.text) == ("A and B .", "C with D and E .")
    assert [entity.id for entity in second.entities] == ["c", "d", "e"]
    assert [entity.spans for entity in second.entities] == [(Span(0, 1),), (Span(7, 8),), (Span(13, 14),)]
    assert {entity.type for entity in second.entities} == {"ChemicalEntity"}
    (of_three,) = second.relations
    assert (of_three.relation, of_three.source_relation) == ("Other_Combination", "NEG")
    assert (of_three.arguments, of_three.needs_context) == (("c", "d", "e"), True)
    assert first.relations[0].relation == "Positive_Combination"


def test_a_relation_across_contexts_is_dropped_and_counted() -> None:
    found = counted(document(NaryRelation(("b", "c"), "POS"), NaryRelation(("a", "b"), "POS")))
    assert found["relations"] == {"in": 2, "out": 1, "dropped": {"its entities never share a context": 1}}


def test_a_mention_alone_in_its_sentence_is_dropped_and_counted() -> None:
    found = counted(document(mentions="ACD"))
    assert found["mentions"] == {"in": 3, "out": 2, "dropped": {"mention without another in its context": 1}}
    assert found["documents"] == {"in": 1, "out": 1, "dropped": {}}


def test_a_document_without_two_entities_in_a_sentence_is_dropped_and_counted() -> None:
    found = counted(document(mentions="AC"))
    reason = "fewer than two entities in every context"
    assert found["documents"] == {"in": 1, "out": 0, "dropped": {reason: 1}}


@pytest.mark.parametrize("listed", ["POS", "*"])
def test_a_type_that_stands_for_no_relation_is_dropped_and_counted(listed: str) -> None:
    spec = DRUGCOMBO.spec.model_copy(update={"relation_types": {listed: None}})
    found = counted(document(NaryRelation(("a", "b"), "POS")), replace(DRUGCOMBO, spec=spec))
    assert found["relations"] == {"in": 1, "out": 0, "dropped": {"its type stands for no relation": 1}}


def test_a_mention_of_a_type_outside_every_relation_is_dropped_and_counted() -> None:
    spec = DRUGCOMBO.spec.model_copy(update={"entity_types": {"Drug": None}})
    found = counted(document(), replace(DRUGCOMBO, spec=spec))
    assert found["mentions"]["dropped"] == {"mention of a type that is in no relation": 5}


def test_rule_b1_takes_the_whole_text_as_one_context() -> None:
    rules = DRUGCOMBO.rules.model_copy(update={"b": "b1"})
    (instance,) = nary_instances(
        document(NaryRelation(("b", "c"), "COMB")), replace(DRUGCOMBO, rules=rules), Ledger()
    )
    assert len(instance.entities) == 5
    assert instance.relations[0].arguments == ("b", "c")


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(SpecError, match=r"relation_types: expected one of POS, COMB, NEG, got 'MAYBE'"):
        nary_instances(document(NaryRelation(("a", "b"), "MAYBE")), DRUGCOMBO, Ledger())
