"""The heads that read a context once: trained, stopped and resumed, loaded, scored, asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from relation_runs import record, stopped_and_resumed
from stopped_trainings import StopAt, weights
from transformers import AutoModelForSequenceClassification
from typer.testing import CliRunner

from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.pipelines.cli import app
from harmonize.registry import sample_folder
from harmonize.relation.model.atlop_model import AtlopModel
from harmonize.relation.model.classifier import Classifier, Prompt
from harmonize.relation.model.counts_model import CountsModel
from harmonize.relation.model.document_model import DocumentModel
from harmonize.relation.model.graph_model import GraphModel
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("document runs")  # they share their runs
MODELS = {"document": DocumentModel, "atlop": AtlopModel, "graph": GraphModel, "counts": CountsModel}


@pytest.fixture(scope="module", params=MODELS)
def head(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def by_document(head: str) -> dict[str, Any]:
    return {"head": head, "batch_size": 2}


@pytest.fixture(scope="module")
def document_run(
    by_document: dict[str, Any],
    sample_union: Path,
    small_recipe: Small,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    out = tmp_path_factory.mktemp("document") / "run"
    return train(sample_union, small_recipe(**by_document), out, device="cpu")


def test_a_run_of_a_document_head_is_loaded_by_transformers(document_run: Path, head: str) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(document_run)
    assert type(model) is MODELS[head]
    assert Prompt.read(document_run).head == head
    assert set(model.config.id2label.values()) == set(Classifier.load(document_run, "cpu").labels)
    assert not [name for name in weights(document_run) if "pooler" in name]
    assert set(record(document_run)["inputs"]["train"]) >= {"whole", "several windows"}


def test_stopped_and_resumed_it_has_the_same_weights(
    document_run: Path, by_document: dict[str, Any], sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    steps = record(document_run)["steps"] // 2
    stops = StopAt(saved=steps), StopAt(steps + 1)
    run, _ = stopped_and_resumed(sample_union, small_recipe(**by_document), tmp_path / "run", *stops)
    assert weights(run) == weights(document_run)
    assert record(run)["evaluations"] == record(document_run)["evaluations"]


def test_answers_do_not_depend_on_the_batch(document_run: Path, sample_union: Path) -> None:
    classifier = Classifier.load(document_run, "cpu")
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    found = classifier.probabilities(pairs)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(found, classifier.probabilities(pairs, batch_tokens=1), atol=1e-5)
    np.testing.assert_allclose(found, classifier.probabilities(pairs, ahead=1), atol=1e-5)
    turned = classifier.probabilities(pairs[::-1])[::-1]
    np.testing.assert_allclose(found, turned, atol=1e-5)


@pytest.mark.parametrize("form", ["union", "PubTator"])
def test_prediction_says_what_evaluation_scored(
    document_run: Path, sample_union: Path, tmp_path: Path, form: str
) -> None:
    """The pairs of the file itself, and the set's rows of it: the entities of a context are the same."""
    source = sample_union if form == "union" else sample_folder() / f"biored/Test.{form}"
    rows = tmp_path / "rows.parquet"
    with chdir(tmp_path):
        for arguments in (
            ("evaluate", "--model", document_run, "--union", sample_union, "--on", "biored/test"),
            ("predict", source, "--model", document_run, "--out", rows, "--batch-size", "1"),
        ):
            done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
            assert done.exit_code == 0, done.output
    scored = pq.read_table(document_run / "evaluation/biored-test/predictions.parquet").to_pylist()
    asked = {row["instance_id"]: row for row in pq.read_table(rows).to_pylist()}
    assert scored
    for row in scored:
        assert asked[row["instance_id"]]["label"] == row["label"]
        assert asked[row["instance_id"]]["confidence"] == pytest.approx(row["confidence"], abs=1e-5)


def test_transfer_and_a_head_for_each_corpus(
    by_document: dict[str, Any], sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    first = {"train_on": ["others"], "epochs": 0.1, "development": None}
    run = train(
        sample_union,
        small_recipe("transfer", **by_document, epochs=0.2, first=first),
        tmp_path / "run",
        device="cpu",
    )
    assert (run / "first/model.safetensors").is_file()
    several = small_recipe("multi-task", **by_document, epochs=0.1, first=None, input="tagged")
    run = train(sample_union, several, tmp_path / "several", device="cpu")
    found = Classifier.load(run, "cpu")
    pairs = list(pairs_of(rows_to_test(sample_union, "ddi/test")))
    own = found.space.own("ddi")
    np.testing.assert_allclose(found.probabilities(pairs)[:, own].sum(axis=1), 1, rtol=1e-5)


def test_a_prompt_model_does_not_begin_with_a_document_model(
    document_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    recipe = small_recipe(encoder=str(document_run))
    with pytest.raises(HarmonizeError, match="expected an encoder or a run of the same head") as error:
        train(sample_union, recipe, tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_document_model_begins_with_a_prompt_models_encoder(
    by_document: dict[str, Any], small_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    recipe = small_recipe(
        encoder=str(small_run), **by_document, epochs=0.1, development=None, learning_rate=1e-9
    )
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    of_prompt, of_document = weights(small_run), weights(run)
    name = "embeddings.word_embeddings.weight"
    one, other = (
        np.frombuffer(found, dtype=np.float32)
        for found in (of_prompt[f"bert.{name}"], of_document[f"encoder.{name}"])
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_an_unknown_head_of_a_run_is_one_line(tmp_path: Path) -> None:
    prompt = '{"tags": {}, "input": "prompt", "max_length": 128, "labels": "harmonized", "by_corpus": false'
    (tmp_path / "prompt.json").write_text(f'{prompt}, "head": "oracle"}}', encoding="utf-8")
    with pytest.raises(MalformedInput, match=r"head: expected one of cls, .*document, .*, got 'oracle'"):
        Prompt.read(tmp_path)
