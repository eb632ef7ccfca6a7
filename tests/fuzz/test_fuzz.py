"""The fuzzer of benchmarks/fuzz.py, for seconds and with one seed: every reader on damaged input.

A reader reads, or refuses in one line; the million inputs are in benchmarks/results/fuzz.json.
"""

from __future__ import annotations

import faulthandler
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz_mutations import Files
from fuzz_run import Fault, Fleet, Tally, Workspace, input_of, judged, read_input, saved
from fuzz_targets import TARGETS, Target

from harmonize.errors import AccountingError, HarmonizeError, MalformedInput

SEED = 7
INPUTS = 100  # of a reader with a share of one
LONGEST = 120.0  # seconds until a reader that never ends is shown where it is


@pytest.fixture
def space() -> Iterator[Workspace]:
    space = Workspace()
    yield space
    space.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_is_read_or_refused_in_one_line(name: str, space: Workspace, tmp_path: Path) -> None:
    target, tally = TARGETS[name], Tally()
    seeds = target.seeds(None)
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        for index in range(len(seeds) + round(INPUTS * target.share)):
            read_input(target, input_of(target, seeds, SEED, index), index, space, tally)
    finally:
        faulthandler.cancel_dump_traceback_later()
    for fault in tally.faults:
        saved(fault, input_of(target, seeds, SEED, fault.index), tmp_path)
    assert not tally.faults, f"kept below {tmp_path}: {tally.faults[0]}"
    assert tally.read >= 1
    assert sum(tally.refused.values()) >= 1


def test_an_input_is_made_again_from_its_number() -> None:
    for name in ("pubtator strict", "bioc json", "annotations dumps", "archive zip", "mappings"):
        target = TARGETS[name]
        seeds = target.seeds(None)
        for index in range(len(seeds), len(seeds) + 20):
            assert input_of(target, seeds, 1, index) == input_of(target, target.seeds(None), 1, index)
        assert input_of(target, seeds, 1, 999) != input_of(target, seeds, 2, 999)


def reader(error: BaseException | None) -> Target:
    def read(folder: Path) -> None:
        if error is not None:
            raise error

    return Target("one", lambda _: [{"a.txt": b"a"}], read)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, "read"),
        (MalformedInput("a", "expected b"), "MalformedInput"),
        (HarmonizeError("a\nb"), "HarmonizeError"),
    ],
)
def test_what_no_fault_is(error: BaseException | None, kind: str, space: Workspace) -> None:
    assert judged(reader(error), space.lay_out({"a.txt": b"a"}))[0] == kind


class TwoLines(HarmonizeError):
    def __str__(self) -> str:
        return "one\ntwo"


class HalfACharacter(HarmonizeError):
    def __str__(self) -> str:
        return "\ud800"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyError("a"), "KeyError"),
        (OSError("a"), "OSError"),
        (RecursionError(), "RecursionError"),
        (MemoryError(), "MemoryError"),
        (SystemExit(1), "SystemExit"),
        (AccountingError("1 in, 2 out"), "AccountingError"),
        (TwoLines(""), "message"),
        (HarmonizeError(""), "message"),
        (HalfACharacter(""), "message"),
    ],
)
def test_what_a_fault_is(error: BaseException, kind: str, space: Workspace) -> None:
    verdict = judged(reader(error), space.lay_out({"a.txt": b"a"}))
    assert isinstance(verdict, Fault)
    assert verdict.kind == kind


def test_a_workspace_holds_one_input_and_nothing_that_a_reader_left(space: Workspace) -> None:
    inputs: list[Files] = [{"a": b"1", "b/c": b"2"}, {"a": b"3", "b/c": b"2"}, {"a": b"3"}, {"d": b"4"}]
    for files in inputs:
        folder = space.lay_out(files)
        found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        assert found == files
        (folder / "left").mkdir()


@pytest.mark.parametrize(("name", "kind"), [("a hang", "hang"), ("a crash", "crash")])
def test_the_watchdog_tells_the_input_and_goes_on_behind_it(name: str, kind: str) -> None:
    fleet, total = Fleet(SEED, 1, patience=0.5), Tally()
    try:
        for _, tally in fleet.run([(name, 0, 5)]):
            total.add(tally)
    finally:
        fleet.close()
    assert sorted((fault.kind, fault.index) for fault in total.faults) == [(kind, 3), (kind, 4)]
    assert (total.inputs, total.read) == (5, 3)


def test_nothing_is_printed_for_archives_made_here(space: Workspace) -> None:
    target = TARGETS["archive zip"]
    seeds = target.seeds(None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in range(200):
            input_of(target, seeds, SEED, index)
