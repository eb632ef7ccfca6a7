"""A corpus in which two documents have one id is not drafted: no build would take it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from strangers import STRANGERS, lay_down

from harmonize.drafting.draft import new_corpus
from harmonize.errors import MalformedInput

REPEATED = {
    "pubtator": ("my_test.txt:1", "90001000", "my_train.txt:1"),
    "bioc-xml": ("my_test.xml:1", "90001000", "my_train.xml:1"),
    "bioc-json": ("my_test.json", "90001000", "my_train.json"),
    "ppi-xml": ("my_test.xml:2", "mine.train0", "my_train.xml:2"),
    "brat": ("my_test/90001000.txt", "90001000", "my_train/90001000.txt"),
    "drugprot-tsv": ("test_abstracts.tsv:1", "90001000", "train_abstracts.tsv:1"),
}


@pytest.mark.parametrize("form", STRANGERS)
def test_a_document_of_two_splits_is_told_with_its_places(form: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in lay_down(form, tmp_path)]
    for train in (path for file in files for path in (file, *file.rglob("*")) if "train" in str(path)):
        if train.is_file():
            Path(str(train).replace("train", "test")).write_bytes(train.read_bytes())
    place, identifier, first = REPEATED[form]
    said = f"{place}: expected each document once, got {identifier} again (first in {tmp_path / first})"
    with pytest.raises(MalformedInput, match=re.escape(said)):
        new_corpus("mine", form, list(map(str, files)), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_a_document_that_stands_twice_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    path.write_text("1|t|Nothing here.\n1|a|\n\n2|t|Nor here.\n2|a|\n\n1|t|Nor there.\n1|a|\n\n")
    with pytest.raises(MalformedInput, match=r"all\.txt:7: expected each document once, got 1 again .*:1\)$"):
        new_corpus("mine", "pubtator", [str(path)], tmp_path / "mine")
