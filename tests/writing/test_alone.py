"""A folder that one process works in at a time."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from filelock import FileLock

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


def test_locks_of_killed_processes_are_removed_once_they_are_a_day_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    of_a_user = f"harmonize-{os.getuid()}"
    names = {"new": f"{of_a_user}-new.lock", "held": f"{of_a_user}-held.lock", "old": f"{of_a_user}-old.lock"}
    names["another user's"] = f"harmonize-{os.getuid() + 1}-old.lock"
    with FileLock(temporary / names["held"]):
        for what, name in names.items():
            (temporary / name).touch()
            if what != "new":
                os.utime(temporary / name, (time.time() - 2 * 86_400,) * 2)
        with alone_in(tmp_path / "work", "training"):
            pass
        left = {path.name for path in temporary.iterdir()}
    assert left == set(names.values()) - {names["old"]}
