"""A stranger's corpus in each known format: drafted, built, trained on and scored by three commands."""

from __future__ import annotations

import gzip
import re
import shlex
from contextlib import chdir
from pathlib import Path

import pytest
from strangers import STRANGERS, decide, lay_down
from typer.testing import CliRunner

import harmonize
from harmonize.check.verify import verify
from harmonize.pipelines.cli import app


def run(command: str, folder: Path, code: int = 0) -> str:
    """What a command prints, started in a folder."""
    with chdir(folder):
        done = CliRunner().invoke(app, command.split(), env={"HARMONIZE_MIRROR": None, "COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.output if code == 0 else done.stderr


@pytest.mark.parametrize("form", STRANGERS)
def test_three_commands_lead_from_files_to_a_score(form: str, tmp_path: Path) -> None:
    files = " ".join(lay_down(form, tmp_path))
    drafted = run(f"new-corpus mine --format {form} {files} --out .", tmp_path)
    assert "12 documents, 24 mentions, 8 relations" in drafted
    decide(form, tmp_path)
    run("build --corpora mine --extend . --out union", tmp_path)
    rows = harmonize.load_union(tmp_path / "union").to_pylist()
    assert (len(rows), sum(not row["relation"].startswith("None") for row in rows)) == STRANGERS[form].rows
    assert {row["pmid"] is not None for row in rows} == {True}
    assert not list(verify(tmp_path / "union"))
    options = "--recipe quick --train-on mine --evaluate-on mine/test --epochs 1 --out run --evaluate"
    printed = run(f"train --union union {options}", tmp_path)
    assert re.search(r"^trained: run$", printed, re.MULTILINE)
    assert re.search(r"\|.*F.*\|", printed)
    assert (tmp_path / "run/evaluation/mine-test").is_dir()


@pytest.mark.parametrize("form", sorted(STRANGERS.keys() - {"brat"}))
def test_files_may_be_packed(form: str, tmp_path: Path) -> None:
    names = lay_down(form, tmp_path)
    for name in names:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    packed = " ".join(f"{name}.gz" for name in names)
    run(f"new-corpus mine --format {form} {packed} --out .", tmp_path)
    decide(form, tmp_path)
    run("build --corpora mine --extend . --out union", tmp_path)
    assert harmonize.load_union(tmp_path / "union").num_rows == STRANGERS[form].rows[0]
    whole = (tmp_path / f"{names[0]}.gz").read_bytes()
    for content in (whole[:-12], b"no gzip"):
        (tmp_path / f"{names[0]}.gz").write_bytes(content)
        message = run("build --corpora mine --extend . --out again", tmp_path, code=2)
        assert f"{names[0]}.gz" in message
        assert "expected gzip, got: " in message


@pytest.mark.parametrize("form", [form for form, stranger in STRANGERS.items() if stranger.decide])
def test_nothing_is_built_before_all_is_decided(form: str, tmp_path: Path) -> None:
    files = " ".join(lay_down(form, tmp_path))
    drafted = run(f"new-corpus mine --format {form} {files} --out .", tmp_path)
    told = run("build --corpora mine --extend . --out union", tmp_path, code=2)
    assert told.count("\n") == 1
    for asked in STRANGERS[form].decide:
        assert asked.removesuffix(": DECIDE") in told
        assert asked.removesuffix(": DECIDE") in drafted
    assert not (tmp_path / "union").exists()


def test_the_command_that_comes_next_can_be_pasted_whatever_the_folder_is_called(tmp_path: Path) -> None:
    files = lay_down("ppi-xml", tmp_path)
    with chdir(tmp_path):
        arguments = ["new-corpus", "mine", "--format", "ppi-xml", *files, "--out", "my corpus"]
        done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    told = done.output[done.output.index("Then: ") :].removeprefix("Then: ")
    assert shlex.split(told)[:6] == ["harmonize", "build", "--corpora", "mine", "--extend", "my corpus"]
