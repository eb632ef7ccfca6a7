"""A folder that one process works in at a time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from harmonize.writing.alone import AtWork, alone_in


def test_a_lock_is_removed_and_of_one_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    work = tmp_path / ".run.training"
    for _ in range(2):
        with alone_in(work, "training"):
            assert [path.name.split("-")[1] for path in (tmp_path / "temporary").iterdir()] == [
                str(os.getuid())
            ]
            with pytest.raises(AtWork), alone_in(work, "training"):
                pass
        assert not list((tmp_path / "temporary").iterdir())
