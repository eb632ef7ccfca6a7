"""What docs/readers.md and README.md say of reading a set: each command is run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import pytest

import harmonize
from harmonize.model import SPLITS
from harmonize.union.schema import FILE_SCHEMA, SCHEMA, partition_file

DOCS = Path(__file__).parents[2]
OPENS_EVERY_FILE = 'ds.dataset("artifacts/union/data")'
"""A filter on a column of the file needs each file's statistics."""

NICENESS = "RAY_worker_niceness"


def blocks(page: str) -> dict[str, str]:
    """The Python of a page, by the heading above it; further ones below a heading are numbered."""
    found: dict[str, str] = {}
    heading = ""
    for match in re.finditer(
        r"^## ([^\n]*)$|^```python\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.M | re.S
    ):
        if match[1]:
            heading = match[1]
        else:
            count = sum(name.partition(" #")[0] == heading for name in found)
            found[f"{heading} #{count + 1}" if count else heading] = match[2]
    return found


COMMANDS = blocks("docs/readers.md")
KINDS = dict(
    re.findall(
        r"^\| (\w[^|]*) \| (categories|strings) \|",
        (DOCS / "docs/readers.md").read_text(encoding="utf-8"),
        re.M,
    )
)
"""What the page says that `corpus` is to a reader."""

NEEDS_RAY = "Ray Data"
READERS = ["harmonize", "pandas", "pyarrow", "polars", "DuckDB", "Dask", NEEDS_RAY, "datasets"]


@pytest.fixture(scope="module")
def ray_session() -> Iterator[None]:
    """A small Ray, whose workers give way to nobody: on a busy machine they would wait for ever."""
    import ray

    before = os.environ.get(NICENESS)
    os.environ[NICENESS] = "0"
    ray.init(
        address="local",
        num_cpus=2,  # with one the listing of files waits for the reading of them
        object_store_memory=100 << 20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
    )
    yield
    ray.shutdown()
    del os.environ[NICENESS]
    if before is not None:
        os.environ[NICENESS] = before


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, where `datasets` keeps what it makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "artifacts").mkdir()
    return tmp_path


def run(command: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(command, names)
    return names


def frame(rows: Any) -> pd.DataFrame:
    """What a reader gives, as pandas has it, in order of id."""
    if type(rows).__module__.startswith("dask"):
        rows = rows.compute()
    for to_pandas in ("to_pandas", "df"):
        rows = getattr(rows, to_pandas)() if hasattr(rows, to_pandas) else rows
    return rows.sort_values("instance_id", ignore_index=True)


def test_every_reader_has_a_command() -> None:
    assert {name.partition(" #")[0] for name in COMMANDS} == {*READERS}
    assert [*KINDS] == READERS[:-1]


def check(rows: Any, union: Path, *, hive: bool) -> None:
    """The rows are BioRED's training rows, with every column and value."""
    expected = frame(harmonize.load_union(union, corpora=["biored"], splits=["train"]))
    found = frame(rows)
    assert list(found.columns) == (SCHEMA if hive else FILE_SCHEMA).names
    assert len(found) == len(expected) > 0
    different = [name for name in found.columns if plain(found[name]) != plain(expected[name])]
    assert different == []


def plain(column: pd.Series) -> list[str]:
    """Values to compare: readers give lists as lists or arrays, and nulls in several kinds."""
    values = column.astype(object).where(column.notna(), None)
    return [str(value.tolist() if hasattr(value, "tolist") else value) for value in values]


def marked(names: Iterable[str]) -> list[Any]:
    """Names of readers as parameters; the one that starts processes is slow."""
    return [pytest.param(name, marks=pytest.mark.slow if name == NEEDS_RAY else ()) for name in names]


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("name", marked(COMMANDS))
def test_the_command_gives_the_rows(
    name: str, sample_union: Path, place: Path, request: pytest.FixtureRequest
) -> None:
    if name == NEEDS_RAY:
        request.getfixturevalue("ray_session")
    (place / "artifacts/union").symlink_to(sample_union)
    names = run(COMMANDS[name])
    by_files = OPENS_EVERY_FILE in COMMANDS[name] or name.startswith("datasets")
    check(names["rows"], sample_union, hive=not by_files)
    if name in KINDS:
        categories = isinstance(frame(names["rows"])["corpus"].dtype, pd.CategoricalDtype)
        assert KINDS[name] == ("categories" if categories else "strings")


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("name", marked(READERS))
def test_the_command_opens_no_other_file(
    name: str, sample_union: Path, place: Path, request: pytest.FixtureRequest
) -> None:
    """Of the set only the wanted file is whole, and the one that readers look for columns in.

    `datasets` reads all splits of a corpus.
    """
    if name == NEEDS_RAY:
        request.getfixturevalue("ray_session")
    copy = shutil.copytree(sample_union, place / "artifacts/union")
    splits = SPLITS if name == "datasets" else ["train"]
    wanted = {copy / partition_file("biored", split) for split in splits}
    for path in sorted({*copy.glob("data/*/*/*")} - wanted)[1:]:
        path.write_bytes(b"PAR1")
    command = COMMANDS[name].replace('every_corpus = datasets.load_dataset("artifacts/union")', "")
    check(run(command)["rows"], sample_union, hive=name != "datasets")
    broken = command.replace("biored", "ddi")
    with pytest.raises(Exception):  # noqa: B017, PT011  (each reader has its own)
        frame(run(broken)["rows"])


def test_filters_choose_the_files(sample_union: Path) -> None:
    data = ds.dataset(sample_union / "data", partitioning="hive")
    corpus, split = ds.field("corpus"), ds.field("split")
    chosen = {
        "biored": corpus == "biored",
        "test": split == "test",
        "one": (corpus == "ddi") & (split == "train"),
    }
    found = {
        name: {Path(f.path).relative_to(sample_union) for f in data.get_fragments(filter=expression)}
        for name, expression in chosen.items()
    }
    assert found["biored"] == {partition_file("biored", name) for name in ("train", "dev", "test")}
    assert found["test"] == {partition_file(name, "test") for name in ("biored", "bc5cdr", "ddi", "drugprot")}
    assert found["one"] == {partition_file("ddi", "train")}


def test_pandas_and_load_union_give_one_table(sample_union: Path) -> None:
    one, other = frame(harmonize.load_union(sample_union)), frame(pd.read_parquet(sample_union / "data"))
    for name in ("corpus", "split"):
        other[name] = other[name].cat.set_categories(one[name].cat.categories)
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("below", ["data", "."])
def test_datasets_finds_true_splits_without_the_card(sample_union: Path, place: Path, below: str) -> None:
    import datasets

    loaded = datasets.load_dataset("parquet", data_dir=str(sample_union / below))
    assert list(loaded) == ["train", "validation", "test"]
    for name, split in (("train", "train"), ("validation", "dev"), ("test", "test")):
        assert {part.partition("/")[2] for part in loaded[name]["part"]} == {split}
        assert len(loaded[name]) == harmonize.load_union(sample_union, splits=[split]).num_rows


def test_dask_makes_a_partition_of_each_chosen_file(sample_union: Path) -> None:
    import dask.dataframe as dd

    assert dd.read_parquet(sample_union / "data", filters=[("corpus", "==", "biored")]).npartitions == 3


@pytest.mark.parametrize("name", ["With the real corpora"])
def test_readme_s_commands_run(name: str, sample_union: Path, place: Path) -> None:
    (place / "artifacts/union").symlink_to(sample_union)
    command = blocks("README.md")[name]
    assert len(frame(run(command)["frame"])) > 0
