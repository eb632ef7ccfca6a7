"""The benchmark of throughput at toy size: its file grows part by part, and a limit leaves out the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import throughput
from clock import Clock, TimeIsUp

MODEL = {"batches", "model"}
WAYS = ["reference", "cls", "document", "cls-bf16", "document-bf16"]
PARTS = {
    "profile": {"cls", "cls-pieces", "document"},
    "predict": {"reference", "cls", "cls-ahead", "cls-int8", "document", "cls-bf16", "document-bf16"},
    "train": set(WAYS),
}


def run(union: Path, encoder: Path, out: Path, *more: str) -> dict[str, Any]:
    given = ["--union", str(union), "--tokenizer", str(encoder), "--shape", "tiny", "--rows", "12"]
    throughput.main([*given, "--batch", "4", "--out", str(out), *more])
    return dict(json.loads(out.read_text(encoding="utf-8")))


def test_every_part_is_measured(sample_union: Path, half_encoder: Path, tmp_path: Path) -> None:
    found = run(sample_union, half_encoder, tmp_path / "found.json", "--profile")
    assert {work: set(found[work]) for work in PARTS} == PARTS
    assert found["cut"] == []
    for name in ("cls", "document"):
        profile = found["profile"][name]
        assert set(profile["seconds"]) == set(profile["core_seconds"]) == {"tokenizer", "text", *MODEL}
        assert sum(profile["shares"].values()) == pytest.approx(1, abs=0.01)
        assert set(profile["padding"]) == {"4096", "65536"}
        assert all(0 <= share < 1 for share in profile["padding"].values())


def test_what_there_is_no_time_for_is_named(sample_union: Path, half_encoder: Path, tmp_path: Path) -> None:
    found = run(sample_union, half_encoder, tmp_path / "found.json", "--minutes", "0", "--work", "train")
    assert found["cut"] == [f"train/{name}" for name in WAYS]
    assert found["pairs"] >= 12


def test_a_part_that_is_cut_leaves_those_before_it(
    sample_union: Path, half_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is written before the next part begins."""
    out, seen = tmp_path / "found.json", list[str]()
    measured = throughput.measured

    def one_only(bench: Any, work: str, name: str, *others: Any) -> dict[str, Any]:
        seen.append(out.read_text(encoding="utf-8"))
        if name == "cls":
            raise TimeIsUp
        return measured(bench, work, name, *others)

    monkeypatch.setattr(throughput, "measured", one_only)
    found = run(sample_union, half_encoder, out, "--work", "train")
    assert found["cut"] == ["train/cls"]
    assert set(found["train"]) == PARTS["train"] - {"cls"}
    assert "times_the_reference" in found["train"]["document"]
    assert [list(json.loads(text).get("train", {})) for text in seen] == [
        [],
        ["reference"],
        ["reference"],
        ["reference", "document"],
        ["reference", "document", "cls-bf16"],
    ]


def test_the_clock_stops_a_model_between_two_calls() -> None:
    Clock(None).check()
    Clock.of(60.0).check()
    with pytest.raises(TimeIsUp):
        Clock.of(-1.0).check("whatever", "a hook is given")
