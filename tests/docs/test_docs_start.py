"""docs/start.md, walked from top to bottom as a newcomer does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from page_commands import ROOT, commands, prints

PAGE = ROOT / "docs/start.md"


@pytest.mark.slow
def test_every_command_of_the_page_prints_what_stands_below_it(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "COLUMNS": "100"}
    walked = commands(PAGE)
    assert len(walked) == PAGE.read_text(encoding="utf-8").count("<!-- run -->")
    for command, printed in walked:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert printed is None or prints(printed, done.stdout), f"{command}\n{done.stdout}"


def test_what_differs_is_noticed() -> None:
    assert prints("1 documents, ...\nb", "1 documents, 6 pairs  \na\nb\n")
    assert not prints("1 documents, ...\nb", "2 documents, 6 pairs\nb")


def test_it_is_installed_as_the_readme_says() -> None:
    page, readme = PAGE.read_text(encoding="utf-8"), (ROOT / "README.md").read_text(encoding="utf-8")
    install = re.search(r"<!-- install -->\n```sh\n(.*)\n```", page)
    assert install is not None
    assert f"{install[1]} && .venv/bin/harmonize build" in readme
