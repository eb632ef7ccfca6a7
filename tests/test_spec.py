"""Mappings: what is wrong is told, all at once, with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.errors import SpecError, UnknownName
from harmonize.spec import load_catalogue

ROW = "mine: {level: document, pairs: [C-D], a: a1, b: b1, c: c1, d: d1, e: e2, task: Mine}\n"
MAPPING = """
name: Mine
home: here
citation: me
licence: {name: CC0, redistributable: true}
published: {abstracts: 1, relations: 1}
sources: {text: {train: [a.txt]}}
entity: concept
relation_types: {r: Association}
entity_types: {t: ChemicalEntity}
"""


def extension(folder: Path, mapping: str = MAPPING, row: str = ROW) -> Path:
    (folder / "table2.yaml").write_text(row, encoding="utf-8")
    (folder / "mine.yaml").write_text(mapping, encoding="utf-8")
    return folder


def test_a_sound_mapping_is_read(tmp_path: Path) -> None:
    assert load_catalogue([extension(tmp_path)])["mine"].spec.name == "Mine"


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("entity: concept", "entity: word", "entity", "'concept' or 'mention'"),
        ("name: Mine", "name: Mine\nnmae: x", "nmae", "Extra inputs are not permitted"),
        ("citation: me\n", "", "citation", "Field required"),
        ("{r: Association}", "{r: Associaton}", "relation_types.r", "expected null or one of Positive"),
        ("{t: ChemicalEntity}", "{t: Chemical}", "entity_types.t", "expected null or one of ChemicalEntity"),
        ("{train: [a.txt]}", "{training: [a.txt]}", "sources.text.training", "'train', 'dev' or 'test'"),
        (
            "entity: concept",
            "entity: concept\ninternal_types: {x: y}",
            "internal_types.x",
            "expected one of t",
        ),
    ],
)
def test_a_fault_names_file_key_and_what_was_expected(
    tmp_path: Path, old: str, new: str, key: str, expected: str
) -> None:
    assert old in MAPPING
    with pytest.raises(SpecError) as caught:
        load_catalogue([extension(tmp_path, MAPPING.replace(old, new))])
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'mine.yaml'}: {key}")
    assert expected in message
    assert "\n" not in message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    mapping = MAPPING.replace("entity: concept", "entity: word").replace("citation: me\n", "") + "extra: 1\n"
    with pytest.raises(SpecError) as caught:
        load_catalogue([extension(tmp_path, mapping)])
    assert {key for key, _ in caught.value.faults} == {"entity", "citation", "extra"}


def test_faults_of_a_table_row_name_the_corpus(tmp_path: Path) -> None:
    row = ROW.replace("a: a1", "a: a9").replace("[C-D]", "[C-X]")
    with pytest.raises(SpecError) as caught:
        load_catalogue([extension(tmp_path, row=row)])
    assert {key for key, _ in caught.value.faults} == {"mine.a", "mine.pairs"}


def test_rule_e1_needs_internal_types(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"internal_types: expected at least one"):
        load_catalogue([extension(tmp_path, row=ROW.replace("e: e2", "e: e1"))])


def test_pairs_of_one_kind_cannot_be_directed(tmp_path: Path) -> None:
    mapping, row = MAPPING + "directed: true\n", ROW.replace("[C-D]", "[C-C]")
    with pytest.raises(SpecError, match="directed: expected false"):
        load_catalogue([extension(tmp_path, mapping, row)])


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"a: [", "line 1: expected YAML"), (b"- a\n", "expected keys and values"), (b"\xff", "expected UTF-8")],
)
def test_a_file_that_is_no_mapping_is_told(tmp_path: Path, content: bytes, expected: str) -> None:
    extension(tmp_path)
    (tmp_path / "mine.yaml").write_bytes(content)
    with pytest.raises(SpecError, match=expected):
        load_catalogue([tmp_path])


def test_a_missing_mapping_is_told(tmp_path: Path) -> None:
    (tmp_path / "table2.yaml").write_text(ROW)
    with pytest.raises(SpecError, match=r"mine\.yaml: file: expected a mapping file, found none"):
        load_catalogue([tmp_path])


def test_unknown_corpora_are_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="unknown corpus 'bioread': expected one of biored, aimed"):
        load_catalogue().select(["bioread"])


def test_selection_has_table_order() -> None:
    assert [c.key for c in load_catalogue().select(["emu", "ddi", "biored"])] == ["biored", "ddi", "emu"]


@pytest.mark.parametrize("name", ["2013", "2024-01-01", "_mine", "a b", "../mine"])
def test_a_corpus_is_called_by_what_can_name_a_folder(tmp_path: Path, name: str) -> None:
    """Off a folder's name readers take a number or a date where it looks like one."""
    with pytest.raises(SpecError, match=r"table2\.yaml: .*expected a corpus' name: a letter, then letters"):
        load_catalogue([extension(tmp_path, row=ROW.replace("mine:", f"{name}:"))])
