"""The notebook runs, on the sample, and prints what stands in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from notebook_run import NOTEBOOK, VARIES, code_cells, printed, run


@pytest.mark.slow
def test_the_notebook_prints_what_stands_in_it(quick_run: Path, tmp_path: Path) -> None:
    shutil.copytree(quick_run, tmp_path / "artifacts/run")
    stored = code_cells(nbformat.read(NOTEBOOK, as_version=4))
    fresh = code_cells(run(NOTEBOOK, tmp_path))
    for before, after in zip(stored, fresh, strict=True):
        if VARIES in before.metadata.get("tags", []):
            assert len(printed(after)[0].splitlines()) == len(printed(before)[0].splitlines())
        else:
            assert printed(after) == printed(before), before.source
