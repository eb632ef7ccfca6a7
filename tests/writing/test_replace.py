"""Files that take an older one's place."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from harmonize.writing.replace import new_path

DAY = 24 * 3600


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "rows.arrow"
    with new_path(target) as one:
        one.write_text("one", encoding="utf-8")
        with new_path(target) as other:
            other.write_text("other", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "other"
    assert target.read_text(encoding="utf-8") == "one"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_raises_leaves_the_older_file(tmp_path: Path) -> None:
    target = tmp_path / "rows.arrow"
    target.write_text("older", encoding="utf-8")
    with pytest.raises(FileNotFoundError), new_path(target) as part:
        part.joinpath("is no folder").write_text("half", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_writer_left_is_swept_a_day_on(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (".a.txt.0f.part", ".a.txt.1f.part", ".b.txt.0f.part"))
    for path in (old, new, other):
        path.write_text("half", encoding="utf-8")
    for path in (old, other):
        os.utime(path, (time.time() - DAY - 60,) * 2)
    with new_path(tmp_path / "a.txt") as part:
        part.write_text("whole", encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.txt.1f.part", ".b.txt.0f.part", "a.txt"]
