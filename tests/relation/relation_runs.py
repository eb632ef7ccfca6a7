"""Trainings that are stopped, and what is left of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stopped_trainings import Stop, StopAt

from harmonize.relation.combinations import COMBINATION
from harmonize.relation.encode.inputs import INPUTS
from harmonize.relation.model.heads import HEADS
from harmonize.relation.model.pair_model import POOLINGS
from harmonize.relation.recipe import Recipe
from harmonize.relation.train.training import train

OF_TEXT = tuple(name for name, kind in INPUTS.items() if not kind.describes)
SYSTEMS = tuple(zip(("cls", *POOLINGS, "entities", "entities"), (*OF_TEXT, "prompt"), strict=True))
"""Each head of pairs and each kind of input of text alone, in as few pairs of these as have all of them."""
OF_CONTEXTS = tuple(name for name, head in HEADS.items() if head.of_contexts and name != COMBINATION)
"""Each head that reads a context once for all its pairs."""
HALF = {"epochs": 0.5, "evaluate_every": 3}
"""Half an epoch, six steps, with a checkpoint in the middle."""


def record(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "training.json").read_text(encoding="utf-8")))


def working(run: Path) -> Path:
    """Where a run is made."""
    return run.with_name(f".{run.name}.training")


def stopped_and_resumed(union: Path, recipe: Recipe, out: Path, *stops: StopAt) -> tuple[Path, list[int]]:
    """A run that each of `stops` interrupts, and how many steps each attempt took."""
    for stop in stops:
        with pytest.raises(Stop):
            train(union, recipe, out, device="cpu", callbacks=[stop])
        assert not out.exists()
        assert working(out).is_dir()
    last = StopAt()
    run = train(union, recipe, out, device="cpu", callbacks=[last])
    assert not working(out).exists()
    return run, [stop.done for stop in (*stops, last)]
