"""pseudo-label as a user meets it: one run, folds, and a student of what they say."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pseudo_cases import articles
from relation_runs import record
from typer.testing import CliRunner, Result

from harmonize.pipelines.cli import app
from harmonize.relation.labels import is_negative
from harmonize.relation.model.load import load_classifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("pseudo command")  # they share their runs


def label(*arguments: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(
        app, ["pseudo-label", *map(str, arguments), "--device", "cpu"], catch_exceptions=False
    )
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def folds(sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folds of a baseline, which takes a blink."""
    out = tmp_path_factory.mktemp("folds") / "folds"
    values = {"train_on": ["hprd50"], "evaluate_on": "hprd50/train", "folds": 2, "development": None}
    for fold in (0, 1):
        recipe = small_recipe(**values, fold=fold, head="logistic")
        train(sample_union, recipe, out / f"fold-{fold}", device="cpu")
    return out


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of articles, one file of them packed."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.PubTator").write_text(articles(range(700, 703)), encoding="utf-8")
    (folder / "b.PubTator.gz").write_bytes(gzip.compress(articles(range(703, 706)).encode()))
    return folder


def test_folds_label_and_are_checked(sample_union: Path, folds: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "sure.parquet"
    arguments = (source, "--model", folds, "--union", sample_union, "--threshold", "0.55", "--out", out)
    done = label(*arguments)
    assert done.stdout == out.with_suffix(".md").read_text(encoding="utf-8")
    rows = pq.read_table(out)
    said = json.loads(pq.ParquetFile(out).metadata.metadata[b"harmonize"])
    kept = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    check = kept.pop("check")
    assert said == kept
    assert (said["model"], said["threshold"], len(said["models"])) == (str(folds), 0.55, 2)
    for unit, count in (("documents", len(set(rows["document_id"].to_pylist()))), ("pairs", rows.num_rows)):
        assert said[unit]["out"] == count
        assert said[unit]["in"] == count + sum(said[unit]["dropped"].values())
    assert (said["documents"]["in"], said["pairs"]["in"]) == (6, 12)
    # What is kept is what the mean of both says.
    asked = [load_classifier(folds / f"fold-{fold}", "cpu") for fold in (0, 1)]
    assert asked[0].labels == asked[1].labels
    mean = np.mean([each.probabilities(list(pairs_of(rows))) for each in asked], axis=0)
    np.testing.assert_allclose(rows["confidence"].to_numpy(), mean.max(axis=1), rtol=1e-6)
    labels = [asked[0].labels[place] for place in mean.argmax(axis=1)]
    assert [is_negative(each) for each in labels] == list(map(is_negative, rows["relation"].to_pylist()))
    # The table judges each fold's own rows.
    gold, right, sure = [], 0, 0
    for fold, classifier in enumerate(asked):
        part = rows_to_test(sample_union, "hprd50/train", 2, fold)
        answers = predicted_rows(classifier, part)
        columns = (part["relation"], answers["label"], answers["confidence"])
        for truth, answer, confidence in zip(*(each.to_pylist() for each in columns), strict=True):
            gold.append(truth)
            same = truth == answer or (is_negative(truth) and is_negative(answer))
            sure += confidence >= 0.55
            right += same and confidence >= 0.55
    at_threshold = next(each for each in check["kept"] if each["threshold"] == 0.55)
    assert (at_threshold["all"]["rows"], at_threshold["all"]["right"]) == (sure, right)
    assert check["rows"] == len(gold)
    assert "| **0.55** |" in done.stdout
    assert "Each of 2 models on its own fold of hprd50/train" in done.stdout


def test_a_student_is_trained_on_what_one_run_is_sure_of(
    small_run: Path, sample_union: Path, small_recipe: Small, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "sure.parquet"
    arguments = (source, "--model", small_run, "--union", sample_union, "--threshold", "0.2", "--out", out)
    done = label(*arguments)
    assert "Not checked: one run" in done.stdout
    assert json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["check"] is None
    rows = pq.read_table(out)
    assert rows.num_rows > 0
    student = tmp_path / "student"
    values = ("encoder=tiny", "max_length=128", "development=null", "epochs=0.1", f"pseudo={out}")
    settings = [part for value in values for part in ("--set", value)]
    command = ["train", "--recipe", "original", "--union", str(sample_union), "--out", str(student)]
    trained = CliRunner().invoke(app, [*command, *settings, "--device", "cpu"], catch_exceptions=False)
    assert trained.exit_code == 0, trained.output
    assert record(student)["pseudo"]["trained_on"] == rows.num_rows
    # What the student labels names the teacher as well.
    done = label(*arguments[:2], student, *arguments[3:], "--as-corpus", "bc5cdr")
    assert "warning: asked as bc5cdr, on which the run was not trained; --as-corpus biored" in done.stderr
    about = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert [each["recipe"]["pseudo"] for each in about["models"]] == [str(out), None]


@pytest.mark.parametrize("suffix", [".json", ".md"])
def test_the_record_never_takes_the_place_of_the_documents(
    small_run: Path, sample_union: Path, tmp_path: Path, suffix: str
) -> None:
    source = tmp_path / f"articles{suffix}"
    source.write_text(articles([1]), encoding="utf-8")
    arguments = ("--model", small_run, "--union", sample_union, "--threshold", "0.2", "--format", "pubtator")
    done = label(source, *arguments, "--out", source.with_suffix(".parquet"), code=2)
    assert done.stderr == f"error: {source}: expected another file than the input\n"
    assert source.read_text(encoding="utf-8") == articles([1])


@pytest.mark.parametrize("suffix", [".json", ".md"])
def test_files_of_the_same_name_are_not_replaced(
    sample_union: Path, source: Path, tmp_path: Path, suffix: str
) -> None:
    mine = tmp_path / f"README{suffix}"
    mine.write_text("mine", encoding="utf-8")
    arguments = ("--model", tmp_path, "--union", sample_union, "--threshold", "0.2")
    done = label(source, *arguments, "--out", tmp_path / "README.parquet", code=2)
    assert done.stderr == f"error: {mine}: expected no file yet, README.parquet holds no pseudo-labels\n"
    assert mine.read_text(encoding="utf-8") == "mine"


def test_what_cannot_be_labelled_is_one_line_and_writes_nothing(
    small_run: Path, sample_union: Path, folds: Path, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "sure.parquet"
    good = {"--model": small_run, "--union": sample_union, "--threshold": "0.9", "--out": target}
    other = tmp_path / "union"
    shutil.copytree(sample_union, other)
    manifest = other / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    broken = tmp_path / "broken.PubTator"
    broken.write_text(articles([1]) + "2|t|Aspirin\n2|a|\n2\t0\t7\tIron\tChemical\tX\n\n", encoding="utf-8")
    faults: list[tuple[Path, dict[str, Path | str], str]] = [
        (
            source,
            {"--threshold": "1.5"},
            "--threshold: expected a probability above 0 and at most 1, got 1.5",
        ),
        (source, {"--negatives": "-2"}, "--negatives: expected a number of pairs, got -2"),
        (source, {"--out": tmp_path / "sure.txt"}, "expected a name that ends in .parquet"),
        (source, {"--model": tmp_path}, "expected a run of `harmonize train`"),
        (source, {"--union": tmp_path}, "expected a union set"),
        (source, {"--as-corpus": "nine"}, "unknown corpus 'nine'"),
        (source, {"--format": "union"}, "unknown input format 'union'"),
        (sample_union, {}, "expected documents to label, got a union set, which is labelled"),
        (source, {"--model": folds, "--union": other}, "expected the set that "),
        (tmp_path / "none", {}, "none: "),
        (broken, {"--strict": ""}, "expected 'Iron' at 0-7"),
    ]
    for where, changed, message in faults:
        options = [str(part) for pair in (good | changed).items() for part in pair if part != ""]
        done = label(where, *options, code=2)
        assert message in done.stderr
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert not [*tmp_path.glob("out/*"), *tmp_path.glob("sure*")]
