"""The real BioRED: whether the BioREx measure counts what the paper's evaluation counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from evaluation_tables import prediction_table

import harmonize
from harmonize.evaluation.evaluate import evaluate
from harmonize.ledger import Ledger
from harmonize.registry import adapter
from harmonize.rules.adjust import adjust
from harmonize.sources.source import Source
from harmonize.spec import Separators, load_catalogue
from harmonize.union.rows import record_batch

# "impairments of learning and memory" names two diseases, and sevoflurane's relation to both is one line.
COMPOSITE = ("16428827", "D012601", {"D007859", "D008569"})


@pytest.fixture(scope="module")
def biored_test(real_union: Path) -> pa.Table:
    return harmonize.load_union(real_union, corpora=["biored"], splits=["test"])


def as_gold(table: pa.Table) -> pa.Table:
    """Predictions that are the gold relations."""
    return prediction_table(table, table["relation"].to_pylist())


def test_967_gold_relations_of_the_biorex_measure(biored_test: pa.Table) -> None:
    evaluation = evaluate(biored_test, as_gold(biored_test), bootstrap=0)
    assert (evaluation.documents, evaluation.all.overall.positive) == (100, 1_164)
    assert evaluation.biorex is not None
    assert evaluation.variants_only is not None
    assert evaluation.biorex.overall.positive == 966 + 1
    assert evaluation.variants_only.overall.positive == 197
    by_type = {name: section.positive for name, section in evaluation.biorex.by_pair_type.items()}
    assert by_type == {"C-C": 94, "C-D": 190, "C-G": 148, "D-G": 295, "G-G": 240}


def test_most_rows_have_an_entity_that_is_mentioned_once(biored_test: pa.Table) -> None:
    found = evaluate(biored_test, as_gold(biored_test), bootstrap=0).by_mentions
    assert sum(section.rows for section in found.values()) == len(biored_test)
    assert (found["1"].rows, found["1"].positive) == (6_034, 628)


def test_most_relations_of_a_test_abstract_stand_in_one_sentence(biored_test: pa.Table) -> None:
    found = evaluate(biored_test, as_gold(biored_test), bootstrap=0).by_sentence
    assert {name: (section.rows, section.positive) for name, section in found.items()} == {
        "one sentence": (3_106, 954),
        "several sentences": (4_491, 210),
    }


def test_one_more_than_966_since_one_relation_names_two_diseases(biored_test: pa.Table) -> None:
    document, chemical, diseases = COMPOSITE
    rows = [
        row
        for row in biored_test.to_pylist()
        if row["document_id"] == document and row["head_id"] == chemical and row["tail_id"] in diseases
    ]
    assert {row["tail_id"] for row in rows} == diseases
    assert {row["relation"] for row in rows} == {"Positive_Correlation"}


def test_966_with_the_composite_as_one_entity(mirror: Path) -> None:
    """As the reference code reads it: "D1|D2" is one id."""
    catalogue = load_catalogue()
    corpus = catalogue["biored"]
    spec = corpus.spec.model_copy(update={"id_separators": Separators(default=",;")})
    joined, ledger = replace(corpus, spec=spec), Ledger()
    documents = adapter("biored", catalogue)(Source(joined, "pubtator", mirror / "biored", ledger))
    batches = [
        record_batch("biored", document, adjust(document, joined, ledger))
        for document in documents
        if document.split == "test"
    ]
    rows = pa.Table.from_batches(batches)
    for name, value in (("corpus", "biored"), ("split", "test")):
        rows = rows.append_column(name, pa.array([value] * len(rows)))
    evaluation = evaluate(rows, as_gold(rows), bootstrap=0)
    assert (evaluation.all.overall.rows, evaluation.all.overall.positive) == (7_591, 1_163)
    assert evaluation.biorex is not None
    assert evaluation.biorex.overall.positive == 966
    assert evaluation.biorex.by_pair_type["C-D"].positive == 189


@pytest.mark.parametrize("corpus", ["emu", "pharmgkb", "disgenet"])
def test_the_repositories_allow_recall_only(real_union: Path, corpus: str) -> None:
    gold = harmonize.load_union(real_union, corpora=[corpus])
    binary = evaluate(gold, as_gold(gold)).all.overall.binary
    assert binary.precision.value is binary.f1.value is None
    assert f"({corpus})" in (binary.f1.reason or "")
    assert binary.recall.value == 1
