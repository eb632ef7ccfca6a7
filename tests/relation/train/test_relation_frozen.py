"""Frozen layers: what is below stays as it is, and costs no gradient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from offset_encoders import offset_encoder
from relation_cases import TAGS
from safetensors.torch import load_file

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.model.encoders import load_encoder
from harmonize.relation.model.frozen import freeze
from harmonize.relation.model.heads import HEADS
from harmonize.relation.recipe import Recipe
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
LABELS = ("Association", "None")


def trained_of(model: Any) -> set[str]:
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


def loaded(source: Path | str, head: str) -> Any:
    words = INPUTS["prompt"].words(TAGS)
    return load_encoder(str(source), HEADS[head], LABELS, words, lambda: ["aspirin was given"]).model()


@pytest.mark.parametrize("head", ["cls", "mean", "document"])
def test_what_stands_above_the_frozen_layers_is_trained(head: str) -> None:
    """With the pooler that [CLS] goes through, and what stands on the encoder."""
    model = loaded("tiny", head)
    before = trained_of(model)
    freeze(model, 1)
    frozen = before - trained_of(model)
    assert frozen == {name for name in before if ".embeddings." in name or ".layer.0." in name}
    assert any(".layer.0." in name for name in frozen)


def test_what_all_layers_share_is_frozen_with_them(tmp_path: Path) -> None:
    """Or the gradient would go through the lowest layer after all."""
    model = loaded(offset_encoder(tmp_path / "mpnet", "mpnet"), "document")
    freeze(model, 1)
    kept = trained_of(model.encoder)
    assert kept
    assert all(name.startswith("encoder.layer.1.") for name in kept)


def test_a_training_changes_no_frozen_weight(
    small_run: Path, small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    recipe = small_recipe(encoder=str(small_run), frozen_layers=1, epochs=1)
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    before, after = (load_file(folder / "model.safetensors") for folder in (small_run, run))
    same = {name for name, weight in after.items() if torch.equal(weight, before[name])}
    assert same == {name for name in after if ".embeddings." in name or ".layer.0." in name}


def test_an_encoder_has_to_keep_a_layer(small_recipe: Small, sample_union: Path, tmp_path: Path) -> None:
    with pytest.raises(HarmonizeError, match="frozen_layers: expected fewer than the encoder's 2, got 2"):
        train(sample_union, small_recipe(frozen_layers=2), tmp_path / "run", device="cpu")
    assert not list(tmp_path.iterdir())
