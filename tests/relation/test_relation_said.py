"""Novelty and direction: targets, loss, and runs of every kind of head that learn, stop, load and answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from relation_runs import record, stopped_and_resumed
from stopped_trainings import StopAt, weights
from torch.nn.functional import cross_entropy
from transformers import AutoModelForSequenceClassification, EvalPrediction
from typer.testing import CliRunner

from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.formats import pubtator
from harmonize.model import NOVELTY, SUBJECTS
from harmonize.pipelines.build import build
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.objective import Loss, raise_negatives, watched_scores
from harmonize.relation.predictions import PREDICTION_SCHEMA, predicted_rows, read_predictions
from harmonize.relation.recipe import Recipe
from harmonize.relation.run_files import PROMPT_FILE
from harmonize.relation.said import VALUES, Outputs
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("said runs")  # they share their runs
SPACE = LabelSpace(("Association", "Bind", "None"))
BOTH = ("novelty", "subject")
HEADS: dict[str, dict[str, Any]] = {
    "cls": {"negatives": 1.0},
    "entities": {"head": "entities", "input": "markers"},
    "document": {"head": "document", "batch_size": 2},
}
BY_HEART = {
    "epochs": 40,
    "learning_rate": 2e-3,
    "development": None,
    "evaluate_every": 1000,
    "novelty": True,
    "direction": True,
}

PACES: dict[str, dict[str, Any]] = {
    "cls": {"epochs": 60, "learning_rate": 3e-3, "max_length": 80},
    "entities": {"epochs": 20, "negatives": 1.0},
}
"""The first vector alone learns more slowly, in 40 epochs with each of three seeds; the entities' in 13."""


# Targets and loss

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([None, *NOVELTY]), st.sampled_from([None, *SUBJECTS])),
    min_size=1,
    max_size=20,
)


@given(ROWS, st.sampled_from([(), ("novelty",), ("subject",), BOTH]))
def test_targets_hold_label_and_values(
    rows: list[tuple[int, str | None, str | None]], said: tuple[str, ...]
) -> None:
    labels, *columns = zip(*rows, strict=True)
    table = pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(BOTH, columns, strict=True)}
    )
    outputs = Outputs(SPACE.names, said)
    targets = outputs.targets(np.array(labels, dtype=np.int64), table)
    for numbers in (targets, torch.from_numpy(targets)):
        found, values = outputs.of_targets(numbers)
        assert found.tolist() == list(labels)
        for column in said:
            expected = [
                -1 if value is None else VALUES[column].index(value) for value in table[column].to_pylist()
            ]
            assert values[column].tolist() == expected


def test_without_more_to_say_a_target_is_the_label() -> None:
    labels = np.array([2, 0, 1])
    assert Outputs(SPACE.names).targets(labels, pa.table({})).tolist() == [2, 0, 1]


def test_the_loss_is_the_sum_over_what_each_row_says() -> None:
    torch.manual_seed(0)
    logits = torch.randn(4, 3 + 2 + 3)
    table = pa.table({"novelty": [None, "No", "Novel", None], "subject": [None, "tail", None, "neither"]})
    targets = torch.from_numpy(Outputs(SPACE.names, BOTH).targets(np.array([2, 0, 1, 0]), table))
    expected = cross_entropy(logits[:, :3], torch.tensor([2, 0, 1, 0]), reduction="sum")
    expected = expected + cross_entropy(logits[1:3, 3:5], torch.tensor([1, 0]), reduction="sum")
    expected = expected + cross_entropy(logits[[1, 3], 5:], torch.tensor([1, 2]), reduction="sum")
    loss = Loss(SPACE, None, BOTH)({"logits": logits}, targets)
    torch.testing.assert_close(loss, expected / 4)


def test_a_row_that_says_nothing_teaches_the_further_outputs_nothing() -> None:
    logits = torch.randn(2, 5, requires_grad=True)
    table = pa.table({"novelty": pa.array([None, None], pa.string())})
    targets = torch.from_numpy(Outputs(SPACE.names, ("novelty",)).targets(np.array([2, 0]), table))
    Loss(SPACE, None, ("novelty",))({"logits": logits}, targets).backward()
    assert logits.grad is not None
    assert logits.grad[:, :3].abs().sum() > 0
    assert logits.grad[:, 3:].abs().sum() == 0


def test_watched_scores_count_a_pair_with_its_value_as_found() -> None:
    """Of three related pairs two are found, one of them with the right novelty: F is 2 * 1 / (3 + 2)."""
    table = pa.table({"novelty": ["Novel", "No", "No", None]})
    targets = Outputs(SPACE.names, ("novelty",)).targets(np.array([0, 1, 0, 2]), table)
    labels, novelty = np.eye(3)[[0, 1, 2, 2]], np.eye(2)[[0, 0, 1, 0]]
    found = watched_scores(
        EvalPrediction(np.concatenate((labels, novelty), axis=1), targets), SPACE, said=("novelty",)
    )
    assert found == {"pair_f": 0.8, "typed_f": 0.8, "novelty_f": 0.4}


def test_raising_the_negatives_leaves_what_is_said_alone() -> None:
    model = torch.nn.Module()
    model.classifier = torch.nn.Linear(2, 5)
    before = model.classifier.bias.detach().clone()
    raise_negatives(model, SPACE, 1.5)
    assert (model.classifier.bias - before).tolist() == pytest.approx([0, 0, 1.5, 0, 0])


# Runs


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's BioRED with its subjects, and BC5CDR."""
    out = tmp_path_factory.mktemp("said") / "union"
    build(out, sample_folder(), corpora=["biored", "bc5cdr"], sources={"biored": "bioredirect"})
    return out


@pytest.fixture(scope="module")
def runs(union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: train(
            union, small_recipe(**{**BY_HEART, **own, **PACES.get(name, {})}), folder / name, device="cpu"
        )
        for name, own in HEADS.items()
    }


@pytest.mark.parametrize("head", HEADS)
def test_what_a_few_abstracts_say_is_learnt_by_heart(head: str, runs: dict[str, Path], union: Path) -> None:
    rows = rows_to_test(union, "biored/train")
    found = predicted_rows(Classifier.load(runs[head], "cpu"), rows)
    both = [
        place
        for place, (gold, label) in enumerate(
            zip(rows["relation"].to_pylist(), found["label"].to_pylist(), strict=True)
        )
        if "None" not in (gold, label)
    ]
    assert len(both) >= 10
    for column in BOTH:
        gold, said = (np.array(table[column].to_pylist())[both] for table in (rows, found))
        assert (gold == said).mean() > 0.8, (column, gold, said)
        assert len(set(gold)) > 1  # so that a constant would not do
    assert all(
        (row["label"] == "None") == (row["novelty"] is None) == (row["subject"] is None)
        for row in found.to_pylist()
    )


@pytest.mark.parametrize("head", HEADS)
def test_a_run_says_in_its_config_what_its_outputs_are(head: str, runs: dict[str, Path]) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(runs[head])
    names = tuple(model.config.id2label[place] for place in range(model.config.num_labels))
    classifier = Classifier.load(runs[head], "cpu")
    assert classifier.said == BOTH
    assert names == classifier.outputs.names
    assert not any(":" in label for label in classifier.labels)


def test_probabilities_of_each_kind_sum_to_one(runs: dict[str, Path], union: Path) -> None:
    answers = Classifier.load(runs["document"], "cpu").answers(pairs_of(rows_to_test(union, "biored/test")))
    for table in (answers.probabilities, *answers.said.values()):
        np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-5)
    assert {column: table.shape[1] for column, table in answers.said.items()} == {"novelty": 2, "subject": 3}


@pytest.mark.parametrize("head", ["cls", "document"])
def test_stopped_and_resumed_it_has_the_same_weights(
    head: str, union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    recipe = small_recipe(**HEADS[head], novelty=True, direction=True)
    whole = train(union, recipe, tmp_path / "whole", device="cpu")
    steps = record(whole)["steps"] // 2
    run, _ = stopped_and_resumed(union, recipe, tmp_path / "run", StopAt(saved=steps), StopAt(steps + 1))
    assert weights(run) == weights(whole)
    assert record(run)["evaluations"] == record(whole)["evaluations"]
    assert {"novelty_f", "subject_f"} <= set(record(run)["evaluations"][0])


def test_a_run_of_before_says_nothing_more(small_run: Path, sample_union: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    prompt = json.loads((run / PROMPT_FILE).read_text())
    assert prompt.pop("said") == []
    (run / PROMPT_FILE).write_text(json.dumps(prompt))
    classifier = Classifier.load(run, "cpu")
    rows = rows_to_test(sample_union, "biored/test")
    found = predicted_rows(classifier, rows)
    assert classifier.said == ()
    assert found["novelty"].null_count == found["subject"].null_count == found.num_rows
    older = tmp_path / "older.parquet"
    pq.write_table(found.drop_columns(list(BOTH)), older)
    assert read_predictions(older) == found
    assert read_predictions(older).schema == PREDICTION_SCHEMA


@pytest.mark.parametrize("said", [["novelty"], ["tone"], 3])
def test_a_prompt_that_promises_more_than_the_model_tells_is_an_error(
    small_run: Path, tmp_path: Path, said: object
) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    prompt = json.loads((run / PROMPT_FILE).read_text())
    (run / PROMPT_FILE).write_text(json.dumps({**prompt, "said": said}))
    with pytest.raises(MalformedInput) as error:
        Classifier.load(run, "cpu")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"direction": True}, "direction: expected training rows with a subject, none has one"),
        ({"novelty": True, "train_on": ["bc5cdr"]}, "novelty: expected training rows with a novelty"),
    ],
)
def test_what_cannot_be_learnt_is_told_before_training(
    values: dict[str, Any],
    message: str,
    sample_union: Path,
    small_recipe: Small,
    tmp_path: Path,
) -> None:
    with pytest.raises(HarmonizeError, match=message) as error:
        train(sample_union, small_recipe(**values), tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


# The commands


def command(folder: Path, *arguments: object) -> str:
    with chdir(folder):
        done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_evaluate_scores_novelty_beside_all_novel(runs: dict[str, Path], union: Path, tmp_path: Path) -> None:
    run = runs["document"]
    shown = command(tmp_path, "evaluate", "--model", run, "--union", union, "--on", "biored/train")
    for line in ("## Novelty", "pair and novelty, all novel", "pair, type and novelty", "## Subject"):
        assert line in shown
    found = json.loads((run / "evaluation/biored-train/metrics.json").read_text())["said"]["novelty"]
    gold = rows_to_test(union, "biored/train")
    novel = gold["novelty"].to_pylist().count("Novel")
    assert found["positive"] == gold.num_rows - gold["relation"].to_pylist().count("None")
    # Found pairs that gold calls novel, and no others, are right if all are taken for novel.
    assert found["constant_with_value"]["tp"] <= min(novel, found["pair"]["tp"])
    assert (
        found["constant_with_value"]["fp"]
        == found["pair"]["tp"] + found["pair"]["fp"] - found["constant_with_value"]["tp"]
    )
    assert found["all"]["tp"] <= min(found["typed"]["tp"], found["with_value"]["tp"])


def test_predict_writes_novelty_as_the_fifth_column_and_subjects(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    source = sample_folder() / "biored/Train.PubTator"
    outs = {form: tmp_path / f"out.{form}" for form in ("pubtator", "json", "parquet")}
    for out in outs.values():
        command(tmp_path, "predict", source, "--model", runs["document"], "--out", out)
    rows = [row for row in pq.read_table(outs["parquet"]).to_pylist() if row["is_relation"]]
    expected = {
        (row["document_id"], row["head_id"], row["tail_id"], row["label"]): (row["novelty"], row["subject"])
        for row in rows
    }
    assert expected
    assert all(0.5 <= row["novelty_confidence"] <= 1 for row in rows)
    assert all(1 / 3 <= row["subject_confidence"] <= 1 for row in rows)
    found = {}
    for article in pubtator.read(outs["pubtator"]):
        for line in article.relations:
            subject = {None: "neither", line.head: "head", line.tail: "tail"}[line.subject]
            found[article.id, line.head, line.tail, line.type] = (line.novelty, subject)
    assert found == expected
    content = json.loads(outs["json"].read_text())
    infons = [relation["infons"] for document in content["documents"] for relation in document["relations"]]
    assert sorted((each["novel"], each["subject"]) for each in infons) == sorted(expected.values())


def test_unrelated_pairs_have_null_in_parquet(runs: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    command(
        tmp_path, "predict", sample_folder() / "biored/Test.PubTator", "--model", runs["cls"], "--out", out
    )
    for row in pq.read_table(out).to_pylist():
        assert row["is_relation"] == (row["novelty"] is not None) == (row["subject"] is not None)
