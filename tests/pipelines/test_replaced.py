"""What a command replaces, and what it leaves alone: a file by one of its kind only."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from test_cli import run

from harmonize import pipelines
from harmonize.registry import sample_folder

PREDICT = ("predict", "GOLD", "--model", "RUN", "--out")
# What each command that writes a file takes for its own, in which --out or --report is OUT.
WRITING = {
    "export": (["export", "SET", "--corpora", "hprd50", "--out", "OUT"], "x.tsv"),
    "folds": (["folds", "SET", "--corpus", "aimed", "-k", "3", "--out", "OUT"], "x.tsv"),
    "report": (["report", "SET", "--tokenizer", "none", "--out", "OUT"], "x.html"),
    "describe": (["describe", "--genes", "SAMPLES/disgenet/geneAttributes.tsv", "--out", "OUT"], "x.tsv"),
    "score": (["score", "GOLD", "--gold", "GOLD", "--bootstrap", "0", "--report", "OUT"], "x.json"),
    "shard --report": (["shard", "GOLD", "--out", "shards", "--report", "OUT"], "x.json"),
    "predict pubtator": ([*PREDICT, "OUT"], "x.pubtator"),
    "predict bioc": ([*PREDICT, "OUT"], "x.json"),
    "predict parquet": ([*PREDICT, "OUT"], "x.parquet"),
    "predict --report": (
        [*PREDICT, "p.json", "--report", "OUT"],
        "x.json",
    ),
    "pseudo-label": (
        ["pseudo-label", *PREDICT[1:], "OUT", "--union", "SET"],
        "x.parquet",
    ),
}


@pytest.mark.parametrize("command", WRITING)
def test_a_file_is_replaced_by_one_of_its_kind_only(
    sample_union: Path, quick_run: Path, tmp_path: Path, command: str
) -> None:
    arguments, name = WRITING[command]
    places = {
        **{"SET": sample_union, "RUN": quick_run, "OUT": tmp_path / name, "SAMPLES": sample_folder()},
        "GOLD": sample_folder() / "biored/Test.PubTator",
    }
    given = [re.sub("|".join(places), lambda found: str(places[found[0]]), each) for each in arguments]
    out = tmp_path / name
    for other in (b"my notes\n", b'{"notes": 1}\n', b"PAR1, and more of it"):
        out.write_bytes(other)
        told = run(*given, cwd=tmp_path, code=2).stderr
        assert re.fullmatch(r"error: .*: expected a new file or (an )?earlier .*, found another file\n", told)
        assert out.read_bytes() == other
        assert list(tmp_path.iterdir()) == [out]
    out.unlink()
    for _ in range(2):
        run(*given, cwd=tmp_path)
        shutil.rmtree(tmp_path / "shards", ignore_errors=True)
    assert out.read_bytes() != other


def test_results_of_somebody_else_are_not_replaced_by_a_grid_s(tmp_path: Path) -> None:
    grid = Path(pipelines.__file__).parent / "grids/sample.yaml"
    (tmp_path / "results.md").write_text("# My results\n")
    told = run("compare", grid, "--out", ".", cwd=tmp_path, code=2).stderr
    assert told == "error: results.md: expected a new file or earlier results, found another file\n"


@pytest.mark.parametrize("command", ["train", "adapt", "probe"])
def test_an_empty_folder_is_as_good_as_none(sample_union: Path, tmp_path: Path, command: str) -> None:
    made = {
        "train": ("train", "--union", sample_union, "--recipe", "quick", "--set", "epochs=1"),
        "adapt": (
            *("adapt", "--text", sample_folder() / "biored/Train.PubTator", "--encoder", "tiny"),
            *("--held-out", "1", "--max-steps", "1"),
        ),
        "probe": ("probe", "--encoder", "tiny", "--corpus", "biored", "--union", sample_union),
    }
    (tmp_path / "out").mkdir()
    run(*made[command], "--out", "out", cwd=tmp_path)
    assert any((tmp_path / "out").iterdir())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes").touch()
    assert "found something else" in run(*made[command], "--out", "mine", cwd=tmp_path, code=2).stderr
