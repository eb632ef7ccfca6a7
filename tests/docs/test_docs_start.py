"""docs/start.md, walked from top to bottom as a newcomer does."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir
from itertools import takewhile
from pathlib import Path

import pytest
from page_commands import ROOT, commands, prints
from typer.testing import CliRunner

from harmonize.pipelines.cli import app

PAGE = ROOT / "docs/start.md"
ENVIRONMENT = {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "COLUMNS": "100",
}


def done(command: str, folder: Path) -> str:
    """What a block of commands prints in a folder.

    Those of `harmonize` run in this process: a new one would import for seconds every time.
    """
    lines = command.splitlines()
    ours = [*takewhile(lambda line: line.startswith("harmonize "), lines)]
    printed = []
    with chdir(folder):
        for line in ours:
            found = CliRunner().invoke(app, shlex.split(line)[1:], env=ENVIRONMENT, catch_exceptions=False)
            assert found.exit_code == 0, f"{line}\n{found.stderr}"
            printed.append(found.stdout)
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines[len(ours) :])],
        cwd=folder,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert shell.returncode == 0, f"{command}\n{shell.stderr}"
    return "".join([*printed, shell.stdout])


@pytest.mark.slow
def test_every_command_of_the_page_prints_what_stands_below_it(quick_run: Path, tmp_path: Path) -> None:
    shutil.copytree(quick_run, tmp_path / "artifacts/run")
    walked = commands(PAGE)
    assert len(walked) == PAGE.read_text(encoding="utf-8").count("<!-- run -->")
    for command, printed in walked:
        found = done(command, tmp_path)
        assert printed is None or prints(printed, found), f"{command}\n{found}"


def test_what_differs_is_noticed() -> None:
    assert prints("1 document, ...\nb", "1 document, 6 pairs  \na\nb\n")
    assert not prints("1 document, ...\nb", "2 documents, 6 pairs\nb")


def test_it_is_installed_as_the_readme_says() -> None:
    page, readme = PAGE.read_text(encoding="utf-8"), (ROOT / "README.md").read_text(encoding="utf-8")
    install = re.search(r"<!-- install -->\n```sh\n(.*)\n```", page)
    assert install is not None
    assert f"{install[1]} && .venv/bin/harmonize build" in readme
