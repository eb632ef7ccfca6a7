"""What benchmarks/paired.py writes of runs that are already scored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from harmonize.pipelines.evaluate import PREDICTIONS, evaluation_folder
from harmonize.relation.select.rows import rows_to_test
from harmonize.writing.parquet import write_parquet

ROOT = Path(__file__).parents[2]
PART = "biored/dev"


def scored_run(run: Path, gold: pa.Table, noise: float, seed: int) -> Path:
    """A run's folder with nothing but what it predicts: gold's label, or none for some of the rows."""
    missed = np.random.default_rng(seed).random(len(gold)) < noise
    labels = [
        "None" if miss else label for label, miss in zip(gold["relation"].to_pylist(), missed, strict=True)
    ]
    related = [float(not label.startswith("None")) for label in labels]
    folder = evaluation_folder(run, PART)
    folder.mkdir(parents=True)
    table = {"instance_id": gold["instance_id"], "label": labels, "related": related, "confidence": related}
    write_parquet(pa.table(table), folder / PREDICTIONS)
    return run


def test_the_seeds_of_two_systems_are_tested_against_each_other(sample_union: Path, tmp_path: Path) -> None:
    gold = rows_to_test(sample_union, PART)
    runs = [
        scored_run(tmp_path / f"{name}-{seed}", gold, noise, seed)
        for name, noise in (("sure", 0), ("blind", 1))
        for seed in (0, 1)
    ]
    out = tmp_path / "found.json"
    command = [
        *(sys.executable, ROOT / "benchmarks" / "paired.py", "--union", sample_union, "--on", PART),
        *("--a", *runs[:2], "--b", *runs[2:], "--out", out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["a"], found["b"]) == (["sure-0", "sure-1"], ["blind-0", "blind-1"])
    comparison = found["comparison"]
    assert (comparison["runs"], comparison["rows"]) == (2, len(gold))
    assert (comparison["binary"]["f1_a"], comparison["binary"]["f1_b"]) == (1, 0)
    assert comparison["ranking"]["average_precision_a"] == 1
    positive = sum(not label.startswith("None") for label in gold["relation"].to_pylist())
    assert comparison["ranking"]["average_precision_b"] == pytest.approx(positive / len(gold))
