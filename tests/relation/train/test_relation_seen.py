"""Scores on documents that a run was trained on, or that repeat one that it was: told, or left out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harmonize.pipelines.build import build
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import rows_of
from harmonize.relation.train.ensembling import ensemble_recipe
from harmonize.relation.train.seen import seen_documents
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
REPEATED, REPEATING, OTHER = "90000001", "90000024", "90000025"
"""A document of BioRED's train part, that of BC5CDR's test part which gets its PMID, and the other there."""


@pytest.fixture(scope="module")
def repeating(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of which BC5CDR's test part repeats a document of BioRED's train part."""
    folder = tmp_path_factory.mktemp("repeating")
    for corpus in ("biored", "bc5cdr"):
        shutil.copytree(sample_folder() / corpus, folder / "mirror" / corpus)
    test = folder / "mirror/bc5cdr/CDR_TestSet.PubTator.txt"
    test.write_text(test.read_text(encoding="utf-8").replace(REPEATING, REPEATED), encoding="utf-8")
    sources = {"biored": "pubtator", "bc5cdr": "pubtator"}
    build(folder / "union", folder / "mirror", corpora=("biored", "bc5cdr"), sources=sources)
    return folder / "union"


@pytest.fixture(scope="module")
def trained(repeating: Path, small_recipe: Small) -> Path:
    """A run on all of BioRED but its test part."""
    recipe = small_recipe(head="logistic", train_on=["biored/train", "biored/dev"], development=None)
    return train(repeating, recipe, repeating.with_name("run"), device="cpu")


def evaluated(run: Path, union: Path, *more: str | Path, code: int = 0) -> Result:
    arguments = ["evaluate", "--model", run, "--union", union, *more]
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def test_repeats_and_documents_that_were_trained_on(trained: Path, repeating: Path) -> None:
    assert seen_documents(trained, repeating, "bc5cdr/test") == {REPEATED: ("biored", "train", REPEATED)}
    of_dev = set(rows_of(repeating, [("biored", "dev")])["document_id"].to_pylist())
    assert seen_documents(trained, repeating, "biored/dev").keys() == of_dev
    assert seen_documents(trained, repeating, "biored/test") == {}


def test_they_are_told_and_scored(trained: Path, repeating: Path) -> None:
    done = evaluated(trained, repeating, "--on", "bc5cdr/test")
    assert "- 2 documents, " in done.stdout
    told = "- trained on, or repeats of such: 1 document of bc5cdr/test; scored all the same; "
    assert f"{told}`--leave-out-leaks` leaves them out: {REPEATED}\n" in done.stdout
    kept = trained / "evaluation/bc5cdr-test/seen.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == {REPEATED: f"biored/train/{REPEATED}"}


def test_they_are_told_of_a_part_that_is_named_as_people_write_it(trained: Path, repeating: Path) -> None:
    done = evaluated(trained, repeating, "--on", "bc5cdr/test")
    assert evaluated(trained, repeating, "--on", "BC5CDR/test").stdout == done.stdout
    assert "unknown corpus of the set" in evaluated(trained, repeating, "--on", "BC6/test", code=2).output


def test_they_are_left_out_if_wanted(trained: Path, repeating: Path, small_recipe: Small) -> None:
    other = train(
        repeating,
        small_recipe(head="svm", train_on=["bc5cdr"], evaluate_on="bc5cdr/test", development=None),
        repeating.with_name("other"),
        device="cpu",
    )
    done = evaluated(trained, repeating, "--on", "bc5cdr/test", "--leave-out-leaks", "--against", other)
    assert "- 1 document, " in done.stdout
    assert f"trained on, or repeats of such: 1 document of bc5cdr/test; left out: {REPEATED}\n" in done.stdout
    folder = trained / "evaluation/bc5cdr-test-without-leaks"
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    rows = rows_of(repeating, [("bc5cdr", "test")])["document_id"].to_pylist()
    assert found["all"]["overall"]["rows"] == rows.count(OTHER) == len(rows) - rows.count(REPEATED)
    assert (folder / "comparison.json").is_file()


def test_the_other_runs_documents_are_its_own(trained: Path, repeating: Path, small_recipe: Small) -> None:
    """Scores of a run do not depend on what it is compared with."""
    recipe = small_recipe(head="svm", train_on=["bc5cdr"], evaluate_on="biored/test", development=None)
    clean = train(repeating, recipe, repeating.with_name("clean"), device="cpu")
    done = evaluated(clean, repeating, "--on", "bc5cdr/test", "--leave-out-leaks", "--against", trained)
    assert "Documents that run was trained on" in done.stdout
    assert "Documents that clean was trained on" not in done.stdout
    folder = clean / "evaluation/bc5cdr-test-without-leaks"
    assert not (folder / "seen.json").exists()
    found, compared = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("metrics.json", "comparison.json")
    )
    assert found["documents"] == 2
    assert compared["documents"] == 1


def test_members_and_what_a_run_began_as_count(trained: Path, repeating: Path, small_recipe: Small) -> None:
    values = {"train_on": ["bc5cdr"], "development": None, "epochs": 0.1}
    first = train(repeating, small_recipe(**values), repeating.with_name("first"), device="cpu")
    values |= {"train_on": ["biored"], "encoder": str(first)}
    second = train(repeating, small_recipe(**values), repeating.with_name("second"), device="cpu")
    of_train = set(rows_of(repeating, [("bc5cdr", "train")])["document_id"].to_pylist())
    assert seen_documents(second, repeating, "bc5cdr/train").keys() == of_train
    recipe = ensemble_recipe([trained, first])
    both = train(repeating, recipe, repeating.with_name("both"), device="cpu")
    assert seen_documents(both, repeating, "bc5cdr/train").keys() >= of_train
    assert REPEATED in seen_documents(both, repeating, "bc5cdr/test")


def test_folds_are_asked_about_their_own_rows_and_elsewhere_for_their_mean(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    values = {"train_on": ["hprd50"], "evaluate_on": "hprd50/train", "folds": 3, "development": None}
    for fold in range(3):
        recipe = small_recipe(**values, fold=fold, head="logistic")
        train(sample_union, recipe, tmp_path / f"folds/fold-{fold}", device="cpu")
    folds = tmp_path / "folds"
    assert "trained on" not in evaluated(folds, sample_union, "--on", "hprd50/train").stdout
    done = evaluated(folds, sample_union, "--on", "biored/test")
    assert f"{rows_of(sample_union, [('biored', 'test')]).num_rows:,} rows" in done.stdout
    fewer = tmp_path / "fewer"
    shutil.copytree(folds, fewer)
    shutil.rmtree(fewer / "fold-2")
    assert (
        "Not trained, and so not asked: 1 of the folds."
        in evaluated(fewer, sample_union, "--on", "hprd50/train").stdout
    )
    for one, other in ((folds, fewer), (fewer, folds)):
        done = evaluated(one, sample_union, "--on", "hprd50/train", "--against", other, code=2)
        assert done.stderr.startswith("error: --against: expected two runs that are scored on the same rows")
        assert f"{fewer} has" in done.stderr


def test_of_a_part_that_was_held_out_nothing_is_told(trained: Path, repeating: Path) -> None:
    assert "trained on" not in evaluated(trained, repeating, "--on", "biored/test").stdout
    assert not (trained / "evaluation/biored-test/seen.json").exists()


def test_a_part_that_was_trained_on_whole_is_one_line(trained: Path, repeating: Path) -> None:
    done = evaluated(trained, repeating, "--on", "biored/dev", "--leave-out-leaks", code=2)
    said = f"error: {trained}: expected documents that it was not trained on, found none"
    assert done.stderr.splitlines() == [said]
    assert not (trained / "evaluation/biored-dev-without-leaks").exists()


def test_of_a_run_on_another_set_all_documents_of_its_parts_count(trained: Path, sample_union: Path) -> None:
    """The sample has the same documents, in another set; its BC5CDR repeats nothing."""
    of_train = set(rows_of(sample_union, [("biored", "train")])["document_id"].to_pylist())
    assert seen_documents(trained, sample_union, "biored/train").keys() >= of_train
    assert seen_documents(trained, sample_union, "bc5cdr/test") == {}
