"""The linear baselines: their features, and whole runs under the same commands as all other heads."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from numpy.typing import NDArray
from relation_cases import pair, pairs
from relation_runs import record
from typer.testing import CliRunner

from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.labels import LabelSpace, is_negative
from harmonize.relation.model.linear import LINEAR_HEADS, Labelled, features, fitted
from harmonize.relation.model.load import load_classifier
from harmonize.relation.pair import Pair
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("linear")  # they share their runs


def test_the_features_of_a_sentence() -> None:
    found = features(pair("Low dose aspirin. It may cause asthma, and gout.", ["aspirin"], ["asthma"]))
    assert {
        "before: low dose",
        "between: HEADENTITY . it",
        "between: may cause TAILENTITY",
        "after: , and gout",
        "words between: 3",
        "sentences between: 1",
        "types: ChemicalEntity DiseaseOrPhenotypicFeature",
        "first: head BioRED",
        "mentions of head: 1",
        "corpus: BioRED",
        "low",
        "cause TAILENTITY",
    } <= set(found)
    # The names themselves would be learnt by heart.
    assert not any("aspirin" in feature or "asthma" in feature for feature in found)


def test_the_nearest_mentions_divide_the_words() -> None:
    found = set(features(pair("x one y two x three", [(0, 1), (12, 13)], ["y"])))
    assert "between: HEADENTITY one TAILENTITY" in found
    assert "after: two HEADENTITY three" in found
    assert "mentions of head: 2" in found
    assert "first: tail BioRED" in features(pair("y one x", ["x"], ["y"]))


def test_the_outer_mention_hides_what_it_covers_but_not_the_inner_one() -> None:
    found = set(features(pair("acute lead poisoning", ["lead"], ["lead poisoning"])))
    assert "between: TAILENTITY HEADENTITY" in found
    assert "words between: 0" in found
    assert not any("poisoning" in feature for feature in found)


@given(pairs())
def test_every_pair_has_features_of_both_entities(made: Pair) -> None:
    found = features(made)
    for name in ("HEADENTITY", "TAILENTITY"):
        assert any(name in feature for feature in found)
    assert found == features(made)


@pytest.fixture(scope="module")
def runs(
    sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("linear")
    return {
        head: train(sample_union, small_recipe(head=head), folder / head, device="cpu")
        for head in LINEAR_HEADS
    }


def told_by_a_word(count: int, seed: int) -> tuple[list[Pair], NDArray[np.int64]]:
    """Pairs of which those with "causes" between the mentions are related, among words that say nothing."""
    random = np.random.default_rng(seed)
    noise = ["the", "of", "in", "causes", "patients", "dose", "after", "study"]
    made, labels = [], []
    for _ in range(count):
        before, after = (" ".join(random.choice(noise, 6)) for _ in range(2))
        related = bool(random.integers(2))
        made.append(pair(f"{before} x {'causes' if related else 'and'} y {after}", ["x"], ["y"]))
        labels.append(0 if related else 1)
    return made, np.array(labels)


@pytest.mark.parametrize("head", LINEAR_HEADS)
def test_a_baseline_learns_which_word_stands_between(head: str) -> None:
    space = LabelSpace(("Association", "None", "never seen"))
    learnt, watched, (tested, gold) = (
        Labelled(*told_by_a_word(count, seed)) for seed, count in enumerate((600, 40, 200))
    )
    classifier, scores = fitted(head, learnt, watched, space, "harmonized")
    found = classifier.probabilities(tested)
    np.testing.assert_array_equal(found.argmax(axis=1), gold)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(found[:, 2], 0)
    assert max(scores.values()) == 1


@pytest.mark.parametrize("head", LINEAR_HEADS)
def test_the_same_commands_score_and_ask_it(
    runs: dict[str, Path], sample_union: Path, tmp_path: Path, head: str
) -> None:
    run, rows = Path(shutil.copytree(runs[head], tmp_path / "run")), tmp_path / "rows.parquet"
    with chdir(tmp_path):
        for arguments in (
            ("evaluate", "--model", run, "--union", sample_union, "--on", "biored/test"),
            ("predict", sample_folder() / "biored/Test.PubTator", "--model", run, "--out", rows),
        ):
            done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
            assert done.exit_code == 0, done.output
    scored = pq.read_table(run / "evaluation/biored-test/predictions.parquet").to_pylist()
    asked = {row["instance_id"]: row for row in pq.read_table(rows).to_pylist()}
    assert scored
    for row in scored:
        assert asked[row["instance_id"]]["label"] == row["label"]
        assert asked[row["instance_id"]]["confidence"] == pytest.approx(row["confidence"], abs=1e-5)
    card = (run / "README.md").read_text(encoding="utf-8")
    assert f"A linear baseline ({head})" in card
    assert "base_model" not in card


def test_the_strength_that_does_best_is_kept(runs: dict[str, Path]) -> None:
    found = record(runs["svm"])
    scores = {each["strength"]: each["pair_f"] for each in found["evaluations"]}
    assert len(scores) == 3
    assert scores[found["best"]["strength"]] == found["best"]["development_pair_f"] == max(scores.values())


@pytest.mark.parametrize(("name", "values"), [("original", {}), ("multi-task", {"first": None})])
def test_its_threshold_is_the_best_of_the_development_part(
    sample_union: Path, small_recipe: Small, tmp_path: Path, name: str, values: dict[str, object]
) -> None:
    recipe = small_recipe(name, head="svm", threshold="development", **values)
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    rows = rows_to_test(sample_union, "biored/dev")
    related = np.array([not is_negative(label) for label in rows["relation"].to_pylist()])
    classifier = load_classifier(run)
    negative = np.array([is_negative(label) for label in classifier.labels])
    with np.errstate(divide="ignore"):
        logits = np.log(classifier.probabilities(pairs_of(rows)))

    def f(shift: float) -> float:
        found = ~negative[np.where(negative, logits + shift, logits).argmax(axis=1)]
        return 2 * int((found & related).sum()) / int(found.sum() + related.sum())

    assert f(0) == pytest.approx(record(run)["best"]["development_pair_f"])
    assert f(0) == max(f(shift) for shift in np.linspace(-5, 5, 201))


def test_a_given_threshold_needs_no_development_part(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    found = []
    for name, threshold in (("plain", "even"), ("raised", -2)):
        recipe = small_recipe(head="logistic", development=None, threshold=threshold)
        run = train(sample_union, recipe, tmp_path / name, device="cpu")
        found.append(load_classifier(run).probabilities(pairs_of(rows_to_test(sample_union, "biored/dev"))))
    negative = np.array([is_negative(label) for label in load_classifier(run).labels])
    plain, raised = (np.log(each) for each in found)
    moved = (raised - plain)[:, negative].mean(axis=1) - (raised - plain)[:, ~negative].mean(axis=1)
    np.testing.assert_allclose(moved, -2, atol=1e-4)


def test_the_same_weights_each_time(
    runs: dict[str, Path], sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    again = train(sample_union, small_recipe(head="logistic"), tmp_path / "again", device="cpu")
    one, other = (np.load(run / "linear.npz") for run in (runs["logistic"], again))
    for name in one.files:
        np.testing.assert_array_equal(one[name], other[name])


def test_outputs_for_each_corpus(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    recipe = small_recipe("multi-task", head="svm", first=None)
    classifier = load_classifier(train(sample_union, recipe, tmp_path / "run", device="cpu"))
    found = classifier.probabilities(pairs_of(rows_to_test(sample_union, "ddi/test")))
    np.testing.assert_allclose(found[:, classifier.space.own("ddi")].sum(axis=1), 1, rtol=1e-5)


def test_eight_bits_are_not_for_it(runs: dict[str, Path]) -> None:
    with pytest.raises(HarmonizeError, match="precision: expected auto or fp32 for a linear baseline"):
        load_classifier(runs["svm"], precision="int8")


def test_a_device_that_is_none_is_refused(runs: dict[str, Path]) -> None:
    with pytest.raises(HarmonizeError, match="device: expected auto, cpu or cuda, got 'gpu'"):
        load_classifier(runs["svm"], device="gpu")


@pytest.mark.parametrize("damage", ["not json", "{}", "cut weights", "no weights"])
def test_a_broken_run_is_one_line(runs: dict[str, Path], tmp_path: Path, damage: str) -> None:
    run = Path(shutil.copytree(runs["svm"], tmp_path / "run"))
    if damage == "cut weights":
        (run / "linear.npz").write_bytes((run / "linear.npz").read_bytes()[:100])
    elif damage == "no weights":
        (run / "linear.npz").unlink()
    else:
        (run / "linear.json").write_text(damage, encoding="utf-8")
    with pytest.raises(MalformedInput, match="expected what `harmonize train` writes") as error:
        load_classifier(run)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(run / ("linear.npz" if "weights" in damage else "linear.json")))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("by_corpus", "no", "expected true or false, got 'no'"),
        ("kind", "ours", "expected 'harmonized' or 'source', got 'ours'"),
        ("columns", 0, "expected a number of at least 1, got 0"),
    ],
)
def test_a_value_that_it_cannot_have_is_one_line(
    runs: dict[str, Path], tmp_path: Path, name: str, value: object, said: str
) -> None:
    run = Path(shutil.copytree(runs["svm"], tmp_path / "run"))
    about = json.loads((run / "linear.json").read_text(encoding="utf-8"))
    (run / "linear.json").write_text(json.dumps({**about, name: value}), encoding="utf-8")
    with pytest.raises(MalformedInput) as error:
        load_classifier(run)
    assert str(error.value) == f"{run}/linear.json: expected what `harmonize train` writes: {name}: {said}"


def test_a_weight_of_another_shape_is_one_line(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["svm"], tmp_path / "run"))
    about = json.loads((run / "linear.json").read_text(encoding="utf-8"))
    about["names"] = about["names"][:-1]
    (run / "linear.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(MalformedInput, match="expected what `harmonize train` writes"):
        load_classifier(run)


def test_without_scikit_learn_it_says_what_to_install(
    sample_union: Path, small_recipe: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(HarmonizeError, match="head svm: install scikit-learn with"):
        train(sample_union, small_recipe(head="svm"), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()
