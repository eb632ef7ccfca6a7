"""Ensembles: the mean of runs of any head, made by one command and taken by all others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from made_once import made_once
from relation_runs import record
from typer.testing import CliRunner

from harmonize.errors import HarmonizeError, MalformedInput, SpecError
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.labels import decide, is_negative
from harmonize.relation.model.load import load_classifier
from harmonize.relation.model.mean import MeanClassifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("ensembles")  # they share their runs


def command(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def words(sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = small_recipe(head="logistic", threshold="development")
    return made_once(tmp_path_factory, "words", lambda out: train(sample_union, recipe, out, device="cpu"))


@pytest.fixture(scope="module")
def both(small_run: Path, words: Path, sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def made(out: Path) -> None:
        asked = ("ensemble", small_run, words, "--union", sample_union, "--out", out)
        assert command(*asked) == (0, f"made: {out}\n")

    return made_once(tmp_path_factory, "both", made)


def test_it_answers_with_the_mean_above_its_threshold(
    both: Path, small_run: Path, words: Path, sample_union: Path
) -> None:
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/test")))
    members = [load_classifier(run, "cpu") for run in (small_run, words)]
    mean, shift = MeanClassifier(members).probabilities(pairs), record(both)["best"]["shift"]
    found = load_classifier(both, "cpu")
    odds = np.exp([shift if is_negative(label) else 0 for label in found.labels])
    expected = mean * odds / (mean * odds).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probabilities(pairs), expected, rtol=1e-6)


def test_no_other_threshold_finds_more_of_the_development_part(both: Path, sample_union: Path) -> None:
    rows = rows_to_test(sample_union, "biored/dev")
    related = np.array([not is_negative(label) for label in rows["relation"].to_pylist()])
    classifier = load_classifier(both, "cpu")
    negative = np.array([is_negative(label) for label in classifier.labels])
    logits = np.log(np.array(predicted_rows(classifier, rows)["probabilities"].to_pylist()))

    def f(shift: float) -> float:
        found = ~negative[decide(np.where(negative, logits + shift, logits))]
        return 2 * int((found & related).sum()) / max(1, int(found.sum() + related.sum()))

    assert f(0) == pytest.approx(record(both)["best"]["development_pair_f"])
    assert f(0) == max(f(shift) for shift in np.linspace(-8, 8, 321))


def test_the_same_commands_score_and_ask_it(both: Path, sample_union: Path, tmp_path: Path) -> None:
    run, rows = Path(shutil.copytree(both, tmp_path / "run")), tmp_path / "rows.parquet"
    gold = sample_folder() / "biored/Test.PubTator"
    with chdir(tmp_path):
        for arguments in (
            ("evaluate", "--model", run, "--union", sample_union, "--on", "biored/test"),
            ("evaluate", "--model", run, "--union", sample_union, "--gold", gold),
            ("predict", gold, "--model", run, "--out", rows),
        ):
            code, output = command(*arguments)
            assert code == 0, output
    scored = pq.read_table(run / "evaluation/biored-test/predictions.parquet").to_pylist()
    asked = {row["instance_id"]: row for row in pq.read_table(rows).to_pylist()}
    assert scored
    for row in scored:
        assert asked[row["instance_id"]]["label"] == row["label"]
        assert asked[row["instance_id"]]["confidence"] == pytest.approx(row["confidence"], abs=1e-5)
    card = (run / "README.md").read_text(encoding="utf-8")
    assert "The mean of 2 classifiers (`members/`)" in card
    assert "of the members alone" in card
    each = ", ".join(str(member["rows"]) for member in record(both)["members"])
    assert f"- Rows: {each} trained on by the members, " in card
    assert "biored-test" in card


def test_its_members_are_whole_runs_without_their_scores(both: Path, small_run: Path) -> None:
    first = both / "members/1"
    assert (first / "model.safetensors").read_bytes() == (small_run / "model.safetensors").read_bytes()
    assert not (first / "evaluation").exists()
    assert [member["rows"] for member in record(both)["members"]] == [record(small_run)["rows"]["train"]] * 2


def test_it_may_be_a_member_and_a_teacher(
    both: Path, small_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert command("ensemble", both, small_run, "--union", sample_union, "--out", out)[0] == 0
    assert (out / "members/1/members/2/linear.json").is_file()
    assert load_classifier(out, "cpu").labels == load_classifier(both, "cpu").labels
    recipe = small_recipe(epochs=1, teacher=str(both))
    assert (train(sample_union, recipe, tmp_path / "student", device="cpu") / "prompt.json").is_file()


def test_it_is_made_again_only_if_a_member_was(
    both: Path, words: Path, sample_union: Path, tmp_path: Path
) -> None:
    one, other = (shutil.copytree(words, tmp_path / name) for name in ("one", "other"))
    asked = ("ensemble", one, other, "--union", sample_union, "--out", tmp_path / "out")
    assert command(*asked)[0] == 0
    made = (tmp_path / "out/training.json").stat().st_mtime_ns
    assert command(*asked)[0] == 0
    assert (tmp_path / "out/training.json").stat().st_mtime_ns == made
    again = json.loads((other / "training.json").read_text(encoding="utf-8"))
    again["seconds"]["training"] = 12345.0
    (other / "training.json").write_text(json.dumps(again), encoding="utf-8")
    assert command(*asked)[0] == 0
    assert (tmp_path / "out/training.json").stat().st_mtime_ns > made


def test_folds_are_combined_fold_by_fold(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    for name, head in (("words", "logistic"), ("margins", "svm")):
        for fold in (0, 1):
            recipe = small_recipe("folds-aimed", folds=3, fold=fold, head=head)
            train(sample_union, recipe, tmp_path / name / f"fold-{fold}", device="cpu")
    with chdir(tmp_path):
        code, output = command("ensemble", "words", "margins", "--union", sample_union, "--out", "both")
        assert (code, output) == (0, "made: both/fold-0\nmade: both/fold-1\n")
        assert command("evaluate", "--model", "both", "--union", sample_union, "--on", "aimed/train")[0] == 0
        shutil.rmtree("margins/fold-1")
        code, output = command("ensemble", "words", "margins", "--union", sample_union, "--out", "more")
        assert code == 2
        assert output.startswith("error: ensemble: expected runs of the same folds")
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"evaluate_on": "biored/dev", "development": None}, "expected evaluate_on biored/test"),
        ({"labels": "source"}, "expected labels harmonized"),
        ({"development": None}, "expected development biored/dev"),
    ],
)
def test_members_that_do_not_fit_are_one_line(
    words: Path,
    sample_union: Path,
    small_recipe: Small,
    tmp_path: Path,
    values: dict[str, object],
    expected: str,
) -> None:
    other = train(sample_union, small_recipe(head="svm", **values), tmp_path / "other", device="cpu")
    code, output = command("ensemble", words, other, "--union", sample_union, "--out", tmp_path / "out")
    assert code == 2
    assert output.startswith(f"error: {other}: {expected}, as {words} has it, got ")
    assert output.count("\n") == 1
    assert not [path for path in tmp_path.iterdir() if path.name not in ("other",)]


def test_what_is_no_run_is_one_line(words: Path, sample_union: Path, tmp_path: Path) -> None:
    for arguments, expected in (
        ((words, tmp_path), "expected a run of `harmonize train`, found no training.json"),
        ((words,), "ensemble: expected at least two runs, got 1"),
    ):
        code, output = command(
            "ensemble", *arguments, "--union", sample_union, "--out", tmp_path / "made/out"
        )
        assert code == 2
        assert expected in output
        assert output.count("\n") == 1
    code, output = command("ensemble", words, words, "--union", sample_union, "--out", words)
    assert (code, output) == (2, f"error: --out {words}: expected another folder than a member's\n")
    assert not (tmp_path / "made").exists()


def test_a_run_that_is_given_twice_is_one_line(words: Path, sample_union: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(words)
    for again in (words, tmp_path / "link", words / ".." / words.name):
        code, output = command(
            "ensemble", words, again, "--union", sample_union, "--out", tmp_path / "made/out"
        )
        assert (code, output) == (2, f"error: {again}: expected each run once, it is {words} again\n")
    assert not (tmp_path / "made").exists()


def test_a_member_of_another_set_is_one_line(words: Path, sample_union: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(words, tmp_path / "other"))
    of_other = record(other)
    of_other["union"]["manifest_sha256"] = "0" * 64
    (other / "training.json").write_text(json.dumps(of_other), encoding="utf-8")
    code, output = command("ensemble", words, other, "--union", sample_union, "--out", tmp_path / "out")
    assert code == 2
    assert output == f"error: {sample_union}: expected the set that {other} was trained on, got another\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"members": 0, "shift": 0}',
        '{"members": 2, "shift": "x"}',
        '{"members": 2, "shift": NaN}',
        '{"members": 2.5, "shift": 0}',
        '{"members": "2", "shift": 0}',
    ],
)
def test_a_broken_one_is_one_line(both: Path, tmp_path: Path, text: str) -> None:
    run = Path(shutil.copytree(both, tmp_path / "run"))
    (run / "ensemble.json").write_text(text, encoding="utf-8")
    with pytest.raises(MalformedInput) as error:
        load_classifier(run, "cpu")
    assert str(error.value).startswith(f"{run}/ensemble.json: expected")
    assert "\n" not in str(error.value)


def test_a_recipe_says_which_members() -> None:
    for values, expected in (
        ({"head": "ensemble"}, "members: expected at least two runs"),
        ({"head": "svm", "members": ["a", "b"]}, "members: expected null with head svm"),
    ):
        with pytest.raises(SpecError, match=expected):
            load_recipe("original", values)


def test_a_given_threshold_is_its_own(words: Path, both: Path, sample_union: Path, tmp_path: Path) -> None:
    values = load_recipe(both / "recipe.yaml").model_dump() | {"members": [str(words), str(words)]}
    for name, threshold, said in (("low", -50, "Association"), ("high", 50, "None")):
        recipe = Recipe.model_validate(values | {"development": None, "threshold": threshold})
        made = load_classifier(train(sample_union, recipe, tmp_path / name, device="cpu"), "cpu")
        rows = predicted_rows(made, rows_to_test(sample_union, "biored/test"))
        assert {is_negative(label) for label in rows["label"].to_pylist()} == {is_negative(said)}


def test_eight_bits_are_for_the_members_that_know_them(both: Path, words: Path) -> None:
    load_classifier(both, "cpu", "bf16")
    with pytest.raises(HarmonizeError, match="precision"):
        load_classifier(words, "cpu", "bf16")
