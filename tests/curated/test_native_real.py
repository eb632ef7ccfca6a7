"""The curated tables of PharmGKB and DisGeNET on the real files: what is in, what is lost, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harmonize.ledger import Ledger
from harmonize.model import Document, Instance
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.sources.source import READ, Source
from harmonize.spec import load_catalogue

CATALOGUE = load_catalogue()
NO_TEXT = "the article has no text"
EVIDENCE = "evidence rule: "
UNMAPPED = "id unmapped: "


@dataclass(frozen=True)
class Reading:
    documents: list[Document]
    instances: list[Instance]
    steps: dict[str, Any]


def documents(key: str, mirror: Path, ledger: Ledger) -> list[Document]:
    return list(adapter(key, CATALOGUE)(Source(CATALOGUE[key], "native", mirror / key, ledger)))


def reading(key: str, mirror: Path) -> Reading:
    ledger = Ledger()
    found = documents(key, mirror, ledger)
    for document in found:
        ledger.leave("train", READ, "documents")
        ledger.leave("train", READ, "mentions", len(document.mentions))
        ledger.leave("train", READ, "relations", len(document.relations))
    instances = [instance for document in found for instance in adjust(document, CATALOGUE[key], ledger)]
    ledger.check()
    return Reading(found, instances, ledger.as_dict("train"))


@pytest.fixture(scope="module")
def pharmgkb(mirror: Path) -> Reading:
    return reading("pharmgkb", mirror)


@pytest.fixture(scope="module")
def disgenet(mirror: Path) -> Reading:
    return reading("disgenet", mirror)


@pytest.fixture(params=["pharmgkb", "disgenet"])
def either(request: pytest.FixtureRequest, mirror: Path) -> Reading:
    """Either reading; `mirror` keeps its tests in the worker that has read both already."""
    return request.getfixturevalue(request.param)


def test_rows_of_pharmgkb(pharmgkb: Reading) -> None:
    assert pharmgkb.steps[READ]["rows"] == {
        "in": 8382,
        "out": 8148,
        "dropped": {"no chemical": 1, "no gene": 233},
    }


def test_the_funnel_of_pharmgkb(pharmgkb: Reading) -> None:
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


def test_most_accepted_triples_of_pharmgkb_with_a_text_give_an_instance(pharmgkb: Reading) -> None:
    dropped = pharmgkb.steps[READ]["relations"]["dropped"]
    lost = sum(count for reason, count in dropped.items() if reason.startswith((NO_TEXT, EVIDENCE)))
    accepted = 6392 - lost
    assert accepted == 3108
    assert pharmgkb.steps["b2"]["relations"]["out"] >= 0.6 * accepted


def test_a_chemical_of_pharmgkb_without_mesh_id_keeps_its_accession(pharmgkb: Reading) -> None:
    heads = {relation.head for document in pharmgkb.documents for relation in document.relations}
    assert any(head.startswith("PharmGKB:PA") for head in heads)
    assert all(head.startswith("PharmGKB:PA") or head[0] in "DC" for head in heads)


def test_the_funnel_of_disgenet(disgenet: Reading) -> None:
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


def test_a_document_of_disgenet_is_one_sentence(disgenet: Reading) -> None:
    for document in disgenet.documents:
        assert document.sentences == (document.passages[0].span,)
        assert document.passages[0].span.of(document.text) == document.text


def test_what_disgenet_gives(disgenet: Reading) -> None:
    assert disgenet.steps["b2"]["relations"]["out"] >= 1000


def test_all_spans_spell_and_are_of_the_dictionary(either: Reading) -> None:
    for document in either.documents:
        for mention in document.mentions:
            assert [document.text[start:end] for start, end in mention.spans] == [mention.text]
    assert either.instances
    for instance in either.instances:
        assert instance.span_source == "dictionary"
        assert all(0 <= a < b <= len(instance.text) for a, b in (*instance.head.spans, *instance.tail.spans))


def test_all_instances_are_annotated_associations(either: Reading) -> None:
    assert {instance.labels for instance in either.instances} == {("Association",)}


@pytest.mark.parametrize("key", ["pharmgkb", "disgenet"])
def test_two_reads_are_equal(key: str, request: pytest.FixtureRequest, mirror: Path) -> None:
    first: Reading = request.getfixturevalue(key)
    assert documents(key, mirror, Ledger()) == first.documents
