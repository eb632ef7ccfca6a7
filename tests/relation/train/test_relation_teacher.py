"""Distillation: what a teacher says of the rows, and a student that learns it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from relation_runs import OF_CONTEXTS, record, stopped_and_resumed
from safetensors.numpy import load_file
from stopped_trainings import StopAt, weights
from torch.nn.functional import kl_div

from harmonize.errors import HarmonizeError, MissingInput
from harmonize.relation.encode.documents import IGNORED
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.load import load_classifier
from harmonize.relation.model.objective import Loss
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import HeadName, Recipe
from harmonize.relation.select.rows import pairs_of
from harmonize.relation.select.selection import select
from harmonize.relation.train import teacher
from harmonize.relation.train.task import labels_in, space_of
from harmonize.relation.train.teacher import soft_targets
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]


def targets(run: Path, union: Path, recipe: Recipe, own: float, temperature: float) -> tuple[np.ndarray, ...]:
    """(targets, labels, what the teacher says in the space's order)"""
    selection = select(union, recipe)
    space = space_of(selection, recipe)
    labels = labels_in(space, selection.train, recipe)
    made = soft_targets(run, selection.train, labels, space, own=own, temperature=temperature, device="cpu")
    classifier = load_classifier(run, "cpu")
    said = np.array(predicted_rows(classifier, selection.train)["probabilities"].to_pylist())
    return made, labels, said[:, [classifier.labels.index(label) for label in space.names]]


def test_targets_between_the_label_and_the_teacher(
    small_run: Path, sample_union: Path, small_recipe: Small
) -> None:
    recipe = small_recipe()
    made, labels, said = targets(small_run, sample_union, recipe, own=0.0, temperature=1.0)
    np.testing.assert_allclose(made, said, atol=1e-6)
    made, labels, _ = targets(small_run, sample_union, recipe, own=1.0, temperature=2.0)
    np.testing.assert_array_equal(made.argmax(axis=1), labels)
    np.testing.assert_array_equal(made.max(axis=1), 1)
    made, labels, said = targets(small_run, sample_union, recipe, own=0.5, temperature=2.0)
    flat = np.sqrt(said) / np.sqrt(said).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(made, 0.5 * np.eye(said.shape[1])[labels] + 0.5 * flat, atol=1e-5)
    np.testing.assert_allclose(made.sum(axis=1), 1, rtol=1e-5)


def test_soft_labels_that_are_sure_cost_what_hard_ones_cost() -> None:
    torch.manual_seed(0)
    logits, hard = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 0, 1])
    soft = torch.eye(3)[hard]
    for rare in (None, torch.tensor([1.0, 2.0, 0.5])):
        loss = Loss(LabelSpace(("a", "b", "None")), rare)
        torch.testing.assert_close(loss({"logits": logits}, soft), loss({"logits": logits}, hard))
        # Of two batches that one step sums transformers tells how many numbers all their labels are.
        halves = zip(logits.split(3), soft.split(3), strict=True)
        both = torch.stack([loss({"logits": part}, of, soft.numel()) for part, of in halves])
        torch.testing.assert_close(both.sum(), loss({"logits": logits}, hard))


def test_soft_labels_of_contexts_count_where_there_are_pairs() -> None:
    torch.manual_seed(0)
    logits, hard = torch.randn(2, 3, 3), torch.tensor([[0, 1, IGNORED], [2, 0, 1]])
    soft = torch.eye(3)[hard.clamp(min=0)]
    soft[hard == IGNORED] = IGNORED
    loss = Loss(LabelSpace(("a", "b", "None")), None)
    torch.testing.assert_close(loss({"logits": logits}, soft), loss({"logits": logits}, hard))
    half = int((soft != IGNORED).sum()) * 2
    torch.testing.assert_close(2 * loss({"logits": logits}, soft, half), loss({"logits": logits}, hard))


@pytest.mark.parametrize("head", [head for head in OF_CONTEXTS if head != "atlop"])
def test_a_student_of_whole_contexts_that_trusts_its_labels_alone_is_one_without_a_teacher(
    small_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path, head: HeadName
) -> None:
    alone = small_recipe(head=head, batch_size=1, epochs=3, learning_rate=1e-3, development=None)
    taught = alone.with_values({"teacher": str(small_run), "teacher_own": 1.0})
    swayed = taught.with_values({"teacher_own": 0.5})
    runs = [
        load_file(train(sample_union, recipe, tmp_path / name, device="cpu") / "model.safetensors")
        for name, recipe in (("alone", alone), ("taught", taught), ("swayed", swayed))
    ]
    taught_by, swayed_by = (
        sum(float(np.abs(run[name] - tensor).sum()) for name, tensor in runs[0].items()) for run in runs[1:]
    )
    assert taught_by < swayed_by / 20, (taught_by, swayed_by)


def test_a_student_comes_nearer_to_its_teacher_than_one_without(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    values = {"development": None, "learning_rate": 2e-3}
    taught_by = train(sample_union, small_recipe(**values, epochs=4), tmp_path / "teacher", device="cpu")
    alone = small_recipe(**values, epochs=8, seed=1)
    taught = alone.with_values({"teacher": str(taught_by), "teacher_own": 0.0, "teacher_temperature": 1.0})
    rows = select(sample_union, alone).train
    taught_from = load_classifier(taught_by, "cpu")
    wanted = torch.from_numpy(taught_from.probabilities(pairs_of(rows)))
    distances = []
    for name, recipe in (("alone", alone), ("taught", taught)):
        student = load_classifier(train(sample_union, recipe, tmp_path / name, device="cpu"), "cpu")
        assert student.labels == taught_from.labels
        said = torch.from_numpy(student.probabilities(pairs_of(rows))).clamp(min=1e-9).log()
        distances.append(float(kl_div(said, wanted, reduction="batchmean")))
    assert distances[1] < distances[0] / 2, distances


def test_stopped_and_resumed_a_student_has_the_same_weights(
    small_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    recipe = small_recipe(head="mean", teacher=str(small_run))
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    steps = record(whole)["steps"] // 2
    stops = StopAt(saved=steps), StopAt(steps + 1)
    run, _ = stopped_and_resumed(sample_union, recipe, tmp_path / "run", *stops)
    assert weights(run) == weights(whole)


def test_a_teacher_of_other_labels_is_one_line(
    small_run: Path, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    recipe = small_recipe(teacher=str(small_run), labels="source", train_on=["ddi"])
    with pytest.raises(
        HarmonizeError, match=r"expected a run of the student's labels \(.*\), it lacks "
    ) as error:
        train(sample_union, recipe, tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_of_a_teacher_that_knows_more_labels_the_student_s_count(
    monkeypatch: pytest.MonkeyPatch, sample_union: Path, small_recipe: Small
) -> None:
    recipe = small_recipe(development=None)
    rows = select(sample_union, recipe).train
    space = space_of(select(sample_union, recipe), recipe)
    known = ["None-DDI", *reversed(space.names)]
    said = np.tile(np.array([0.5, *[0.5 / len(space.names)] * len(space.names)]), (rows.num_rows, 1))
    said[0] = [1.0, *[0.0] * len(space.names)]
    said[1, 1:3] = 0.25, 0.0

    monkeypatch.setattr(teacher, "load_classifier", lambda *_: SimpleNamespace(labels=known))
    monkeypatch.setattr(teacher, "predicted_rows", lambda *_: pa.table({"probabilities": said.tolist()}))
    labels = labels_in(space, rows, recipe)
    made = soft_targets(Path("run"), rows, labels, space, own=0.0, temperature=1.0)
    np.testing.assert_allclose(made.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(made[0], np.eye(len(space.names))[labels[0]])  # it says nothing of these
    np.testing.assert_array_equal(made[1, -2:] > made[1, 0], [False, True])
    np.testing.assert_allclose(made[2:], 1 / len(space.names), rtol=1e-6)


def test_a_teacher_that_is_not_there_is_one_line(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    with pytest.raises(MissingInput, match=r"expected a run of `harmonize train`"):
        train(sample_union, small_recipe(teacher=str(tmp_path / "none")), tmp_path / "run", device="cpu")
