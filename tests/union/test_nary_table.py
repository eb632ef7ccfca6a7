"""The table of n-ary relations: the contract, what verify finds, and what readers of pairs see of it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import harmonize
from harmonize.check.diff import diff
from harmonize.check.verify import verify
from harmonize.errors import HarmonizeError, SpecError, UnionError, UnknownName
from harmonize.pipelines.build import build
from harmonize.pipelines.leaks import compare_documents
from harmonize.registry import sample_folder
from harmonize.spec import load_catalogue
from harmonize.union.manifest import read_manifest, write_manifest
from harmonize.union.schema import NARY_SCHEMA, nary_file

TRAIN = nary_file("drugcombo", "train")
COLUMNS = """instance_id part level document_id pmid text context_start context_end entities relations
    task rules span_source leaks_into licence redistributable corpus split"""


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nary") / "union"
    build(out, sample_folder(), corpora=["aimed", "drugcombo"])
    return out


@pytest.fixture
def copied(union: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(union, tmp_path / "union"))


def rows(union: Path) -> list[dict[str, Any]]:
    return list(harmonize.load_nary(union).to_pylist())


def rewritten(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    table = pq.ParquetFile(folder / TRAIN).read()
    found = table.to_pylist()
    change(found)
    pq.write_table(pa.Table.from_pylist(found, schema=table.schema), folder / TRAIN)


def test_columns_are_the_contract_s(union: Path) -> None:
    table = harmonize.load_nary(union)
    assert table.schema == NARY_SCHEMA
    assert table.schema.names == COLUMNS.split()
    assert [name for name in table.schema.names if table.schema.field(name).nullable] == ["pmid"]


def test_a_set_with_n_ary_relations_is_whole_and_its_pairs_are_what_they_were(
    union: Path, tmp_path: Path
) -> None:
    assert verify(union) == []
    alone = tmp_path / "alone"
    build(alone, sample_folder(), corpora=["aimed"])
    assert harmonize.load_union(union).equals(harmonize.load_union(alone))
    assert {path.parent.parent.name for path in (union / "data").rglob("*.parquet")} == {"corpus=aimed"}


def test_rows_are_contexts_whose_entities_are_spelled_and_whose_arguments_are_entities(union: Path) -> None:
    found = rows(union)
    assert Counter(row["split"] for row in found) == {"train": 9, "test": 4}
    for row in found:
        ids = [entity["id"] for entity in row["entities"]]
        for entity in row["entities"]:
            (span,) = entity["spans"]
            assert row["text"][span["start"] : span["end"]] == entity["name"]
        for relation in row["relations"]:
            places = [ids.index(argument) for argument in relation["arguments"]]
            assert len(places) > 1
            assert places == sorted(places)
    labels = Counter(relation["relation"] for row in found for relation in row["relations"])
    assert labels == {"Positive_Combination": 5, "Other_Combination": 7}


def test_a_sentence_without_combination_is_a_row(union: Path) -> None:
    assert sum(not row["relations"] for row in rows(union)) == 3


def test_an_article_of_two_parts_leaks(union: Path) -> None:
    assert {row["document_id"]: row["leaks_into"] for row in rows(union) if row["leaks_into"]} == {
        "dc9009": ["drugcombo/test"]
    }


def test_finding_leaks_again_keeps_the_table(copied: Path) -> None:
    before = rows(copied)
    compare_documents(copied)
    assert verify(copied) == []
    assert rows(copied) == before


def test_some_corpora_and_splits_are_loaded_by_name(union: Path) -> None:
    assert harmonize.load_nary(union, splits=["test"]).num_rows == 4
    assert harmonize.load_nary(union, corpora=["aimed"]).num_rows == 0
    with pytest.raises(UnknownName, match="corpus of the set 'ddi'"):
        harmonize.load_nary(union, corpora=["ddi"])
    with pytest.raises(HarmonizeError, match=r"^splits: expected a list of names, got the text 'test'$"):
        harmonize.load_nary(union, splits="test")
    with pytest.raises(UnknownName, match="split 'all'"):
        harmonize.load_nary(union, splits=["all"])


def test_a_missing_file_is_one_line(copied: Path) -> None:
    (copied / TRAIN).unlink()
    with pytest.raises(UnionError, match="expected a file of the union set, found none"):
        harmonize.load_nary(copied)
    assert next(fault.file for fault in verify(copied)) == TRAIN.as_posix()


def _spans(found: list[dict[str, Any]]) -> None:
    found[0]["entities"][0]["spans"][0]["end"] += 1


def _arguments(found: list[dict[str, Any]]) -> None:
    found[0]["relations"][0]["arguments"] = ["0", "9"]


def _label(found: list[dict[str, Any]]) -> None:
    found[0]["relations"][0]["relation"] = "Association"


def _leaks(found: list[dict[str, Any]]) -> None:
    found[0]["leaks_into"] = ["biored/test"]


def _order(found: list[dict[str, Any]]) -> None:
    found.reverse()


def _lost(found: list[dict[str, Any]]) -> None:
    del found[0]


def _text(found: list[dict[str, Any]]) -> None:
    found[0]["text"] = found[0]["text"].replace(".", "!")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_spans, "expected the spans of entity 0 to spell 'amiodarone'"),
        (_arguments, "expected two or more of the row's entities in order"),
        (_label, "expected a relation of Positive_Combination, Other_Combination, got 'Association'"),
        (_leaks, "expected leaks_into"),
        (_order, "expected rows by document id and context"),
        (_lost, "expected 9 rows, got 8"),
        (_text, "of its document, got another text"),
    ],
)
def test_verify_finds_what_was_changed(
    copied: Path, change: Callable[[list[dict[str, Any]]], None], message: str
) -> None:
    rewritten(copied, change)
    found = [fault.message for fault in verify(copied)]
    assert any("sha256" in each or "bytes" in each for each in found)
    assert any(message in each for each in found), found


def test_verify_finds_counts_of_the_manifest_that_do_not_agree(copied: Path) -> None:
    manifest = read_manifest(copied)
    manifest["corpora"]["drugcombo"]["splits"]["test"]["nary"]["labels"]["Other_Combination"] += 1
    write_manifest(copied, manifest)
    messages = [fault.message for fault in verify(copied)]
    assert "expected 3 relations together, got 4" in messages


def test_diff_tells_which_contexts_changed(union: Path, copied: Path) -> None:
    assert diff(union, copied).same
    rewritten(copied, _label)
    changes = diff(union, copied).parts["drugcombo/train"].nary
    assert (changes.changed, changes.columns) == (1, {"relations": 1})


def test_an_older_manifest_without_n_ary_relations_is_read(copied: Path) -> None:
    manifest = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    del manifest["corpora"]["drugcombo"]
    write_manifest(copied, {**manifest, "schema_version": "2.0"})
    assert harmonize.load_nary(copied).num_rows == 0


def test_a_mapping_of_n_ary_relations_says_nothing_that_is_not_done(tmp_path: Path) -> None:
    mappings = load_catalogue()["drugcombo"].path
    text = mappings.read_text(encoding="utf-8").replace("entity: mention", "entity: concept")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "table2.yaml").write_text(
        "mine: {level: sentence, pairs: [C-C], a: a1, b: b2, c: c3, d: d1, e: e2, task: Mine}\n",
        encoding="utf-8",
    )
    with pytest.raises(SpecError, match=r"entity: expected mention.*; c: expected c2"):
        load_catalogue([tmp_path])
