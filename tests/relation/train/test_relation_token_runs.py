"""Whole trainings in batches of tokens, with a part of the larger corpora, two rates and an own threshold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from relation_runs import record, stopped_and_resumed
from stopped_trainings import StopAt, weights
from transformers import EvalPrediction

from harmonize.relation.labels import is_negative
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.model.load import load_classifier
from harmonize.relation.model.objective import watched_scores
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.task import labels_in
from harmonize.relation.train.trainer import weight_groups
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
VALUES = {
    "batch_tokens": 400,
    "corpus_tokens": 600,
    "head_learning_rate": 5e-3,
    "threshold": "development",
    "epochs": 3,
    "evaluate_every": 4,
    "patience": None,
}


@pytest.mark.parametrize("head", ["cls", "document"])
def test_stopped_in_an_epoch_and_resumed(
    sample_union: Path, small_recipe: Small, tmp_path: Path, head: str
) -> None:
    """Batches and what is drawn are those of the epoch; the threshold is found again."""
    recipe = small_recipe("biorex", head=head, negatives=1.0, **VALUES)
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    run, _ = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(6), StopAt(saved=8))
    assert weights(run) == weights(whole)
    for key in ("rows", "steps", "best", "evaluations"):
        assert record(run)[key] == record(whole)[key], key


def test_all_tokens_are_no_maximum(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    some, every, many = (
        record(
            train(
                sample_union,
                small_recipe("biorex", **{**VALUES, "epochs": 1, "corpus_tokens": most}),
                tmp_path / str(most),
                device="cpu",
            )
        )["steps"]
        for most in (100, "all", 10_000_000)
    )
    assert some < every == many


def test_the_run_scores_what_its_best_evaluation_saw(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    """The threshold is in the weights: whoever loads them decides as training did."""
    recipe = small_recipe(**{**VALUES, "epochs": 2})
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    found = record(run)
    best = next(each for each in found["evaluations"] if each["step"] == found["best"]["step"])
    assert best["shift"] != 0
    rows = rows_to_test(sample_union, "biored/dev")
    classifier = load_classifier(run, "cpu")
    said = classifier.probabilities(list(pairs_of(rows)))
    scores = watched_scores(EvalPrediction(said, labels_in(classifier.space, rows, recipe)), classifier.space)
    assert scores["pair_f"] == pytest.approx(best["pair_f"])
    assert scores["typed_f"] == pytest.approx(best["typed_f"])


def test_a_given_threshold_is_in_the_weights_without_a_development_part(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    """As one trains on the development part too, with the threshold of a run that did not."""
    values = {**VALUES, "epochs": 1, "train_on": ["biored/train", "biored/dev"], "development": None}
    runs = [
        train(sample_union, small_recipe(**{**values, "threshold": value}), tmp_path / name, device="cpu")
        for name, value in (("plain", "even"), ("raised", -1.5))
    ]
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/test")))
    plain, raised = (load_classifier(run, "cpu") for run in runs)
    with np.errstate(divide="ignore"):
        before, after = (np.log(each.probabilities(pairs)) for each in (plain, raised))
    negative = np.array([is_negative(label) for label in plain.labels])
    moved = (after - before)[:, negative].mean(axis=1) - (after - before)[:, ~negative].mean(axis=1)
    np.testing.assert_allclose(moved, -1.5, atol=1e-4)


def test_what_stands_on_the_encoder_has_a_rate_of_its_own(small_recipe: Small) -> None:
    torch.manual_seed(0)
    recipe = small_recipe(learning_rate=1e-4, weight_decay=0.1)
    for head, kind in HEADS.items():
        model = load_encoder("tiny", kind, ("Association", "None"), {}, lambda: ["aspirin"]).model()
        names = dict(model.named_parameters())
        groups = weight_groups(model, {name for name in names if "bias" not in name}, recipe, 1e-2)
        rates = {id(weight): group["lr"] for group in groups for weight in group["params"]}
        decays = {id(weight): group["weight_decay"] for group in groups for weight in group["params"]}
        assert len(rates) == len(names)
        for name, weight in names.items():
            on_top = not name.startswith("bert." if head == "cls" else "encoder.")
            assert rates[id(weight)] == (1e-2 if on_top else 1e-4), name
            assert decays[id(weight)] == (0.0 if "bias" in name else 0.1), name
        assert set(rates.values()) == {1e-2, 1e-4}
