"""The curated tables of PharmGKB and DisGeNET on the real files: what is in, what is lost, and why."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from adapter_readings import MIRROR, of_the_mirror, reading_of

from harmonize.ledger import READ
from harmonize.model import Document, Instance
from harmonize.rules.adjust import adjust

NO_TEXT = "the article has no text"
EVIDENCE = "evidence rule: "
UNMAPPED = "id unmapped: "


@dataclass(frozen=True)
class Adjusted:
    documents: list[Document]
    instances: list[Instance]
    steps: dict[str, Any]


@cache
def adjusted(key: str) -> Adjusted:
    """What was read, by the rules; the counts go on in a copy of the reading's."""
    read = reading_of(key, "native", Path(str(MIRROR)))
    ledger = deepcopy(read.ledger)
    for document in read.documents:
        ledger.leave("train", READ, "documents")
        ledger.leave("train", READ, "mentions", len(document.mentions))
        ledger.leave("train", READ, "relations", len(document.relations))
    instances = [
        instance for document in read.documents for instance in adjust(document, read.corpus, ledger)
    ]
    ledger.check()
    return Adjusted(read.documents, instances, ledger.as_dict("train"))


KEYS = [pytest.param(key, marks=of_the_mirror(key, "native")) for key in ("pharmgkb", "disgenet")]


@pytest.fixture(params=KEYS[:1])
def pharmgkb(request: pytest.FixtureRequest) -> Adjusted:
    return adjusted(request.param)


@pytest.fixture(params=KEYS[1:])
def disgenet(request: pytest.FixtureRequest) -> Adjusted:
    return adjusted(request.param)


@pytest.fixture(params=KEYS)
def either(request: pytest.FixtureRequest) -> Adjusted:
    return adjusted(request.param)


def test_rows_of_pharmgkb(pharmgkb: Adjusted) -> None:
    assert pharmgkb.steps[READ]["rows"] == {
        "in": 8382,
        "out": 8148,
        "dropped": {"no chemical": 1, "no gene": 233},
    }


def test_the_funnel_of_pharmgkb(pharmgkb: Adjusted) -> None:
    triples = pharmgkb.steps[READ]["relations"]
    assert triples["in"] == 6392
    assert triples["dropped"] == {
        NO_TEXT: 1140,
        f"{EVIDENCE}significance no": 1866,
        f"{EVIDENCE}significance no, not stated": 5,
        f"{EVIDENCE}significance not stated": 273,
        f"{UNMAPPED}PharmGKB gene id without counterpart": 29,
    }
    assert triples["out"] == 3079


def test_most_accepted_triples_of_pharmgkb_with_a_text_give_an_instance(pharmgkb: Adjusted) -> None:
    dropped = pharmgkb.steps[READ]["relations"]["dropped"]
    lost = sum(count for reason, count in dropped.items() if reason.startswith((NO_TEXT, EVIDENCE)))
    accepted = 6392 - lost
    assert accepted == 3108
    assert pharmgkb.steps["b2"]["relations"]["out"] >= 0.6 * accepted


def test_a_chemical_of_pharmgkb_without_mesh_id_keeps_its_accession(pharmgkb: Adjusted) -> None:
    heads = {relation.head for document in pharmgkb.documents for relation in document.relations}
    assert any(head.startswith("PharmGKB:PA") for head in heads)
    assert all(head.startswith("PharmGKB:PA") or head[0] in "DC" for head in heads)


def test_the_funnel_of_disgenet(disgenet: Adjusted) -> None:
    """A row of a curated source in which the article found nothing counts with those that are left."""
    triples = disgenet.steps[READ]["relations"]
    of_reason = triples["dropped"]
    evidence = sum(count for reason, count in of_reason.items() if reason.startswith(EVIDENCE))
    unmapped = sum(count for reason, count in of_reason.items() if reason.startswith(UNMAPPED))
    uncurated = of_reason[f"{EVIDENCE}source is not curated"]
    assert triples["in"] == 19009
    assert uncurated == 11891
    assert (evidence - uncurated) + unmapped + triples["out"] == 1845 + 5273
    assert evidence - uncurated <= 60
    assert abs(unmapped - 1845) <= 60
    assert abs(triples["out"] - 5273) <= 60
    assert NO_TEXT not in of_reason


def test_a_document_of_disgenet_is_one_sentence(disgenet: Adjusted) -> None:
    for document in disgenet.documents:
        assert document.sentences == (document.passages[0].span,)
        assert document.passages[0].span.of(document.text) == document.text


def test_what_disgenet_gives(disgenet: Adjusted) -> None:
    assert disgenet.steps["b2"]["relations"]["out"] >= 1000


def test_all_spans_spell_and_are_of_the_dictionary(either: Adjusted) -> None:
    for document in either.documents:
        for mention in document.mentions:
            assert [document.text[start:end] for start, end in mention.spans] == [mention.text]
    assert either.instances
    for instance in either.instances:
        assert instance.span_source == "dictionary"
        assert all(0 <= a < b <= len(instance.text) for a, b in (*instance.head.spans, *instance.tail.spans))


def test_all_instances_are_annotated_associations(either: Adjusted) -> None:
    assert {instance.labels for instance in either.instances} == {("Association",)}
