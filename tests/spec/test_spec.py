"""Mappings: what is wrong is told, all at once, with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from harmonize.errors import HarmonizeError, SpecError, UnknownName
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
        ("name: Mine", "name: Mine\nnmae: x", "nmae", "expected a known name, such as name"),
        ("home: here\n", "", "home", "expected a value, got no such key"),
        ("home: here", "home: here\nformat: pdf", "format", "'pubtator', 'bioc-xml'"),
        ("home: here", "home: here\nformat: {html: pubtator}", "file", "format: expected one of each source"),
        ("home: here", "home: here\nlike: bioread", "like", "expected one of biored, aimed"),
        ("{r: Association}", "{r: Associaton}", "relation_types.r", "expected null or one of Positive"),
        ("{t: ChemicalEntity}", "{t: Chemical}", "entity_types.t", "expected null or one of ChemicalEntity"),
        (
            "relations: 1}",
            "relations: 1, why: {html: x}}",
            "file",
            "published.why: expected sources, of text",
        ),
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
    mapping = MAPPING.replace("entity: concept", "entity: word").replace("home: here\n", "") + "extra: 1\n"
    with pytest.raises(SpecError) as caught:
        load_catalogue([extension(tmp_path, mapping)])
    assert {key for key, _ in caught.value.faults} == {"entity", "home", "extra"}


def test_faults_of_a_table_row_name_the_corpus(tmp_path: Path) -> None:
    row = ROW.replace("a: a1", "a: a9").replace("[C-D]", "[C-X]")
    with pytest.raises(SpecError) as caught:
        load_catalogue([extension(tmp_path, row=row)])
    assert {key for key, _ in caught.value.faults} == {"mine.a", "mine.pairs"}


def test_a_mapping_that_is_like_another_s_says_only_what_is_its_own(tmp_path: Path) -> None:
    own = MAPPING.replace("entity: concept", "like: bc5cdr").replace("relation_types: {r: Association}\n", "")
    row = "mine: {like: bc5cdr, c: c2, task: Mine}\n"
    mine = load_catalogue([extension(tmp_path, own, row)])["mine"]
    theirs = load_catalogue()["bc5cdr"]
    assert (mine.spec.entity, mine.spec.directed) == ("concept", True)
    assert mine.spec.relation_types == theirs.spec.relation_types
    assert mine.spec.entity_types == {**theirs.spec.entity_types, "t": "ChemicalEntity"}
    assert mine.spec.id_separators == theirs.spec.id_separators
    assert (mine.spec.name, mine.spec.citation, mine.spec.downloads) == ("Mine", "me", ())
    assert mine.rules == theirs.rules.model_copy(update={"like": "bc5cdr", "c": "c2", "task": "Mine"})
    assert mine.hashes["bc5cdr.yaml"] == theirs.hashes["bc5cdr.yaml"]


def test_a_row_like_an_unknown_corpus_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"mine\.like: expected one of biored, .*, got 'x'"):
        load_catalogue([extension(tmp_path, row="mine: {like: x}\n")])


def test_what_is_undecided_is_told_at_once_for_both_files(tmp_path: Path) -> None:
    mapping = MAPPING.replace("r: Association", "r: DECIDE, s: DECIDE")
    with pytest.raises(SpecError) as caught:
        load_catalogue([extension(tmp_path, mapping, ROW.replace("[C-D]", "DECIDE"))])
    assert str(caught.value) == (
        f"{tmp_path}: DECIDE: expected a decision in table2.yaml of mine.pairs, "
        "in mine.yaml of relation_types.r, relation_types.s"
    )


def test_paper_and_counts_may_be_left_out(tmp_path: Path) -> None:
    lines = [line for line in MAPPING.splitlines() if not line.startswith(("citation", "published"))]
    spec = load_catalogue([extension(tmp_path, "\n".join(lines))])["mine"].spec
    assert (spec.citation, spec.published) == ("", None)


def test_what_explains_a_difference_may_be_said_for_each_source(tmp_path: Path) -> None:
    for why, expected in (("known", "known"), ("{text: known}", "known"), ("{}", None)):
        mapping = MAPPING.replace("relations: 1}", f"relations: 1, why: {why}}}")
        published = load_catalogue([extension(tmp_path, mapping)])["mine"].spec.published
        assert published is not None
        assert published.of("text") == {"abstracts": 1, "relations": 1, "why": expected}


def test_a_star_stands_for_the_types_that_are_not_listed(tmp_path: Path) -> None:
    mapping = MAPPING.replace("{r: Association}", '{r: Association, "*": null}')
    mapping = mapping.replace("{t: ChemicalEntity}", '{t: null, "*": ChemicalEntity}')
    mine = load_catalogue([extension(tmp_path, mapping)])["mine"]
    assert (mine.kind("t"), mine.kind("u")) == (None, "ChemicalEntity")
    assert (mine.label("r"), mine.label("s")) == ("Association", None)
    assert mine.knows("anything")
    assert not load_catalogue()["bc5cdr"].knows("anything")


def test_rule_e1_needs_internal_types(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"internal_types: expected at least one"):
        load_catalogue([extension(tmp_path, row=ROW.replace("e: e2", "e: e1"))])


def test_pairs_of_one_kind_cannot_be_directed(tmp_path: Path) -> None:
    mapping, row = MAPPING + "directed: true\n", ROW.replace("[C-D]", "[C-C]")
    with pytest.raises(SpecError, match="directed: expected false"):
        load_catalogue([extension(tmp_path, mapping, row)])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: [", "line 1: expected YAML"),
        (b"- a\n", "expected names and values"),
        (b"\xff", "expected UTF-8"),
    ],
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


def test_a_corpus_goes_by_its_key_or_display_name_in_any_case() -> None:
    catalogue = load_catalogue()
    assert [corpus.key for corpus in catalogue.select(["EMU", "ddi 2013", "HPRD50"])] == [
        "ddi",
        "hprd50",
        "emu",
    ]
    assert catalogue.select(["ALL", "BertSRC"]) == catalogue.select(["all", "bertsrc"])


def test_no_name_selects_no_corpus() -> None:
    with pytest.raises(HarmonizeError, match="corpora: expected all, or names such as biored, got none"):
        load_catalogue().select([])


def test_selection_has_table_order() -> None:
    assert [c.key for c in load_catalogue().select(["emu", "ddi", "biored"])] == ["biored", "ddi", "emu"]


@pytest.mark.parametrize("name", ["2013", "2024-01-01", "_mine", "a b", "../mine"])
def test_a_corpus_is_called_by_what_can_name_a_folder(tmp_path: Path, name: str) -> None:
    """Off a folder's name readers take a number or a date where it looks like one."""
    with pytest.raises(SpecError, match=r"table2\.yaml: .*expected a corpus' name: a letter, then letters"):
        load_catalogue([extension(tmp_path, row=ROW.replace("mine:", f'"{name}":'))])
