"""A run that takes a second to train."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def linear_run(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear baseline on the sample's BioRED."""
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.train.training import train

    recipe = load_recipe("original", {"head": "logistic"})
    return train(sample_union, recipe, tmp_path_factory.mktemp("linear") / "run", device="cpu")
