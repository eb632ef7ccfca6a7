"""What benchmarks/counts_alone.py writes: scores of every tested row, without a word of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import counts_alone
import pyarrow.parquet as pq
import pytest

from harmonize.pipelines.evaluate import PREDICTIONS, evaluation_folder
from harmonize.relation.select.rows import rows_to_test


@pytest.mark.parametrize("own_types", [[], ["--own-types"]], ids=["after e2", "own"])
def test_every_row_is_answered_by_its_numbers(
    own_types: list[str], sample_union: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = rows_to_test(sample_union, "biored/test")
    out, run = tmp_path / "found.json", tmp_path / "run"
    arguments = ["--union", sample_union, "--out", out, "--run", run, *own_types]
    monkeypatch.setattr(sys, "argv", [counts_alone.__name__, *map(str, arguments)])
    counts_alone.main()
    predictions = pq.read_table(evaluation_folder(run, "biored/test") / PREDICTIONS)
    assert predictions["instance_id"].to_pylist() == gold["instance_id"].to_pylist()
    found = json.loads(out.read_text(encoding="utf-8"))["scores"]["biored-test"]
    assert found["rows"] == gold.num_rows
    for label, related in zip(*(predictions[name].to_pylist() for name in ("label", "related")), strict=True):
        assert (label == "Association") == (related > 0.5)
