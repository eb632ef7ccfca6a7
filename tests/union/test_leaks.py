from __future__ import annotations

from pathlib import Path

import pytest

import harmonize
from harmonize.model import Document, Passage, Span, Split
from harmonize.union.leaks import LeakIndex


def document(identifier: str, split: Split, text: str, pmid: str | None = None) -> Document:
    return Document(identifier, split, text, (Passage("text", Span(0, len(text))),), pmid=pmid)


@pytest.fixture
def index() -> LeakIndex:
    index = LeakIndex()
    index.add("a", document("1", "train", "Aspirin helps.", "90000001"))
    index.add("a", document("2", "test", "Aspirin\nhelps", None))
    index.add("a", document("3", "dev", "Nothing like it.", "90000003"))
    index.add("b", document("1", "test", "Another text of that article.", "90000001"))
    index.add("b", document("4", "train", "Alone.", "90000004"))
    return index


def test_same_pmid_and_same_letters_leak(index: LeakIndex) -> None:
    assert index.leaks_into("a", "1") == ["a/test", "b/test"]


def test_training_documents_are_no_target(index: LeakIndex) -> None:
    assert index.leaks_into("a", "2") == []
    assert index.leaks_into("b", "1") == []


def test_a_document_does_not_leak_into_itself(index: LeakIndex) -> None:
    assert index.leaks_into("a", "3") == []
    assert index.leaks_into("b", "4") == []


@pytest.mark.parametrize(
    ("corpus", "split", "target", "documents"),
    [
        ("bc5cdr", "train", "biored/test", 10),
        ("bc5cdr", "dev", "biored/test", 11),
        ("bc5cdr", "test", "biored/test", 13),
        # Hexobarbital = Secobarbital, Nafcillin = Oxacillin; but for blanks, Cortisone acetate = Prednisone.
        ("ddi", "train", "ddi/test", 3),
    ],
)
def test_known_overlaps_of_the_real_corpora(
    real_union: Path, corpus: str, split: str, target: str, documents: int
) -> None:
    table = harmonize.load_union(
        real_union, corpora=[corpus], splits=[split], columns=["document_id", "leaks_into"]
    )
    leaking = {row["document_id"] for row in table.to_pylist() if target in row["leaks_into"]}
    assert len(leaking) == documents
