"""Small trainings that several files look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_once import made_once

from harmonize.relation.recipe import Recipe, load_recipe

SMALL = {"encoder": "tiny", "max_length": 128, "batch_size": 8, "epochs": 2}
"""A dozen steps an epoch, none longer than a blink."""

Train = Callable[..., Path]


def small(name: str = "original", **values: Any) -> Recipe:
    return load_recipe(name, {**SMALL, **values})


@pytest.fixture(scope="session")
def small_recipe() -> Callable[..., Recipe]:
    return small


@pytest.fixture(scope="session")
def small_run(sample_union: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the sample's BioRED."""
    from harmonize.relation.train.training import train

    return made_once(
        tmp_path_factory, "small-run", lambda out: train(sample_union, small(), out, device="cpu")
    )


@pytest.fixture(scope="module", autouse=True)
def _quick_evaluations(undrawn_figures: None) -> None:
    """No test below looks at a figure."""
