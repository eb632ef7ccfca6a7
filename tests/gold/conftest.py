"""A run that takes a second to train."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_once import made_once


@pytest.fixture(scope="session")
def linear_run(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear baseline on the sample's BioRED."""
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.train.training import train

    recipe = load_recipe("original", {"head": "logistic"})
    return made_once(
        tmp_path_factory, "linear-run", lambda out: train(sample_union, recipe, out, device="cpu")
    )


@pytest.fixture(scope="module", autouse=True)
def _quick_evaluations(undrawn_figures: None) -> None:
    """No test below looks at a figure."""
