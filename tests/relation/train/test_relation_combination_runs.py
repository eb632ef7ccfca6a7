"""The combination head from end to end: trained by heart, stopped and resumed, scored, refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from relation_runs import record, stopped_and_resumed
from stopped_trainings import StopAt, weights
from transformers import AutoModelForSequenceClassification
from typer.testing import CliRunner

import harmonize
from harmonize.errors import HarmonizeError
from harmonize.pipelines.build import build
from harmonize.pipelines.cli import app
from harmonize.pipelines.evaluate import evaluated
from harmonize.registry import sample_folder
from harmonize.relation.combinations import Candidate, all_candidates, combination_contexts
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.combination_model import CombinationModel
from harmonize.relation.model.load import load_classifier
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.relation.train.training import train
from harmonize.spec import load_catalogue

pytestmark = pytest.mark.xdist_group("combination runs")  # they share their run
LABELS = load_catalogue().target.nary_labels


def recipe(**values: object) -> Recipe:
    given = {"encoder": "tiny", "max_length": 128, "batch_size": 4, "context_words": 20, "epochs": 30}
    return load_recipe("drug-combinations", {**given, **values})


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("combination-runs") / "union"
    build(out, sample_folder(), corpora=["biored", "drugcombo"])
    return out


@pytest.fixture(scope="module")
def run(union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("combination") / "run"
    return train(union, recipe(), out, device="cpu")


def evaluate(run: Path, union: Path, on: str, *more: str) -> tuple[int, str]:
    arguments = ["evaluate", "--model", str(run), "--union", str(union), "--on", on, *more]
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_it_is_loaded_by_transformers_and_says_what_it_was_trained_on(run: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(run)
    assert isinstance(model, CombinationModel)
    found = record(run)
    # One of nine sentences is of an article that is tested.
    assert (found["rows"]["in"], found["rows"]["train"]) == (9, 8)
    assert found["rows"]["left_out"] == {"drugcombo/train": {"its document stands in drugcombo/test": 1}}
    assert found["labels"] == [*LABELS, "None"]
    assert "sets of entities" in (run / "README.md").read_text(encoding="utf-8")


def test_what_it_was_trained_on_it_knows_by_heart(run: Path, union: Path) -> None:
    code, output = evaluate(run, union, "drugcombo/train")
    assert code == 0, output
    folder = run / "evaluation" / "drugcombo-train"
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["combinations"]
    assert found["all"]["contexts"] == 9
    # Of three combinations that share drugs one alone can be chosen; see the sample's dc9007.
    assert found["all"]["any_exact"]["f1"]["value"] > 0.75
    assert found["all"]["any_exact"]["f1"]["low"] is not None
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert {"doc_id": "dc9001", "drug_idxs": [0, 1], "relation_label": 2} in lines
    assert {"doc_id": "dc9003", "drug_idxs": [0, 1, 2], "relation_label": 2} in lines
    assert {"doc_id": "dc9004", "drug_idxs": [0, 1], "relation_label": 1} in lines
    assert not [line for line in lines if line["doc_id"] == "dc9008"]
    assert "| all | positive | exact |" in (run / "README.md").read_text(encoding="utf-8")


def test_evaluating_the_test_part_gives_four_scores_with_intervals(run: Path, union: Path) -> None:
    code, output = evaluate(run, union, "drugcombo/test")
    assert code == 0, output
    assert output.count("| all | ") == output.count("| without parts of gold | ") == 4


def test_stopped_and_resumed_it_has_the_same_weights(run: Path, union: Path, tmp_path: Path) -> None:
    steps = record(run)["steps"] // 2
    again, _ = stopped_and_resumed(union, recipe(), tmp_path / "run", StopAt(saved=steps), StopAt(steps + 1))
    assert weights(again) == weights(run)


def test_answers_do_not_depend_on_the_batch(run: Path, union: Path) -> None:
    classifier = Classifier.load(run, "cpu")
    contexts = combination_contexts(harmonize.load_nary(union), union, LABELS, 20)
    asked = [Candidate(each, members) for each in contexts for members in all_candidates(len(each.ids))]
    found = classifier.probabilities(asked)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    alone = classifier.probabilities(asked, batch_tokens=1)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, alone, atol=1e-5)


def test_it_begins_with_what_a_document_head_has_learnt(union: Path, tmp_path: Path) -> None:
    values = {"encoder": "tiny", "head": "document", "batch_size": 2, "epochs": 0.1, "development": None}
    before = train(union, load_recipe("original", values), tmp_path / "before", device="cpu")
    after = train(
        union,
        recipe(encoder=str(before), epochs=0.1, learning_rate=1e-9),
        tmp_path / "after",
        device="cpu",
    )
    one, other = weights(before), weights(after)
    names = ("encoder.embeddings.word_embeddings.weight", "queries.0.weight", "sides.1.weight")
    for name in names:
        np.testing.assert_allclose(
            np.frombuffer(one[name], dtype=np.float32),
            np.frombuffer(other[name], dtype=np.float32),
            atol=1e-6,
        )


def test_it_begins_with_the_encoder_of_a_prompt_model(
    union: Path, small_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    before = train(union, small_recipe(epochs=0.1), tmp_path / "before", device="cpu")
    after = train(union, recipe(encoder=str(before), epochs=0.1), tmp_path / "after", device="cpu")
    assert set(record(after)["labels"]) == {*LABELS, "None"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train_on": "biored"}, "train_on biored: expected rows to train on, none is left"),
        ({"train_on": "ddi"}, "unknown corpus of the set in train_on 'ddi'"),
        ({"development": "biored/dev"}, "development biored/dev: expected rows to watch, none is left"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    union: Path, tmp_path: Path, values: dict[str, object], message: str
) -> None:
    with pytest.raises(HarmonizeError, match=message) as error:
        train(union, recipe(**values), tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_pairs_are_not_trained_on_contexts(union: Path, tmp_path: Path) -> None:
    with pytest.raises(HarmonizeError, match="expected rows to train on, none is left"):
        train(union, recipe(head="document"), tmp_path / "run", device="cpu")


@pytest.mark.parametrize(
    ("on", "more", "message"),
    [
        ("biored/test", (), "biored/test: expected rows to test, the set has none"),
        ("drugcombo/test", ("--measure", "biorex"), "--measure: expected all"),
        ("drugcombo/test", ("--against", "{run}"), "--against: expected none"),
    ],
)
def test_what_cannot_be_scored_is_one_line(
    run: Path, union: Path, on: str, more: tuple[str, ...], message: str
) -> None:
    code, _ = evaluate(run, union, on, *(each.format(run=run) for each in more))
    assert code != 0
    against = run if "--against" in more else None
    with pytest.raises(HarmonizeError, match=message) as error:
        evaluated(run, union, on, against, "biorex" if "--measure" in more else "all", "cpu")
    assert "\n" not in str(error.value)


def test_scores_on_what_it_was_trained_on_say_so(run: Path, union: Path) -> None:
    code, output = evaluate(run, union, "drugcombo/train")
    assert code == 0
    assert "documents of drugcombo/train; scored all" in output
    assert (run / "evaluation/drugcombo-train/seen.json").is_file()


def test_folds_are_one_line(run: Path, union: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "folds/fold-0")
    with pytest.raises(HarmonizeError, match="folds: expected a run, got folds of runs that classify sets"):
        evaluated(tmp_path / "folds", union, "drugcombo/test", None, "all", "cpu")
    assert not (tmp_path / "folds/evaluation").exists()


def test_it_does_not_answer_about_pairs(run: Path) -> None:
    with pytest.raises(HarmonizeError, match="expected a run that classifies pairs, got one of sets"):
        load_classifier(run, "cpu")
