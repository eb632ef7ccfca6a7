"""What articles may call the entities of a table."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harmonize.curated.names import chemical_names, disease_names, gene_names
from harmonize.text.dictionary import Dictionary, Name

SYNONYMS = yaml.safe_load(resources.files("harmonize.mappings").joinpath("synonyms.yaml").read_text("utf-8"))


def texts(names: Iterable[Name], kind: str | None = None) -> list[str]:
    return [name.text for name in names if kind in (None, name.type)]


# Genes


def test_a_gene_is_called_by_symbol_description_and_aliases() -> None:
    found = gene_names("5243", "ABCB1", ["ATP binding cassette subfamily B member 1"])
    assert texts(found)[:2] == ["ABCB1", "ATP binding cassette subfamily B member 1"]
    assert set(SYNONYMS["genes"]["ABCB1"]) <= set(texts(found))
    assert {(name.entity, name.type, name.chemical) for name in found} == {("5243", "Gene", False)}


def test_a_gene_without_aliases_has_those_of_no_other() -> None:
    assert texts(gene_names("1", "MADEUP9")) == ["MADEUP9"]


def test_variants_stand_for_their_gene_as_variants() -> None:
    found = gene_names("1559", "CYP2C9", variants=["rs1057910", "CYP2C9*3"])
    assert texts(found, "Variant") == ["rs1057910", "CYP2C9*3"]
    assert {name.entity for name in found} == {"1559"}


@pytest.mark.parametrize("variant", ["*3", "*57:01", "*1A"])
def test_a_variant_that_names_no_gene_is_left_out(variant: str) -> None:
    assert texts(gene_names("1559", "CYP2C9", variants=[variant, "rs1"]), "Variant") == ["rs1"]


def test_each_name_of_a_gene_is_given_once() -> None:
    found = gene_names("1", "MADEUP9", ["MADEUP9", "made up 9", "made up 9"], ["rs1", "rs1"])
    assert texts(found) == ["MADEUP9", "made up 9", "rs1"]


# Chemicals


def test_a_name_with_many_blanks_takes_no_longer_than_another() -> None:
    blanks = " " * 200_000
    assert texts(chemical_names("1", f"made{blanks}up")) == [f"made{blanks}up"]
    assert texts(chemical_names("1", f"made{blanks}(up)")) == [f"made{blanks}(up)", "made"]


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("madeupine", {"madeupine"}),
        ("madeupine (inventol)", {"madeupine (inventol)", "madeupine"}),
        ("madeupine (MUP) blockers", {"madeupine (MUP) blockers", "madeupine blockers", "MUP blockers"}),
        ("madeupine [MUP] blockers", {"madeupine [MUP] blockers", "madeupine blockers", "MUP blockers"}),
    ],
)
def test_a_parenthesis_gives_the_name_without_it_and_with_it_instead(name: str, forms: set[str]) -> None:
    assert set(texts(chemical_names("D1", name))) == forms
    assert set(texts(chemical_names("D1", "other", [name]))) == {"other", *forms}
    assert set(texts(disease_names("D1", [name]))) == forms


def test_a_parenthesis_at_the_end_is_no_name_of_its_own() -> None:
    assert "drug" not in texts(chemical_names("D1", "madeupine (drug)"))


def test_a_chemical_is_known_for_one_and_has_its_synonyms() -> None:
    found = chemical_names("D014635", "valproic acid", ["Depakene"])
    assert {name.chemical for name in found} == {True}
    assert {name.type for name in found} == {"Chemical"}
    assert {"valproic acid", "Depakene", *SYNONYMS["chemicals"]["valproic acid"]} <= set(texts(found))


def test_synonyms_of_a_chemical_go_by_its_own_name_and_not_by_its_synonyms() -> None:
    assert "VPA" not in texts(chemical_names("D1", "madeupine", ["valproic acid"]))


# Diseases


def test_a_turned_name_is_also_straight() -> None:
    assert texts(disease_names("D1", ["Fever, Invented"])) == ["Fever, Invented", "Invented Fever"]


@pytest.mark.parametrize("name", ["Fever", "Fever, Invented, Late", "Fever,", ", Invented", ","])
def test_a_name_of_one_or_of_many_parts_is_not_turned(name: str) -> None:
    assert texts(disease_names("D1", [name])) == [name]


def test_diseases_are_no_chemicals() -> None:
    assert {(name.type, name.chemical) for name in disease_names("D1", ["Fever", "Heat"])} == {
        ("Disease", False)
    }


# All


@given(st.lists(st.text("ab (),[]*", max_size=12), min_size=1, max_size=4))
def test_any_name_is_among_its_forms_and_each_form_stands_once(names: list[str]) -> None:
    for found in (
        disease_names("D1", names),
        chemical_names("D1", names[0], names[1:]),
        gene_names("1", names[0], names[1:]),
    ):
        assert set(names) <= set(texts(found))
        assert len(set(found)) == len(found)


def test_the_synonyms_name_each_entity_by_strings_that_are_new() -> None:
    for kind in ("genes", "chemicals"):
        for preferred, further in SYNONYMS[kind].items():
            assert further, preferred
            assert all(isinstance(name, str) and name.strip() == name for name in further), preferred
            assert len(set(further)) == len(further), preferred
            assert preferred not in further, preferred


def test_every_synonym_of_a_gene_can_be_found_or_is_too_short() -> None:
    for symbol in SYNONYMS["genes"]:
        names = gene_names("1", symbol)
        dictionary = Dictionary(names)
        for name in names:
            if len(name.text) > 2:
                assert dictionary.find(f"the {name.text} here", {"1"}), name.text
