"""RENET: a set with it, and the recipe that goes on to it from every other corpus."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harmonize.evaluation.evaluate import evaluate
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.relation.model.classifier import Classifier, Prompt
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import rows_to_test
from harmonize.relation.train.training import train


@pytest.mark.parametrize(("source", "ambiguous"), [("renet", 0), ("renet2", 2)], ids=["renet", "renet2"])
def test_an_ambiguous_pair_is_unrelated_and_keeps_its_name(
    tmp_path: Path, source: str, ambiguous: int
) -> None:
    build(tmp_path / "set", sample_folder(), corpora=["renet"], sources={"renet": source})
    rows = pq.read_table(tmp_path / "set/data").to_pylist()
    named = [row for row in rows if row["source_relations"] == ["ambiguous"]]
    assert len(named) == ambiguous
    assert {row["relation"] for row in named} <= {"None-RENET"}
    for row in rows:
        assert (row["relation"] == "Association") == (row["source_relations"] == ["related"])


def test_the_recipe_goes_on_to_renet_from_the_other_corpora(tmp_path: Path) -> None:
    union = tmp_path / "set"
    build(union, sample_folder(), corpora=["biored", "bc5cdr", "renet"])
    few = {"encoder": "tiny", "max_length": 128, "epochs": 2, "batch_size": 2}
    run = train(union, load_recipe("renet", few), tmp_path / "run", device="cpu")
    assert Prompt.read(run).head == Prompt.read(run / "first").head == "atlop"
    classifier = Classifier.load(run, "cpu")
    assert set(classifier.labels) == {"Association", "None-RENET"}
    assert "None-BC5CDR" in Classifier.load(run / "first", "cpu").labels
    rows = rows_to_test(union, "renet/test")
    assert evaluate(rows, predicted_rows(classifier, rows)).all.overall.rows == 2
