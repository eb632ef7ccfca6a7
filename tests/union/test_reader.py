from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest

import harmonize
from harmonize.errors import HarmonizeError, UnionError, UnknownName
from harmonize.union.schema import SCHEMA


def test_corpora_splits_and_columns_select(sample_union: Path) -> None:
    table = harmonize.load_union(
        sample_union, corpora=["bc5cdr", "biored"], splits=["train", "dev"], columns=["split", "corpus"]
    )
    assert table.schema.names == ["split", "corpus"]
    assert set(table["corpus"].to_pylist()) == {"biored", "bc5cdr"}
    assert set(table["split"].to_pylist()) == {"train", "dev"}


def test_rows_of_a_selection_are_those_of_the_whole(sample_union: Path) -> None:
    whole = harmonize.load_union(sample_union)
    part = harmonize.load_union(sample_union, corpora=["ddi"])
    assert part.to_pylist() == whole.filter(pc.equal(whole["corpus"], "ddi")).to_pylist()


def test_a_split_that_a_corpus_lacks_gives_no_rows(sample_union: Path) -> None:
    table = harmonize.load_union(sample_union, corpora=["aimed"], splits=["test"])
    assert table.num_rows == 0
    assert table.schema == SCHEMA


def test_pandas_gets_categories_and_lists(sample_union: Path) -> None:
    frame = harmonize.load_union(sample_union).to_pandas()
    assert str(frame["corpus"].dtype) == "category"
    assert set(frame["corpus"].cat.categories) == set(frame["corpus"])


@pytest.mark.parametrize("choice", [{"corpora": ["x"]}, {"splits": ["x"]}, {"columns": ["x"]}])
def test_unknown_names_are_told_with_the_known_ones(sample_union: Path, choice: dict[str, list[str]]) -> None:
    with pytest.raises(UnknownName, match="'x': expected one of "):
        harmonize.load_union(sample_union, **choice)


@pytest.mark.parametrize("name", ["BC5CDR", "bc5cdr", "Bc5Cdr"])
def test_a_corpus_goes_by_its_display_name_too(sample_union: Path, name: str) -> None:
    table = harmonize.load_union(sample_union, corpora=[name])
    assert table.equals(harmonize.load_union(sample_union, corpora=["bc5cdr"]))
    assert harmonize.load_union(sample_union, corpora=["ddi 2013"]).num_rows


@pytest.mark.parametrize("what", ["corpora", "splits", "columns"])
def test_a_text_in_the_place_of_a_list_is_told(sample_union: Path, what: str) -> None:
    choice: dict[str, str] = {what: "biored"}
    with pytest.raises(HarmonizeError, match=f"^{what}: expected a list of names, got the text 'biored'$"):
        harmonize.load_union(sample_union, **choice)


def test_a_folder_without_a_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnionError, match=r"manifest.json: expected a union set"):
        harmonize.load_union(tmp_path)


@pytest.mark.parametrize("damage", ["missing", "cut", "manifest"])
def test_a_damaged_set_is_an_error(sample_union: Path, tmp_path: Path, damage: str) -> None:
    copy = shutil.copytree(sample_union, tmp_path / "union")
    file = next(iter(sorted((copy / "data").rglob("*.parquet"))))
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    else:
        (copy / "manifest.json").write_text("{")
    with pytest.raises(HarmonizeError) as caught:
        harmonize.load_union(copy)
    assert "\n" not in str(caught.value)
    assert str(copy) in str(caught.value)


def test_a_file_is_no_set(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("no set\n")
    with pytest.raises(UnionError, match=r"a\.txt/manifest\.json: expected a union set, found no manifest"):
        harmonize.load_union(path)
