from __future__ import annotations

from pathlib import Path

from harmonize.union.documents import read_documents
from harmonize.union.known_documents import KnownDocuments, evaluated_documents


def test_texts_that_hold_a_tested_document_are_known(sample_union: Path) -> None:
    tested = evaluated_documents(sample_union)
    known = KnownDocuments(tested)
    keys = {document.key for document in tested}
    parts = {(key.corpus, key.split) for key in keys}
    assert {("biored", "dev"), ("biored", "test"), ("aimed", "train")} <= parts
    assert not {("biored", "train"), ("ddi", "train")} & parts
    document = next(each for each in tested if each.key.corpus == "biored" and each.key.split == "test")
    words = document.text.split()
    assert known.has(document.text, None)
    assert known.has("Another title. " + "  ".join(words).upper().replace(",", " ;"), None)
    assert known.has(" ".join(words[8:]), None)
    assert known.has("unlike", document.pmid)
    assert not known.has("unlike", "1")
    for other in read_documents(sample_union):
        if other.key.corpus == "drugprot" and other.key.split == "train":
            assert not known.has(other.text, None), other.key
