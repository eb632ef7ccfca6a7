"""Sets of other versions of the schema: read for ever, or refused with what to do.

`tests/frozen/union-2.0` was built by version 2.0 with

    harmonize build --corpora biored,ddi,emu --sample --out tests/frozen/union-2.0

and is not to be built anew. `union-2.0.json` beside it has the columns that it was written with, how many
rows, and the sha256 of `digest`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import harmonize
from harmonize.errors import UnionError
from harmonize.export.export import export
from harmonize.pipelines.cli import app
from harmonize.union.manifest import file_entry, read_manifest
from harmonize.union.schema import SCHEMA, SCHEMA_VERSION

FROZEN = Path(__file__).parents[1] / "frozen" / "union-2.0"
RECORD = json.loads(FROZEN.with_suffix(".0.json").read_text(encoding="utf-8"))
MAJOR, MINOR = SCHEMA_VERSION.split(".")
NEWER_MINOR, NEWER_MAJOR = f"{MAJOR}.{int(MINOR) + 1}", f"{int(MAJOR) + 1}.0"


def digest(table: pa.Table) -> str:
    """A hash of the rows as JSON lines."""
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for row in table.to_pylist())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def set_version(folder: Path, version: object) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"schema_version": version}), encoding="utf-8")


def change_columns(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    for path in folder.glob("data/*/*/*.parquet"):
        pq.write_table(change(pq.ParquetFile(path).read()), path)


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A copy of the frozen set to change."""
    return shutil.copytree(FROZEN, tmp_path / "union")


def test_the_frozen_set_is_as_it_was_committed() -> None:
    manifest = read_manifest(FROZEN)
    assert manifest["schema_version"] == "2.0"
    parts = [part for entry in manifest["corpora"].values() for part in entry["splits"].values()]
    files = manifest["files"] | {part["file"]: part for part in parts if part["file"]}
    for name, entry in files.items():
        assert entry | file_entry(FROZEN / name) == entry, name


def test_the_frozen_set_has_the_rows_that_it_had() -> None:
    table = harmonize.load_union(FROZEN, columns=RECORD["columns"])
    assert table.num_rows == RECORD["rows"]
    assert digest(table) == RECORD["sha256"]
    assert harmonize.load_union(FROZEN).schema == SCHEMA


def test_commands_take_the_frozen_set(tmp_path: Path) -> None:
    found = export(FROZEN, tmp_path / "rows.tsv", "tsv")
    assert found.total["rows"] == RECORD["rows"]
    for command in ("stats", "show", "leaks"):
        done = CliRunner().invoke(app, [command, str(FROZEN)])
        assert done.exit_code == 0, done.output


def test_a_column_that_an_older_set_lacks_is_null(frozen: Path) -> None:
    change_columns(frozen, lambda table: table.drop_columns(["novelty"]))
    table = harmonize.load_union(frozen)
    assert table.schema == SCHEMA
    assert table["novelty"].null_count == table.num_rows == RECORD["rows"]
    others = [name for name in RECORD["columns"] if name != "novelty"]
    assert table.select(others) == harmonize.load_union(FROZEN, columns=others)


def test_a_column_that_has_to_be_there_is_missed(frozen: Path) -> None:
    change_columns(frozen, lambda table: table.drop_columns(["relation"]))
    with pytest.raises(UnionError, match=r"parquet: expected the columns of schema [0-9.]+$"):
        harmonize.load_union(frozen)


def test_a_newer_minor_version_is_read_without_what_it_adds(frozen: Path) -> None:
    set_version(frozen, NEWER_MINOR)
    change_columns(frozen, lambda table: table.append_column("mood", pa.array(["glad"] * table.num_rows)))
    table = harmonize.load_union(frozen)
    assert table.schema == SCHEMA
    assert digest(table.select(RECORD["columns"])) == RECORD["sha256"]


BUILD_ANEW = "build the set anew with `harmonize build`"
INSTALL = r"install the version of harmonize that built the set, '[0-9.]+', or a later one"


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.1", rf"expected schema_version {MAJOR}\.x, got 1\.1: {BUILD_ANEW}$"),
        ("0.9", rf"expected schema_version {MAJOR}\.x, got 0\.9: {BUILD_ANEW}$"),
        (NEWER_MAJOR, rf"expected schema_version {MAJOR}\.x, got {NEWER_MAJOR}: {INSTALL}$"),
        ("two", rf"expected a schema_version such as {SCHEMA_VERSION}, got 'two'$"),
        (2, rf"expected a schema_version such as {SCHEMA_VERSION}, got 2$"),
    ],
)
def test_another_major_version_is_refused_with_what_to_do(frozen: Path, version: Any, message: str) -> None:
    set_version(frozen, version)
    with pytest.raises(UnionError, match=rf"manifest\.json: {message}") as caught:
        harmonize.load_union(frozen)
    assert "\n" not in str(caught.value)
    for command in (["stats"], ["show"], ["diff", str(FROZEN)], ["leaks", "--again"]):
        done = CliRunner().invoke(app, [*command, str(frozen)])
        assert done.exit_code == 2, (command, done.output)
        assert "schema_version" in done.output


@pytest.mark.parametrize("version", [NEWER_MINOR, "1.1"])
def test_a_set_of_another_version_is_not_written_anew(frozen: Path, version: str) -> None:
    set_version(frozen, version)
    before = {path: path.read_bytes() for path in frozen.rglob("*") if path.is_file()}
    done = CliRunner().invoke(app, ["leaks", "--again", str(frozen)])
    assert "schema_version" in done.output
    assert {path: path.read_bytes() for path in frozen.rglob("*") if path.is_file()} == before
