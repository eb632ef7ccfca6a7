"""Zips made here; a damaged or hostile one is one line, and leaves nothing where the files belong."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonize.errors import DownloadError, HarmonizeError, MalformedInput, MissingInput
from harmonize.sources import unzip as unzipping
from harmonize.sources.unzip import unzip

thorough = settings(max_examples=60)

MEMBERS = {
    "Corpus/Train.PubTator": b"title and abstract\n" * 300,
    "Corpus/deep/Test.PubTator": b"other",
    "__MACOSX/Corpus/._Train.PubTator": b"mac",
    "__MACOSX/Corpus/Train.PubTator": b"mac",
    "Corpus/OldTrain.PubTator": b"old",
    "Corpus/train.pubtator": b"lower",
    "Corpus/Train.PubTator/": b"",
}
TRAIN = "Train.PubTator"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def is_alone(target: Path) -> bool:
    return names(target.parent) == [target.name]


def zip_of(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "corpus.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def fault(archive: Path, out: Path, name: str = TRAIN) -> str:
    """The error's text without the path; nothing is left where the files belong."""
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    with pytest.raises(MalformedInput) as caught:
        unzip(archive, {name: out / "train.txt"})
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{archive}: ")


def test_members_are_copied_by_the_end_of_their_path(tmp_path: Path) -> None:
    archive, out = zip_of(tmp_path, MEMBERS), tmp_path / "out"
    unzip(
        archive,
        {
            "Train.PubTator": out / "a" / "train.txt",
            "deep/Test.PubTator": out / "test.txt",
            "Corpus/OldTrain.PubTator": out / "old.txt",
        },
    )
    assert {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()} == {
        "a/train.txt": MEMBERS["Corpus/Train.PubTator"],
        "test.txt": b"other",
        "old.txt": b"old",
    }


def test_an_older_file_is_replaced_and_has_common_permissions(tmp_path: Path) -> None:
    archive, out = zip_of(tmp_path, MEMBERS), tmp_path / "train.txt"
    out.write_bytes(b"older")
    plain = stat.S_IMODE(out.stat().st_mode)
    unzip(archive, {TRAIN: out})
    assert out.read_bytes() == MEMBERS["Corpus/Train.PubTator"]
    assert stat.S_IMODE(out.stat().st_mode) == plain


def test_no_such_zip_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"none\.zip: expected a zip file, found none"):
        unzip(tmp_path / "none.zip", {TRAIN: tmp_path / "train.txt"})


def test_no_such_member_and_several_are_named(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, {"a/f.txt": b"", "b/f.txt": b"", "g.txt": b""})
    assert fault(archive, tmp_path, "none.txt") == "expected one member 'none.txt', got none"
    assert fault(archive, tmp_path, "G.txt") == "expected one member 'G.txt', got none"
    assert fault(archive, tmp_path, "f.txt") == "expected one member 'f.txt', got 'a/f.txt' and 'b/f.txt'"


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/out", "..\\out", "C:/out", "c:out"])
def test_a_zip_that_points_outside_itself_is_refused(tmp_path: Path, name: str) -> None:
    archive = zip_of(tmp_path, MEMBERS | {name: b""})
    assert fault(archive, tmp_path) == f"expected members inside the zip, got {name!r}"


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, MEMBERS)
    link = zipfile.ZipInfo("Corpus/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(link, "/etc/passwd")
    assert fault(archive, tmp_path) == "expected files and folders, got the link 'Corpus/link'"


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, {TRAIN: b"secret"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    assert "encrypted" in fault(archive, tmp_path)


@pytest.mark.parametrize("part", [0.0, 0.25, 0.5, 0.9])
def test_a_zip_cut_short_is_refused(tmp_path: Path, part: float) -> None:
    archive = zip_of(tmp_path, MEMBERS)
    content = archive.read_bytes()
    archive.write_bytes(content[: int(part * len(content))])
    assert fault(archive, tmp_path).startswith("expected a whole zip file, got: ")


def test_a_member_of_another_size_than_the_directory_says_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, {TRAIN: b"0123456789"}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    directory = content.index(b"PK\x01\x02")
    for size, expected in ((99, "expected"), (3, "expected a whole zip file, got: Bad CRC-32")):
        content[directory + 24] = size
        archive.write_bytes(content)
        assert fault(archive, tmp_path).startswith(expected)


def test_a_member_that_ends_early_with_the_right_checksum_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path, {TRAIN: b"0123456789"})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 24] = 99
    archive.write_bytes(content)
    assert fault(archive, tmp_path) == "expected 99 bytes in 'Train.PubTator', got 10"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_changed_byte_anywhere_is_no_traceback(tmp_path: Path, compression: int) -> None:
    small = {TRAIN: bytes(range(60))}
    archive, out = zip_of(tmp_path, small, compression), tmp_path / "out"
    content = archive.read_bytes()
    surprises = set()
    for place in range(len(content)):
        archive.write_bytes(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :])
        out.unlink(missing_ok=True)
        try:
            unzip(archive, {TRAIN: out})
        except HarmonizeError:
            assert names(tmp_path) == ["corpus.zip"]
        except Exception as error:  # noqa: BLE001
            surprises.add(f"{type(error).__name__}: {error}")
        else:
            assert out.read_bytes() == small[TRAIN]
    assert not surprises


def test_the_disk_is_asked_before_a_zip_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    archive, out = zip_of(tmp_path, MEMBERS), tmp_path / "out"
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(5704))
    with pytest.raises(DownloadError) as caught:
        unzip(archive, {TRAIN: out / "train.txt", "Test.PubTator": out / "test.txt"})
    assert str(caught.value) == f"{archive}: expected 5705 bytes free in {out}, got 5704"
    assert names(out) == []


def test_a_file_that_cannot_be_written_is_no_fault_of_the_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object) -> None:
        raise OSError(28, "No space left on device")

    archive, out = zip_of(tmp_path, MEMBERS), tmp_path / "out"
    monkeypatch.setattr(unzipping, "sync", full)
    with pytest.raises(OSError, match="No space left"):
        unzip(archive, {TRAIN: out / "train.txt"})
    assert names(out) == []


file_names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\:\0"), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
paths = st.lists(file_names, min_size=1, max_size=3).map("/".join)


@thorough
@given(members=st.dictionaries(paths, st.binary(max_size=300), min_size=1, max_size=6), data=st.data())
def test_whatever_a_zip_holds_a_member_is_copied_or_several_are_named(
    members: dict[str, bytes], data: st.DataObject
) -> None:
    chosen = data.draw(st.sampled_from(sorted(members)))
    parts = chosen.split("/")
    name = "/".join(parts[data.draw(st.integers(0, len(parts) - 1)) :])
    alike = [path for path in members if path == name or path.endswith(f"/{name}")]
    compression = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    with tempfile.TemporaryDirectory() as folder:
        archive, out = zip_of(Path(folder), members, compression), Path(folder) / "out" / "file"
        if len(alike) == 1:
            unzip(archive, {name: out})
            assert out.read_bytes() == members[chosen]
            assert is_alone(out)
        else:
            with pytest.raises(MalformedInput, match="expected one member"):
                unzip(archive, {name: out})
