"""Which split a file is of, as its name or the command line tells."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from harmonize.drafting.files import corpus_files
from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.spec import Format


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("CDR_TrainingSet.txt", "train"),
        ("CDR_DevelopmentSet.txt", "dev"),
        ("CDR_TestSet.txt", "test"),
        ("bc8_task1_val.json", "dev"),
        ("interval.txt", "train"),
        ("all.txt", "train"),
        ("test/all.txt", "test"),
        ("dev=training.txt", "dev"),
    ],
)
def test_the_name_tells_the_split_unless_it_is_said(name: str, split: str) -> None:
    assert corpus_files([name], "pubtator").by_split == {split: [Path(name.removeprefix("dev="))]}


def test_splits_stand_in_order_and_files_as_given() -> None:
    found = corpus_files(["b_test.txt", "z_train.txt", "a_train.txt"], "pubtator").by_split
    assert list(found.items()) == [
        ("train", [Path("z_train.txt"), Path("a_train.txt")]),
        ("test", [Path("b_test.txt")]),
    ]


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a_test.txt", "test/c.txt", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n1|t|A")
    assert corpus_files([str(tmp_path)], "pubtator").by_split == {
        "train": [tmp_path / "b.txt"],
        "test": [tmp_path / "a_test.txt", tmp_path / "test/c.txt"],
    }
    assert list(corpus_files([f"dev={tmp_path}"], "pubtator").by_split) == ["dev"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInput, match=r"empty: expected a file or a folder with files"):
        corpus_files([str(tmp_path / "empty")], "pubtator")


BEGINNINGS: dict[Format, list[str]] = {
    "pubtator": ["1|t|A title", "1|title|A title", "1\theals\tD1\tD2"],
    "bioc-xml": ["<?xml version='1.0'?>\n<!DOCTYPE collection>\n<collection>"],
    "bioc-json": ['{"documents": []}', '[{"passages": []}]', '{"id": "1", "passages": []}'],
    "ppi-xml": ['<corpus><document id="1"><sentence id="1"/>'],
    "drugprot-tsv": ["1\ttitle\ttext", "1\tT1\tX\t0\t1\ta", "1\tR\tArg1:T1\tArg2:T2"],
}


@pytest.mark.parametrize("form", BEGINNINGS)
@pytest.mark.parametrize("packed", [False, True])
def test_of_a_folder_only_files_in_the_format_are_taken(tmp_path: Path, form: Format, packed: bool) -> None:
    def laid_down(name: str, content: str) -> Path:
        path = tmp_path / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
        return path

    others = [
        laid_down("README.txt", "A corpus of mine.\n"),
        laid_down("empty", ""),
        laid_down("page.html", "<p>"),
    ]
    for other in others:
        with pytest.raises(
            MissingInput, match=f"{tmp_path.name}: expected files in the format {form}, found none"
        ):
            corpus_files([str(tmp_path)], form)
        assert corpus_files([str(other)], "pubtator").by_split == {"train": [other]}
    mine = [laid_down(str(number), f"{text}\n") for number, text in enumerate(BEGINNINGS[form])]
    found = corpus_files([str(tmp_path)], form)
    assert (found.by_split, found.passed_over) == ({"train": mine}, others)


@pytest.mark.parametrize("form", ["pubtator", "bioc-xml", "drugprot-tsv"])
@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_an_archive_is_to_be_unpacked(tmp_path: Path, form: Format, kind: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text(BEGINNINGS[form][0])
    (tmp_path / "mine").mkdir()
    archive = Path(shutil.make_archive(str(tmp_path / "mine/packed"), kind, tmp_path / "in"))
    hint = f"{archive.name} is an archive: unpack it"
    expected = f"mine: expected files in the format {form}, found none; {hint}$"
    with pytest.raises(MissingInput, match=expected):
        corpus_files([str(tmp_path / "mine")], form)
    expected = f"expected a file in the format {form}, got an archive: unpack it$"
    with pytest.raises(MalformedInput, match=expected):
        corpus_files([f"train={archive}"], form)


@pytest.mark.parametrize("argument", ["", "train="])
def test_a_file_without_a_name_is_not_the_folder_one_is_in(argument: str) -> None:
    with pytest.raises(
        HarmonizeError, match=f"^{argument or 'files'}: expected a file or folder, got no name$"
    ):
        corpus_files([argument], "pubtator")


def test_bytes_with_a_tab_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1\0\t\0\n")
    with pytest.raises(MissingInput, match=r"expected files in the format drugprot-tsv, found none$"):
        corpus_files([str(tmp_path)], "drugprot-tsv")


def test_the_three_files_of_drugprot_are_told_by_their_columns(tmp_path: Path) -> None:
    lines = {"one": "1\tT1\tX\t0\t1\ta", "two": "1\tR\tArg1:T1\tArg2:T2", "three": "1\ttitle\ttext"}
    for name, line in lines.items():
        (tmp_path / name).write_text(f"{line}\n")
    names = [str(tmp_path / name) for name in lines]
    (files,) = corpus_files(names, "drugprot-tsv").by_split.values()
    assert [path.name for path in files] == ["three", "one", "two"]
    with pytest.raises(
        HarmonizeError, match="train: expected a file of abstracts, of entities, of relations"
    ):
        corpus_files(names[:2], "drugprot-tsv")
