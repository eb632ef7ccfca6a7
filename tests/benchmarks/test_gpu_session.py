"""A GPU session: every entry runs at toy size on a machine without spaCy, and the deadline is kept."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import session
from bare import FOREIGN, brought, environment, foreign_modules
from conduct import Session
from control import watched
from entries import Entry, read_queue
from fine_tuning import Until, trained
from gpu_common import PATHS
from job import Job
from outcome import Outcome, done_before
from pace import chosen
from phases import phase_at
from rehearsal import not_done, rehearse

from harmonize.errors import HarmonizeError
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.relation.model import heads

CORPORA = ["biored", "bc5cdr", "drugprot", "ddi", "aimed", "hprd50", "emu", "pharmgkb", "disgenet"]
REHEARSED = ["biored", "bc5cdr", "drugprot", "ddi", "aimed", "hprd50"]
"""The corpora that entries and their recipes name."""
DOCUMENT = {"head": "document", "input": "prompt", "threshold": "even"}
SMALL = {"epochs": 1.0, "batch_size": 8, "max_length": 96, "evaluate_every": None}


@pytest.fixture(scope="module")
def foreign() -> list[str]:
    """All that is installed is looked at for it."""
    return foreign_modules()


@pytest.mark.parametrize("name", ["spacy", "scispacy", "bioc", "lxml", "sklearn", "pandas", "tensorboard"])
def test_a_bare_machine_lacks_what_the_package_needs_elsewhere(name: str, foreign: list[str]) -> None:
    assert name in foreign or name == "scispacy"  # an extra that need not be installed
    assert not {"torch", "transformers", "numpy", "pyarrow", "yaml", "pydantic", "harmonize"} & set(foreign)


def test_a_pack_brings_what_a_bare_machine_lacks() -> None:
    assert {"pydantic", "pydantic-core"} <= set(brought())


def test_a_hidden_module_is_as_if_it_was_not_installed(tmp_path: Path) -> None:
    listed = tmp_path / "foreign.json"
    listed.write_text('["spacy", "lxml"]', encoding="utf-8")
    script = (
        "import bare, importlib.util, harmonize.adapters, yaml\n"
        "assert importlib.util.find_spec('lxml') is None\n"
        "try: import spacy\n"
        "except ModuleNotFoundError: print('none')"
    )
    variables = environment(PATHS, listed)
    assert variables[FOREIGN] == str(listed)
    assert variables["HF_HUB_OFFLINE"] == "1"
    done = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True)
    assert done.stdout == "none\n", done.stderr


@pytest.mark.slow
def test_a_rehearsal_runs_every_entry(tmp_path: Path) -> None:
    """Of those that leave out a corpus five, each training like the other."""
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    build(tmp_path / "union", sample_folder(), corpora=REHEARSED)
    assert rehearse(work, out, tmp_path / "union") == 0
    record = json.loads((out / "session.json").read_text(encoding="utf-8"))
    queue = read_queue(REHEARSED)
    assert list(record["control"]) == [arm.name for arm in queue.arms]
    assert set(record["entries"]) == {entry.name for entry in queue.entries if entry.seed == 0}
    assert not not_done(record)
    for key in ("commit", "command", "date", "hardware", "versions", "union", "encoders"):
        assert record[key], key
    assert set(record["pace"]["steps_per_second"]) == {"1", "2", "3"}
    with zipfile.ZipFile(out / "predictions.zip") as archive:
        kept = {name.removesuffix(".parquet") for name in archive.namelist()}
    assert kept == {name for name, found in record["entries"].items() if "binary" in found}
    compared = record["entries"]["union-document-0"].get("compared", {})
    compared |= record["entries"]["biored-document-0"].get("compared", {})
    assert {"biored-document-0", "union-document-0"} & set(compared)
    weights = {name: set(arm["weights"]) for name, arm in record["control"].items()}
    assert "float16" in weights["half-as-stored"]
    assert weights["single-as-stored"] == weights["half-as-single"] == {"float32"}


# --- entries


def test_the_control_changes_one_thing_at_a_time() -> None:
    one, other, mended, slow = read_queue(CORPORA).arms
    assert (one.stored, other.stored, mended.stored) == ("half", "single", "half")
    assert (one.loaded, other.loaded, mended.loaded) == ("as stored", "as stored", "single")
    assert one.values == other.values == mended.values
    assert {one.seed, other.seed, mended.seed, slow.seed} == {0}
    assert slow.values["learning_rate"] < one.values["learning_rate"]


def test_entries_come_by_their_worth_and_name_what_is_to_be_shown() -> None:
    entries = read_queue(CORPORA).entries
    assert [entry.worth for entry in entries] == sorted((entry.worth for entry in entries), reverse=True)
    names = {entry.name for entry in entries}
    for name in ("biored-document", "union-document", "union-prompt"):
        assert {f"{name}-{seed}" for seed in range(3)} <= names
    assert {entry.against for entry in entries} - {None} <= names
    without = [entry for entry in entries if "-without-" in entry.name]
    assert len(without) == len(CORPORA) - 1
    for entry in without:
        assert len(entry.values["train_on"]) == len(CORPORA) - 1
        assert "biored" in entry.values["train_on"]


@pytest.mark.parametrize("toy", [None, SMALL])
def test_every_entry_has_values_that_its_recipe_can_have(toy: dict[str, Any] | None, tmp_path: Path) -> None:
    queue = read_queue(CORPORA)
    for each in (*queue.arms, *queue.entries):
        if each.recipe:
            recipe = Job(each, tmp_path, tmp_path, tmp_path, "cpu", 0.0, toy=toy).recipe()
            assert recipe.seed == each.seed
            assert recipe.head == each.values["head"]


def test_a_set_without_a_corpus_has_no_entry_that_leaves_it_out() -> None:
    names = {entry.name for entry in read_queue(["biored", "bc5cdr"]).entries}
    assert "union-document-without-bc5cdr-0" in names
    assert "union-document-without-ddi-0" not in names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("entries: [", "expected the entries of a session"),
        ("entries: []", "control"),
        ("x: 1", "Extra inputs are not permitted"),
    ],
)
def test_entries_that_cannot_be_read_are_one_line(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "entries.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HarmonizeError, match=expected) as error:
        read_queue(CORPORA, path)
    assert "\n" not in str(error.value)


# --- what one process does


def job_of(entry: Entry, union: Path, encoder: Path, folder: Path, seconds: float = 600.0) -> Job:
    folder.mkdir(parents=True)
    return Job(entry, union, encoder, folder, "cpu", time.time() + seconds, toy=SMALL)


def test_a_training_whose_time_is_up_scores_what_it_has(
    sample_union: Path, half_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter([False] * 4)
    monkeypatch.setattr(Until, "is_over", property(lambda self: next(asked, True)))
    entry = Entry("one", "train", "", recipe="original", values=DOCUMENT, toy={"epochs": 1000.0})
    job = job_of(entry, sample_union, half_encoder, tmp_path / "one")
    trained(job)
    result = job.result()
    assert result["cut"]
    assert result["steps"] == 4
    assert [each["step"] for each in result["development"]][-1] == 4
    assert result["binary"]["f1"] is not None
    assert (job.folder / "predictions.parquet").is_file()


def test_a_training_that_there_is_no_time_to_begin_is_cut(
    sample_union: Path, half_encoder: Path, tmp_path: Path
) -> None:
    entry = Entry("one", "train", "", recipe="original", values=DOCUMENT)
    job = job_of(entry, sample_union, half_encoder, tmp_path / "one", seconds=0.0)
    trained(job)
    assert job.result()["cut"]
    assert not (job.folder / "predictions.parquet").exists()


def test_a_training_that_diverges_is_traced_to_its_step(
    sample_union: Path, half_encoder: Path, tmp_path: Path
) -> None:
    entry = replace(read_queue(CORPORA).arms[2], steps=50, toy={"learning_rate": 1e30, "epochs": 9.0})
    job = job_of(entry, sample_union, half_encoder, tmp_path / "arm")
    watched(job)
    result = job.result()
    first = result["first_not_finite"]
    assert result["weights"].keys() == {"float32"}
    assert result["stopped"].startswith("training diverged")
    assert first["loss"] == first["gradient"] >= 2
    assert [step for step, *_ in result["losses"]] == list(range(1, first["loss"]))
    assert result["losses"][-1][-1] > 1e20


def test_an_arm_can_load_what_is_stored_as_it_is(
    sample_union: Path, half_encoder: Path, tmp_path: Path
) -> None:
    """A CPU cannot train it, and says so; afterwards all is loaded as ever."""
    usual = heads.WEIGHT_TYPE
    job = job_of(replace(read_queue(CORPORA).arms[0], steps=2), sample_union, half_encoder, tmp_path / "arm")
    watched(job)
    result = job.result()
    assert "float16" in result["weights"]
    assert "RuntimeError" in result["stopped"]
    assert usual == heads.WEIGHT_TYPE


# --- the course


class Hurried(Session):
    """A session whose time is up as soon as the entry "forever" is at work and no other one is."""

    @property
    def _left(self) -> float:
        others = [found for name, found in self._outcome.entries.items() if name != "forever"]
        at_work = any(found["state"] in ("begun", "not begun") for found in others)
        stuck = (self.work / "entries" / "forever" / "result.json").is_file()
        return 100.0 if at_work or not stuck else 0.0


def session_of(folder: Path, kind: type[Session] = Session, *, toy: bool = True) -> Session:
    made = kind(folder / "pack", folder / "out", folder / "work", "cpu", time.time() + 100.0, toy)
    made.__dict__["_outcome"] = Outcome(folder / "out", {})
    made.__dict__["_context"] = multiprocessing.get_context("forkserver")
    (made.work / "encoders" / "minilm").mkdir(parents=True)
    return made


def test_the_deadline_is_kept_and_what_was_written_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries are functions of stuck.py."""
    made = session_of(tmp_path, Hurried)
    monkeypatch.setattr(
        made, "_begun", lambda entry, entries: made._start(entry, f"stuck.{entry.name}", made.deadline)
    )
    made._queue([entry(name) for name in ("refused", "broken", "at_once", "forever")], 2)
    found = json.loads((made.out / "session.json").read_text(encoding="utf-8"))["entries"]
    assert {name: noted["state"] for name, noted in found.items()} == {
        "refused": "failed",
        "broken": "failed",
        "at_once": "done",
        "forever": "ended",
    }
    assert found["forever"]["development"] == [{"step": 10}]
    assert found["refused"]["development"] == [{"step": 20}]
    assert found["refused"]["error"] == "training diverged"
    printed = (made.out / "log.txt").read_text(encoding="utf-8")
    assert "here I am" in printed
    assert "a fault of the code" in printed


def entry(name: str, minutes: float = 1.0, *, alone: bool = False) -> Entry:
    return Entry(name, "command", "", minutes=minutes, alone=alone)


def running(made: Session, one: Entry) -> Any:
    class Work:
        job = Job(one, made.work, made.work, made.work, "cpu", 0.0)

    return Work()


def test_what_comes_next(tmp_path: Path) -> None:
    made = session_of(tmp_path, toy=False)
    long, short, alone = entry("long", 9.0), entry("short"), entry("alone", alone=True)
    assert made._next([long, short], [], 1) is short
    assert made._next([short], [running(made, long)], 1) is None
    assert made._next([short], [running(made, long)], 2) is short
    assert made._next([alone, short], [], 3) is alone
    assert made._next([alone, short], [running(made, long)], 3) is None
    assert made._next([short], [running(made, alone)], 3) is None
    assert made._next([long], [], 3) is None


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({1: 10.0, 2: 19.0, 3: 27.0}, 3),
        ({1: 10.0, 2: 14.0, 3: 14.5}, 2),
        ({1: 10.0, 2: 10.5, 3: 10.9}, 1),
        ({1: 10.0, 2: 9.0, 3: 12.0}, 3),
        ({}, 1),
    ],
)
def test_more_processes_are_run_where_they_are_measured_to_be_quicker(
    steps: dict[int, float], expected: int
) -> None:
    assert chosen(steps) == expected


@pytest.mark.parametrize(("now", "expected"), [(0.9, None), (1.0, 0), (1.9, 0), (2.5, 1), (3.0, None)])
def test_a_step_counts_for_the_phase_it_ends_in(now: float, expected: int | None) -> None:
    assert phase_at([1.0, 2.0, 3.0], now) == expected


def test_what_an_earlier_session_did_is_not_done_again(tmp_path: Path) -> None:
    earlier = {
        "control": {"one": {"state": "done"}, "two": {"state": "done"}},
        "entries": {"a-0": {"state": "done"}, "b-0": {"state": "cut short"}},
    }
    (tmp_path / "first.json").write_text(json.dumps(earlier), encoding="utf-8")
    (tmp_path / "other.json").write_text('{"control": {"one": {"state": "ended"}}}', encoding="utf-8")
    assert done_before(tmp_path) == {"control", "a-0"}
    assert done_before(tmp_path / "none") == set()


def test_packages_of_a_pack_are_used_where_they_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack, site = tmp_path / "pack", tmp_path / "site"
    (pack / "wheels").mkdir(parents=True)
    with zipfile.ZipFile(pack / "wheels" / "lacking-1-py3-none-any.whl", "w") as archive:
        archive.writestr("lacking_here.py", "VALUE = 7")
    assert session.add_wheels(pack, site) == []
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert session.add_wheels(pack, site) == [site]
    import lacking_here

    assert lacking_here.VALUE == 7


def test_a_folder_that_is_no_pack_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        session.main(["--pack", str(tmp_path), "--out", str(tmp_path / "out"), "--device", "cpu"])
    assert left.value.code == 2
    assert "expected what benchmarks/gpu/pack.py writes" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
