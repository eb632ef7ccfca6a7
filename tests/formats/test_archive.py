"""Files of a folder and of a zip; zips are made here, damaged on purpose."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.sources.archive import files_below, split_location

MEMBERS = {
    "Corpus/Train/b.xml": b"<b/>" * 200,
    "Corpus/Train/deep/a b.xml": b"<a/>",
    "Corpus/Train/note.txt": b"no xml",
    "Corpus/Training/c.xml": b"<c/>",
    "Corpus/Train/\u03b1.xml": b"<alpha/>",
    "Corpus/Train/deep/._a b.xml": b"\0\5\x16\7",
    "Corpus/Train/__MACOSX/b.xml": b"\0\5\x16\7",
}
TRAIN = "corpus.zip!/Corpus/Train"
NAMES = ["Corpus/Train/b.xml", "Corpus/Train/deep/a b.xml", "Corpus/Train/\u03b1.xml"]


def zip_of(root: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = root / "corpus.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def train_files(root: Path) -> list[tuple[str, bytes]]:
    return list(files_below(root, TRAIN, ".xml"))


def test_a_location_is_a_folder_or_a_folder_in_a_zip() -> None:
    assert split_location("a.zip!/b/c") == ("a.zip", "b/c")
    assert split_location("plain/folder") == ("plain/folder", None)


def test_zip_members_come_in_order_of_name_with_path_and_content(tmp_path: Path) -> None:
    path = zip_of(tmp_path, dict(reversed(MEMBERS.items())))
    assert train_files(tmp_path) == [(f"{path}!/{name}", MEMBERS[name]) for name in NAMES]


def test_a_folder_gives_the_same_files_as_the_zip_of_it(tmp_path: Path) -> None:
    zip_of(tmp_path, MEMBERS)
    for name, content in MEMBERS.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (tmp_path / "Corpus/Train/._b.xml").write_bytes(b"\0\5\x16\7")
    (tmp_path / "Corpus/Train/folder.xml").mkdir()
    from_folder = list(files_below(tmp_path, "Corpus/Train", ".xml"))
    assert [content for _, content in from_folder] == [content for _, content in train_files(tmp_path)]


@pytest.mark.parametrize("name", ["../out.xml", "Corpus/Train/../../../out.xml", "/out.xml", "..\\out.xml"])
def test_a_member_outside_the_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = zip_of(tmp_path, {"Corpus/Train/a.xml": b"<a/>", name: b"<out/>"})
    with pytest.raises(MalformedInput) as caught:
        train_files(tmp_path)
    assert str(caught.value) == f"{path}: expected members inside the zip, got {name!r}"
    assert not (tmp_path.parent / "out.xml").exists()


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "corpus.zip"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(MalformedInput) as caught:
        train_files(tmp_path)
    assert str(caught.value) == f"{path}: expected a whole zip file, got: File is not a zip file"


@pytest.mark.parametrize("part", [0.0, 0.25, 0.5, 0.9])
def test_a_zip_cut_short_is_refused(tmp_path: Path, part: float) -> None:
    path = zip_of(tmp_path, MEMBERS)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(MalformedInput, match="expected a whole zip file"):
        train_files(tmp_path)


def test_a_zip_with_a_hole_in_a_member_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path, MEMBERS)
    content = bytearray(path.read_bytes())
    content[45:60] = bytes(15)
    path.write_bytes(content)
    with pytest.raises(MalformedInput, match="expected a whole zip file"):
        train_files(tmp_path)


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_changed_byte_anywhere_is_no_traceback(tmp_path: Path, compression: int) -> None:
    small = {"Corpus/Train/\u03b1.xml": bytes(range(60))}
    path = zip_of(tmp_path, small, compression)
    content = path.read_bytes()
    surprises = set()
    for at in range(len(content)):
        for byte in (0, 255, content[at] ^ 8):
            path.write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
            try:
                train_files(tmp_path)
            except HarmonizeError:
                continue
            except Exception as error:  # noqa: BLE001
                surprises.add(f"{type(error).__name__}: {error}")
    assert not surprises


def test_a_missing_zip_folder_or_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"corpus\.zip: expected a zip file, found none"):
        train_files(tmp_path)
    with pytest.raises(MissingInput, match="nowhere: expected a folder, found none"):
        list(files_below(tmp_path, "nowhere", ".xml"))
    zip_of(tmp_path, {"Corpus/Test/a.xml": b"<a/>"})
    with pytest.raises(MissingInput, match=r"expected at least one \*\.xml file, found none"):
        train_files(tmp_path)


def test_a_folder_name_is_not_matched_by_its_beginning(tmp_path: Path) -> None:
    zip_of(tmp_path, MEMBERS)
    assert not [name for name, _ in train_files(tmp_path) if "Training" in name]
