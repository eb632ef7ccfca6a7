"""Gold documents that a run was trained on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harmonize.gold.leaks import find_leaks, training_set
from harmonize.model import Document
from harmonize.union.documents import DocumentKey, StoredDocument
from harmonize.union.known_documents import KnownDocuments

KEY = DocumentKey("biored", "train", "7001")
TEXT = "Brolin lowers AKR in nine of ten men who had gout and no ache for a year."


def document(text: str, pmid: str | None, identifier: str = "d") -> Document:
    return Document(identifier, "test", text, (), pmid=pmid)


@pytest.mark.parametrize(
    ("text", "pmid", "by"),
    [
        ("Something else entirely, of which no eight words are the same.", "7001", "PMID"),
        (TEXT.upper().replace(" ", "  "), None, "text"),
        (f"A title. {TEXT}", "7002", "text"),
        (TEXT[:40], None, "text"),
        ("Something else entirely, of which no eight words are the same.", "7002", None),
        ("Something else entirely, of which no eight words are the same.", None, None),
    ],
)
def test_a_document_is_known_by_its_pmid_or_its_words(text: str, pmid: str | None, by: str | None) -> None:
    known = KnownDocuments([StoredDocument(KEY, "7001", TEXT, ())])
    leaks = find_leaks([document(text, pmid)], known)
    assert [(leak.by, leak.known) for leak in leaks] == ([] if by is None else [(by, KEY)])


def test_a_run_knows_what_it_was_trained_on_and_not_what_it_was_tested_on(
    linear_run: Path, sample_union: Path
) -> None:
    known, same_set = training_set([linear_run], sample_union)
    assert same_set
    assert known.with_pmid("90000001") == DocumentKey("biored", "train", "90000001")
    assert known.with_pmid("90000004") is None  # BioRED's test document


def test_of_another_set_all_counts_that_the_recipe_names(
    linear_run: Path, sample_union: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(linear_run, tmp_path / "run"))
    record = json.loads((run / "training.json").read_text(encoding="utf-8"))
    record["union"]["manifest_sha256"] = "0" * 64
    (run / "training.json").write_text(json.dumps(record), encoding="utf-8")
    known, same_set = training_set([run], sample_union)
    assert not same_set
    assert known.with_pmid("90000001") is not None
