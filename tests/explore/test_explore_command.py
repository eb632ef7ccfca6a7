"""harmonize explore as a command: what it opens, what it refuses, and that it serves this machine only."""

from __future__ import annotations

import builtins
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prediction_cases import run, written

from harmonize.drafting.draft import new_corpus
from harmonize.errors import HarmonizeError, UnknownName
from harmonize.explore.server import listening
from harmonize.pipelines.explore import material
from harmonize.registry import sample_folder


def test_it_serves_the_set_until_it_is_interrupted(sample_union: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harmonize.pipelines", "explore", str(sample_union), "--port", "0"]
    with subprocess.Popen(
        [*command, "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}instances?corpus=biored", timeout=60) as answer:
            assert b"<strong>154</strong> instances" in answer.read()
        rebound = urllib.request.Request(address, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(rebound, timeout=60)
        assert refused.value.code == 403
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_a_socket_listens_to_this_machine_only() -> None:
    with listening(0) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"
        with pytest.raises(HarmonizeError, match=r"--port: expected a free port of 127\.0\.0\.1, got \d+: "):
            listening(opened.getsockname()[1])


def test_a_taken_port_is_one_line(sample_union: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("explore", sample_union, "--port", str(port), "--no-browser", cwd=tmp_path, code=2)
    assert done.output.startswith(f"error: --port: expected a free port of 127.0.0.1, got {port}: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected a union set, a file of predictions or a run, found nothing there"),
        (("none.parquet",), "none.parquet: expected a union set, a file of predictions or a run"),
        (("--model", "none"), "none: expected the folder of a run of `harmonize train`, found none"),
        (("SET", "SET"), "expected one union set, got "),
        (("text.txt",), "text.txt: expected predictions (Parquet, PubTator or BioC), got neither"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    sample_union: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    written(tmp_path, "nothing", "text.txt")
    given = [str(sample_union) if each == "SET" else each for each in arguments]
    done = run("explore", *given, "--no-browser", "--port", "0", cwd=tmp_path, code=2)
    assert words in done.output
    assert done.output.count("\n") == 1


def test_without_the_extra_one_line_says_how_to_have_it(
    sample_union: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] in ("starlette", "uvicorn"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    done = run("explore", sample_union, cwd=tmp_path, code=2)
    assert done.output == (
        "error: explore: expected Starlette and uvicorn, found none; "
        "install them with `pip install '.[explore]'` in a clone of harmonize\n"
    )


def test_other_commands_do_not_import_the_extra() -> None:
    code = "import sys, harmonize.pipelines.commands; print({'starlette', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_run_and_its_evaluations_stand_beside_a_set(sample_union: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / "run" / "evaluation" / "biored-test"
    folder.mkdir(parents=True)
    (tmp_path / "run" / "training.json").write_text("{}")
    rows = [{"instance_id": "a", "label": "Bind", "confidence": 0.5, "related": 0.5}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "predictions.parquet")
    found = material([sample_union], tmp_path / "run", tmp_path / "cache")
    assert found.predictor is not None
    assert [one.name for one in found.predictions] == ["run on biored-test"]
    assert material([], tmp_path / "run", tmp_path / "cache").predictions == ()


def test_a_run_of_another_corpus_says_how_to_ask_it(tmp_path: Path) -> None:
    run, cache = tmp_path / "run", tmp_path / "cache"
    run.mkdir()
    (run / "training.json").write_text("{}")
    for trained, asked, advised in (
        (
            "ddi",
            None,
            "asked as biored, on which the run was not trained; --as-corpus ddi asks as it was trained",
        ),
        ("ddi", "DDI", None),
        ("all", None, None),
    ):
        (run / "recipe.yaml").write_text(f"train_on: [{trained}]\nevaluate_on: ddi/test\ndevelopment: null\n")
        predictor = material([], run, cache, as_corpus=asked).predictor
        assert predictor is not None
        assert predictor.advice == advised


def test_a_corpus_to_ask_as_needs_a_run(sample_union: Path, tmp_path: Path) -> None:
    with pytest.raises(HarmonizeError, match="--as-corpus: expected --model too, whose run is asked"):
        material([sample_union], None, tmp_path, as_corpus="ddi")
    (tmp_path / "training.json").write_text("{}")
    with pytest.raises(UnknownName, match="expected one of"):
        material([sample_union], tmp_path, tmp_path / "cache", as_corpus="nope")


def test_a_run_of_a_corpus_of_ones_own_is_asked_as_it(tmp_path: Path) -> None:
    run, mine = tmp_path / "run", tmp_path / "mine"
    new_corpus("mine", "pubtator", [str(sample_folder() / "biored/Train.PubTator")], mine)
    run.mkdir()
    (run / "training.json").write_text("{}")
    (run / "recipe.yaml").write_text("train_on: [mine]\nevaluate_on: mine/test\ndevelopment: null\n")
    shown = material([], run, tmp_path / "cache", extensions=[mine])
    assert shown.predictor is not None
    assert "--as-corpus mine asks as it was trained" in (shown.predictor.advice or "")
    shown = material([], run, tmp_path / "cache", as_corpus="mine", extensions=[mine])
    assert shown.predictor is not None
    assert shown.predictor.advice is None
