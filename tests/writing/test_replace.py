"""Files and folders that take an older one's place."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from contextlib import chdir
from pathlib import Path

import pytest

from harmonize.errors import HarmonizeError
from harmonize.writing import replace, unfinished
from harmonize.writing.replace import (
    begins,
    check_replaceable,
    check_replaceable_file,
    holds_something,
    new_file,
    new_folder,
    new_path,
)

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
    with pytest.raises(NotADirectoryError), new_path(target) as part:
        part.joinpath("is no folder").write_text("half", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_writer_of_another_machine_left_is_swept_a_day_on(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (".a.txt.0f.part", ".a.txt.1f.part", ".b.txt.0f.part"))
    for path in (old, new, other):
        path.write_text("half", encoding="utf-8")
    for path in (old, other):
        os.utime(path, (time.time() - DAY - 60,) * 2)
    with new_path(tmp_path / "a.txt") as part:
        part.write_text("whole", encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.txt.1f.part", ".b.txt.0f.part", "a.txt"]


WRITER = """
import sys, time
from pathlib import Path
from harmonize.writing.replace import new_file, new_folder
with new_file(Path(sys.argv[1])) as file, new_folder(Path(sys.argv[2])):
    print("at work", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_writer_left_is_removed_but_never_what_is_being_written(tmp_path: Path) -> None:
    file, folder = tmp_path / "a.txt", tmp_path / "set"
    with subprocess.Popen([sys.executable, "-c", WRITER, file, folder], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"at work\n"
            left = set(tmp_path.iterdir())
            assert {path.name[:7] for path in left} == {".a.txt.", ".set.bu"}
            for path in left:
                os.utime(path, (0, 0))
            with new_file(file) as text, new_folder(folder):
                text.write("whole")
            assert set(tmp_path.iterdir()) == {file, folder, *left}
        finally:
            writer.kill()
    with new_file(file) as text, new_folder(folder):
        text.write("whole again")
    assert set(tmp_path.iterdir()) == {file, folder}


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_a_disk_knows_no_locks_leftovers_stay_for_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def unknown(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(unfinished.fcntl, "flock", unknown)
    with new_path(tmp_path / "a.txt") as slow:
        slow.write_text("slow", encoding="utf-8")
        with new_path(tmp_path / "a.txt") as quick:
            quick.write_text("quick", encoding="utf-8")
        os.utime(slow, (time.time() - DAY - 60,) * 2)
        with new_path(tmp_path / "a.txt") as quick:
            assert not slow.exists()
            quick.write_text("quick", encoding="utf-8")
        slow.write_text("slow", encoding="utf-8")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["slow"]


def test_what_is_swept_before_it_is_held_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, swept = unfinished.fcntl.flock, []

    def late(handle: int, how: int) -> None:
        if not swept:
            swept.extend(path for path in tmp_path.iterdir() if path.is_file())
            for path in swept:
                path.unlink()
        flock(handle, how)

    monkeypatch.setattr(unfinished.fcntl, "flock", late)
    with new_path(tmp_path / "a.txt") as part:
        assert part not in swept
        part.write_text("whole", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_another_machine_writes_to_in_a_folder_is_not_swept_within_a_day(tmp_path: Path) -> None:
    slow = tmp_path / ".set.building-0f"
    (slow / "data" / "a").mkdir(parents=True)
    for path in (slow, slow / "data"):
        os.utime(path, (time.time() - DAY - 60,) * 2)
    with new_folder(tmp_path / "set"):
        assert slow.is_dir()
    os.utime(slow / "data" / "a", (time.time() - DAY - 60,) * 2)
    with new_folder(tmp_path / "set"):
        assert not slow.exists()


def test_a_leftover_that_cannot_be_removed_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, target = tmp_path / ".a.txt.0f.part", tmp_path / "a.txt"
    old.write_text("half", encoding="utf-8")
    os.utime(old, (0, 0))
    unlink = Path.unlink

    def of_another_user(path: Path, missing_ok: bool = False) -> None:
        if path == old:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", of_another_user)
    with new_file(target) as file:
        file.write("whole")
    assert target.read_text(encoding="utf-8") == "whole"


def test_an_older_folder_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "set"
    target.mkdir()
    (target / "older").write_text("", encoding="utf-8")
    rename = Path.rename

    def held(path: Path, to: Path) -> Path:
        if ".building-" in path.name:
            raise PermissionError(errno.EACCES, "in use", str(path))
        return rename(path, to)

    monkeypatch.setattr(replace, "_exchanged", lambda *_: False)
    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(PermissionError), new_folder(target):
        pass
    assert list(tmp_path.iterdir()) == [target]
    assert [path.name for path in target.iterdir()] == ["older"]


@pytest.mark.parametrize("older", ["older", None])
def test_a_file_is_written_through_a_link(tmp_path: Path, older: str | None) -> None:
    (tmp_path / "far").mkdir()
    file, link = tmp_path / "far" / "rows.txt", tmp_path / "link"
    if older is not None:
        file.write_text(older, encoding="utf-8")
    link.symlink_to("far/rows.txt")
    with new_file(link) as part:
        part.write("newer")
    assert link.readlink() == Path("far/rows.txt")
    assert file.read_text(encoding="utf-8") == "newer"
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_is_built_through_a_link(tmp_path: Path) -> None:
    folder, link = tmp_path / "far" / "set", tmp_path / "link"
    link.symlink_to("far/set")
    for name in ("older", "newer"):
        with new_folder(link) as part:
            (part / name).write_text("", encoding="utf-8")
        assert link.readlink() == Path("far/set")
        assert [path.name for path in folder.iterdir()] == [name]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_file_and_a_folder_do_not_take_each_other_s_place(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(HarmonizeError, match="folder: expected a file, got a folder"):
        new_path(tmp_path / "folder").__enter__()
    with pytest.raises(HarmonizeError, match="file: expected a folder, got a file"):
        new_folder(tmp_path / "file").__enter__()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with a name are POSIX")
@pytest.mark.parametrize("target", [".", ".."])
def test_a_folder_that_the_process_is_in_stays(tmp_path: Path, target: str) -> None:
    """Else the shell that began it would be in one that is removed."""
    (tmp_path / "older").mkdir()
    inside = tmp_path if target == "." else tmp_path / "older"
    message = f"^{re.escape(target)}: expected another folder than one you are in$"
    with chdir(inside), pytest.raises(HarmonizeError, match=message), new_folder(Path(target)) as folder:
        (folder / "new").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["older"]
    with chdir(inside), new_folder(Path("beside")) as folder:
        (folder / "new").touch()
    assert (inside / "beside/new").is_file()


def test_what_is_neither_file_nor_folder_stays(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for target in (pipe, loop):
        with pytest.raises(
            HarmonizeError, match=f"{target.name}: expected a file, got neither file nor folder"
        ):
            new_path(target).__enter__()
    assert pipe.is_fifo()
    assert loop.is_symlink()


def test_where_there_is_no_room_the_file_is_named_that_was_to_be_written(tmp_path: Path) -> None:
    for new, name in ((new_path, "a.txt"), (new_folder, "set")):
        with pytest.raises(OSError, match="No space left") as caught, new(tmp_path / name):
            raise OSError(errno.ENOSPC, "No space left on device")
        assert caught.value.filename == str(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_begun_is_named_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, new_file(tmp_path / "no" / "a.txt"):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "a.txt")


def test_an_error_that_names_another_file_or_may_be_of_one_is_left_alone(tmp_path: Path) -> None:
    for number, name in ((errno.ENOSPC, "other"), (errno.EIO, None)):
        fault = OSError(number, "broken", name)
        with pytest.raises(OSError, match="broken") as caught, new_path(tmp_path / "a.txt"):
            raise fault
        assert caught.value.filename == name


def test_a_folder_is_replaceable_if_it_holds_only_what_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    check_replaceable(folder, "an earlier export", ())
    folder.mkdir()
    check_replaceable(folder, "an earlier export", ())
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("", encoding="utf-8")
    for name in (".DS_Store", "._a.txt"):
        (folder / name).write_bytes(b"\0")
    check_replaceable(folder, "an earlier export", ("b.txt", "a.txt", "c.txt"))
    (folder / ".git").mkdir()
    with pytest.raises(HarmonizeError, match=r"found \.git$"):
        check_replaceable(folder, "an earlier export", ("b.txt", "a.txt"))
    (folder / ".git").rmdir()
    with pytest.raises(
        HarmonizeError, match=r"export: expected a new folder or an earlier export, found b\.txt$"
    ):
        check_replaceable(folder, "an earlier export", ("a.txt",))
    with pytest.raises(HarmonizeError, match=r"a\.txt: expected a folder, got a file"):
        check_replaceable(folder / "a.txt", "an earlier export", ("a.txt",))


@pytest.mark.parametrize("older", ["", "id\tname\n", "\ufeff\n id\tname\n", None])
def test_a_file_of_the_same_kind_may_be_replaced(tmp_path: Path, older: str | None) -> None:
    if older is not None:
        (tmp_path / "table.tsv").write_text(older, encoding="utf-8")
    check_replaceable_file(tmp_path / "table.tsv", "an earlier table", begins("id\tname"))


@pytest.mark.parametrize("older", [" ", "name\tid\n", "\0"])
def test_a_file_of_another_kind_is_not_replaced(tmp_path: Path, older: str) -> None:
    target = tmp_path / "table.tsv"
    (tmp_path / "far").write_text(older, encoding="utf-8")
    target.symlink_to("far")
    expected = f"^{re.escape(str(target))}: expected a new file or an earlier table, found another file$"
    with pytest.raises(HarmonizeError, match=expected):
        check_replaceable_file(target, "an earlier table", begins("id\tname"))


def test_a_folder_that_is_empty_holds_nothing(tmp_path: Path) -> None:
    assert not holds_something(tmp_path)
    assert not holds_something(tmp_path / "nowhere")
    (tmp_path / ".DS_Store").touch()
    assert not holds_something(tmp_path)
    assert holds_something(tmp_path / ".DS_Store")
    (tmp_path / ".git").mkdir()
    assert holds_something(tmp_path)
