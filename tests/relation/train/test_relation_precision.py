"""Weights are trained in single precision, whatever an encoder or a run is stored in."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from relation_runs import record
from safetensors.torch import load_file, save_file
from stopped_trainings import weights
from transformers import AutoTokenizer

from harmonize.adaptation.adapt import Sources, adapt
from harmonize.adaptation.model import load_masked
from harmonize.adaptation.settings import chosen_settings
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
HALVES = ("float16", "bfloat16")
LABELS = ("Association", "None")


def few(head: str = "cls") -> dict[str, Any]:
    """Half a dozen steps; the first alone, whose rate is 0, would change nothing."""
    return {"epochs": 3, "batch_size": 1} if HEADS[head].of_contexts else {"epochs": 0.5, "batch_size": 8}


pytestmark = pytest.mark.xdist_group("precision")  # they share their encoders


def stored_in(folder: Path, kind: str, out: Path) -> Path:
    """A copy of a model's folder with its weights in another type, as such folders are found."""
    out.mkdir()
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)
    tensors = {
        name: tensor.to(getattr(torch, kind))
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    config = (folder / "config.json").read_text(encoding="utf-8")
    (out / "config.json").write_text(config.replace('"float32"', f'"{kind}"'), encoding="utf-8")
    if (folder / "prompt.json").is_file():
        (out / "prompt.json").write_bytes((folder / "prompt.json").read_bytes())
    return out


@pytest.fixture(scope="module")
def encoders(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Type -> an encoder stored in it; "rounded" holds float16's numbers in single precision."""
    folder = tmp_path_factory.mktemp("encoders")
    torch.manual_seed(0)
    texts = [pair.text for pair in pairs_of(rows_to_test(sample_union, "biored/dev"))]
    made = load_encoder("tiny", HEADS["cls"], LABELS, {}, lambda: texts)
    made.model().base_model.save_pretrained(folder / "float32")
    made.tokenizer.save_pretrained(folder / "float32")
    found = {kind: stored_in(folder / "float32", kind, folder / kind) for kind in HALVES}
    found["rounded"] = stored_in(found["float16"], "float32", folder / "rounded")
    config = folder / "rounded/config.json"
    config.write_text(config.read_text(encoding="utf-8").replace("float16", "float32"), encoding="utf-8")
    return found


def types(folder: Path) -> set[torch.dtype]:
    return {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()}


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("head", HEADS)
def test_every_head_is_loaded_in_single_precision(encoders: dict[str, Path], head: str, kind: str) -> None:
    assert types(encoders[kind]) == {getattr(torch, kind)}
    model = load_encoder(str(encoders[kind]), HEADS[head], LABELS, {"<G>": "gene"}, list).model()
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert model.config.dtype in (None, torch.float32)


@pytest.mark.parametrize("head", ["cls", "document"])
def test_a_run_from_half_precision_is_that_from_the_same_numbers(
    encoders: dict[str, Path], sample_union: Path, small_recipe: Small, tmp_path: Path, head: str
) -> None:
    """The control of the control: only the type that they are stored in differs."""
    runs = [
        train(
            sample_union,
            small_recipe(head=head, encoder=str(encoders[kind]), **few(head)),
            tmp_path / kind,
            device="cpu",
        )
        for kind in ("float16", "rounded")
    ]
    assert types(runs[0]) == {torch.float32}
    assert weights(runs[0]) == weights(runs[1])


@pytest.mark.parametrize("head", ["cls", "entities", "document", "atlop", "graph", "counts"])
def test_going_on_from_a_run_stored_in_half_precision(
    encoders: dict[str, Path], sample_union: Path, small_recipe: Small, tmp_path: Path, head: str
) -> None:
    """So does a second stage; and such a run answers as the whole one does, but for rounding."""
    recipe = small_recipe(head=head, encoder=str(encoders["bfloat16"]), input="prompt", **few(head))
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    half = stored_in(run, "float16", tmp_path / "half")
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    loaded = Classifier.load(half, "cpu")
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.float32}
    whole = Classifier.load(run, "cpu").probabilities(pairs)
    np.testing.assert_allclose(loaded.probabilities(pairs), whole, atol=0.02)
    again = train(sample_union, recipe.with_values({"encoder": str(half)}), tmp_path / "again", device="cpu")
    assert types(again) == {torch.float32}


def test_multi_task_and_a_teacher_in_half_precision(
    encoders: dict[str, Path], sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    several = small_recipe("multi-task", encoder=str(encoders["float16"]), epochs=0.1, batch_size=8)
    assert types(train(sample_union, several, tmp_path / "several", device="cpu")) == {torch.float32}
    teacher = train(
        sample_union,
        small_recipe(encoder=str(encoders["float16"]), **few()),
        tmp_path / "teacher",
        device="cpu",
    )
    values: dict[str, Any] = {"teacher": str(stored_in(teacher, "float16", tmp_path / "half"))}
    taught = train(sample_union, small_recipe(**values, **few()), tmp_path / "taught", device="cpu")
    assert all(math.isfinite(loss) for _, loss in record(taught)["losses"])


@pytest.mark.parametrize("kind", HALVES)
def test_adaptation_is_in_single_precision(encoders: dict[str, Path], tmp_path: Path, kind: str) -> None:
    masked = load_masked(str(encoders[kind]), list)
    assert {weight.dtype for weight in masked.model.parameters()} == {torch.float32}
    assert {tensor.dtype for tensor in masked.beside.values()} <= {torch.float32}
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"Study {number} found aspirin in cells.\n" for number in range(30)))
    few = {"encoder": str(encoders[kind]), "max_length": 32, "batch_size": 4, "held_out": 4, "max_steps": 3}
    out = adapt(Sources((texts,)), chosen_settings(few), tmp_path / "adapted", device="cpu")
    assert types(out) == {torch.float32}


@pytest.mark.parametrize("head", ["cls", "document", "atlop", "graph"])
def test_mixed_precision_is_autocast_alone(
    sample_union: Path, small_recipe: Small, tmp_path: Path, head: str
) -> None:
    """Products in bf16; weights, and what is kept of them, in single precision."""
    recipe = small_recipe(head=head, precision="bf16", **few(head))
    run = train(sample_union, recipe, tmp_path / "mixed", device="cpu")
    assert types(run) == {torch.float32}
    single = train(sample_union, recipe.with_values({"precision": "fp32"}), tmp_path / "single", device="cpu")
    assert weights(run) != weights(single), "nothing was done in bf16"
    losses = [[loss for _, loss in record(each)["losses"]] for each in (run, single)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.05)


@pytest.mark.parametrize("head", ["cls", "document"])
def test_prediction_in_bf16_is_that_in_single_precision_but_for_digits(
    sample_union: Path, small_recipe: Small, tmp_path: Path, head: str
) -> None:
    run = train(sample_union, small_recipe(head=head, **few(head)), tmp_path / "run", device="cpu")
    pairs = list(pairs_of(rows_to_test(sample_union, "biored/dev")))
    mixed, single = (
        Classifier.load(run, "cpu", precision).probabilities(pairs) for precision in ("bf16", "fp32")
    )
    assert not np.array_equal(mixed, single), "nothing was done in bf16"
    np.testing.assert_allclose(mixed, single, atol=0.02)
