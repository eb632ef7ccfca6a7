"""What `harmonize evaluate` tells while it is at work, and before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_cli import run

from harmonize.pipelines.evaluate import evaluated
from harmonize.pipelines.evaluate_gold import GoldChoice, evaluated_on_gold
from harmonize.registry import sample_folder
from harmonize.union.reader import load_union

GOLD = sample_folder() / "biored/Test.PubTator"


def test_how_many_documents_are_done_is_told(
    quick_run: Path, sample_union: Path, undrawn_figures: None, tmp_path: Path
) -> None:
    model, told = Path(shutil.copytree(quick_run, tmp_path / "run")), list[int]()
    rows = load_union(sample_union, corpora=["biored"], splits=["test"])
    documents = len(set(rows["document_id"].to_pylist()))
    evaluated(model, sample_union, "biored/test", None, "all", "cpu", progress=told.append)
    assert told[-1] == documents
    evaluated(model, sample_union, "biored/test", quick_run, "all", "cpu", progress=told.append)
    assert told[-1] == 2 * documents
    evaluated_on_gold(model, GoldChoice((GOLD,)), sample_union, None, "all", "cpu", progress=told.append)
    assert told[-1] == 1


@pytest.mark.parametrize("on", [("--on", "biored/test"), ("--gold", str(GOLD))])
def test_where_scores_cannot_be_kept_no_classifier_is_asked(
    quick_run: Path, sample_union: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: tuple[str, ...]
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr("harmonize.relation.model.load.load_classifier", fail)
    model = Path(shutil.copytree(quick_run, tmp_path / "run"))
    shutil.rmtree(model / "evaluation", ignore_errors=True)
    (model / "evaluation").touch()
    told = run("evaluate", "--model", model, "--union", sample_union, *on, code=2).stderr
    assert told.endswith(f"expected a folder to write the scores in, {model / 'evaluation'} is a file\n")
    assert told.count("\n") == 1
    (model / "evaluation").unlink()
    (model / "evaluation").mkdir()
    name = "biored-test" if on[0] == "--on" else "gold-Test"
    (model / "evaluation" / name).touch()
    told = run("evaluate", "--model", model, "--union", sample_union, *on, code=2).stderr
    assert told == f"error: {model / 'evaluation' / name}: expected a folder, got a file\n"


@pytest.mark.parametrize("broken", ["{", "[]", '{"all": 1}', '{"all": {"overall": {}}, "measure": "all"}'])
def test_a_broken_evaluation_of_before_is_one_line(
    quick_run: Path, sample_union: Path, tmp_path: Path, broken: str
) -> None:
    model = Path(shutil.copytree(quick_run, tmp_path / "run"))
    (model / "evaluation/other").mkdir(parents=True)
    path = model / "evaluation/other/metrics.json"
    path.write_text(broken)
    told = run("evaluate", "--model", model, "--union", sample_union, "--on", "biored/test", code=2).stderr
    assert told == f"error: {path}: expected the scores of an evaluation; remove its folder\n"
