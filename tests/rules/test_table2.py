"""Table 2 of the BioREx paper, typed from it by hand, against the mappings."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from rule_cases import CATALOGUE

from harmonize.model import Level


class Row(NamedTuple):
    """A line of the table: the paper's name and counts, its level, its cells."""

    name: str
    abstracts: int
    relations: int
    pairs: str
    level: str
    cells: str


TABLE_2 = {
    "biored": Row("BioRED", 600, 6503, "8 pairs", "DOC", "a1 b1 c2 d1 e2"),
    "aimed": Row("AIMed", 225, 847, "<G,G>", "SEN", "a1 b2 c1 d2 e2"),
    "drugprot": Row("DrugProt", 4250, 21035, "<G,C>", "SEN", "a1 b2 c1 d1 e1"),
    "ddi": Row("DDI", 905, 4965, "<C,C>", "SEN", "a1 b2 c1 d2 e2"),
    "hprd50": Row("HPRD50", 50, 138, "<G,G>", "SEN", "a1 b2 c1 d2 e2"),
    "bc5cdr": Row("BC5CDR", 1500, 3106, "<C,D>", "DOC", "a1 b1 c1 d1 e1"),
    "emu": Row("EMU", 89, 115, "<G,D>", "No span", "a2 b2 c3 d2 e2"),
    "pharmgkb": Row("PharmGKB", 823, 949, "<G,C>", "No span", "a3 b2 c3 d2 e2"),
    "disgenet": Row("DisGeNet", 2803, 859, "<G,D>", "No span", "a3 b2 c3 d2 e2"),
}

LEVELS: dict[str, Level | str] = {"DOC": "document", "SEN": "sentence", "No span": "none"}

# BioRED's eight are these five once a variant counts as its gene: C-V, D-V and V-V join C-G, D-G and G-G.
BIORED_PAIRS = {"C-C", "C-D", "C-G", "D-G", "G-G"}

# "BioRED" is the default of the prompt's [Corpus]: sets without negatives of their own share it.
TASKS = {
    "biored": "BioRED",
    "aimed": "AIMed",
    "drugprot": "DrugProt",
    "ddi": "DDI",
    "hprd50": "HPRD50",
    "bc5cdr": "BC5CDR",
    "emu": "BioRED",
    "pharmgkb": "BioRED",
    "disgenet": "BioRED",
}


def test_all_are_the_nine_corpora_in_the_tables_order() -> None:
    assert [corpus.key for corpus in CATALOGUE.select(["all"])] == list(TABLE_2)


def test_further_corpora_follow_and_are_had_by_name() -> None:
    known_formats = ["iepa", "lll", "bioinfer", "chemdisgene", "bc8biored"]
    others = ["chemprot", "bertsrc", "renet"]
    assert list(CATALOGUE.corpora) == [*TABLE_2, *others, *known_formats, "drugcombo"]
    named = [corpus.key for corpus in CATALOGUE.select(["bertsrc", "all"])]
    assert named == [*TABLE_2, "bertsrc"]
    assert set(CATALOGUE["bertsrc"].hashes) == {"target.yaml", "further.yaml", "bertsrc.yaml"}


@pytest.mark.parametrize("key", TABLE_2)
def test_the_rules_are_the_tables(key: str) -> None:
    assert " ".join(CATALOGUE[key].rules.names) == TABLE_2[key].cells


@pytest.mark.parametrize("key", TABLE_2)
def test_the_level_is_the_tables(key: str) -> None:
    assert CATALOGUE[key].rules.level == LEVELS[TABLE_2[key].level]


@pytest.mark.parametrize("key", TABLE_2)
def test_a_context_is_the_whole_text_for_the_document_level_alone(key: str) -> None:
    assert (CATALOGUE[key].rules.b == "b1") == (TABLE_2[key].level == "DOC")


@pytest.mark.parametrize("key", TABLE_2)
def test_the_pairs_are_the_tables(key: str) -> None:
    found, stated = CATALOGUE[key].rules.pairs, TABLE_2[key].pairs
    if stated == "8 pairs":
        assert set(found) == BIORED_PAIRS
    else:
        assert [frozenset(pair.split("-")) for pair in found] == [frozenset(stated.strip("<>").split(","))]


@pytest.mark.parametrize("key", TABLE_2)
def test_published_counts_are_the_tables(key: str) -> None:
    published = CATALOGUE[key].spec.published
    assert (published.abstracts, published.relations) == (TABLE_2[key].abstracts, TABLE_2[key].relations)


@pytest.mark.parametrize("key", TABLE_2)
def test_the_name_begins_with_the_tables(key: str) -> None:
    assert CATALOGUE[key].spec.name.lower().startswith(TABLE_2[key].name.lower())


@pytest.mark.parametrize("key", TABLE_2)
def test_the_task_of_the_prompt_is_the_decided_one(key: str) -> None:
    assert CATALOGUE[key].rules.task == TASKS[key]


def test_only_the_gold_corpora_with_a_task_of_their_own_make_negatives() -> None:
    """A set without negatives shares BioRED's task: its [Corpus] must not tell that a relation is there."""
    for key in TABLE_2:
        row = CATALOGUE[key]
        assert (row.rules.c == "c3") == (key != "biored" and row.rules.task == "BioRED")
