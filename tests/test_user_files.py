"""Which files of a folder are its user's, and how another folder names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harmonize.files import named_from, user_files


def test_hidden_files_and_folders_are_not_listed(tmp_path: Path) -> None:
    for name in (
        "b.xml",
        "a.txt",
        "c/d.xml",
        ".DS_Store",
        "._b.xml",
        "c/._d.xml",
        ".git/e.xml",
        "__MACOSX/b.xml",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "folder.xml").mkdir()
    assert user_files(tmp_path) == [tmp_path / name for name in ("a.txt", "b.xml", "c/d.xml")]
    assert user_files(tmp_path, "*.xml") == [tmp_path / "b.xml"]
    assert user_files(tmp_path, "**/*.xml") == [tmp_path / "b.xml", tmp_path / "c/d.xml"]
    assert user_files(tmp_path / ".git") == [tmp_path / ".git/e.xml"], "whoever names it wants it"
    assert user_files(tmp_path / "nowhere") == []


def test_a_path_on_another_drive_is_told_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert named_from(tmp_path / "a", tmp_path / "b" / "c.txt") == "../b/c.txt"

    def of_windows(path: Path, start: Path) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", of_windows)
    assert named_from(tmp_path / "a", tmp_path / "c.txt") == (tmp_path / "c.txt").as_posix()
