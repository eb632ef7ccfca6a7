"""Which split a file is of, as its name or the command line tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.drafting.files import files_by_split
from harmonize.errors import HarmonizeError


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
