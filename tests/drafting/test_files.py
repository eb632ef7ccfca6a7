"""Which split a file is of, as its name or the command line tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.drafting.files import files_by_split
from harmonize.errors import HarmonizeError, MissingInput


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
    assert files_by_split([name], "pubtator") == {split: [Path(name.removeprefix("dev="))]}


def test_splits_stand_in_order_and_files_as_given() -> None:
    found = files_by_split(["b_test.txt", "z_train.txt", "a_train.txt"], "pubtator")
    assert list(found.items()) == [
        ("train", [Path("z_train.txt"), Path("a_train.txt")]),
        ("test", [Path("b_test.txt")]),
    ]


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a_test.txt", "test/c.txt", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert files_by_split([str(tmp_path)], "pubtator") == {
        "train": [tmp_path / "b.txt"],
        "test": [tmp_path / "a_test.txt", tmp_path / "test/c.txt"],
    }
    assert list(files_by_split([f"dev={tmp_path}"], "pubtator")) == ["dev"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInput, match=r"empty: expected a file or a folder with files"):
        files_by_split([str(tmp_path / "empty")], "pubtator")


def test_the_three_files_of_drugprot_are_told_by_their_columns(tmp_path: Path) -> None:
    lines = {"one": "1\tT1\tX\t0\t1\ta", "two": "1\tR\tArg1:T1\tArg2:T2", "three": "1\ttitle\ttext"}
    for name, line in lines.items():
        (tmp_path / name).write_text(f"{line}\n")
    names = [str(tmp_path / name) for name in lines]
    (files,) = files_by_split(names, "drugprot-tsv").values()
    assert [path.name for path in files] == ["three", "one", "two"]
    with pytest.raises(
        HarmonizeError, match="train: expected a file of abstracts, of entities, of relations"
    ):
        files_by_split(names[:2], "drugprot-tsv")
