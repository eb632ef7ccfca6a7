"""The corpora's own files as gold: they have the rows of the union set, and score 100 against themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from gold_cases import written

from harmonize.gold.documents import read_gold
from harmonize.gold.relation_types import type_map
from harmonize.gold.rows import gold_rows
from harmonize.gold.score import FileScore
from harmonize.pipelines.score import score_file
from harmonize.prediction.pairs import pair_rules
from harmonize.prediction.reading import Reading
from harmonize.relation.labels import is_negative
from harmonize.rules.contexts import SELF_RELATION

ROWS = {
    "biored/Test.PubTator": ("biored", 7_597, 1_164, {}),
    "biored/Test.BioC.XML": ("biored", 7_597, 1_164, {}),
    "biored/Test.BioC.JSON": ("biored", 7_597, 1_164, {}),
    "biored/Dev.PubTator": ("biored", 6_659, 1_161, {SELF_RELATION: 1}),
    "bc5cdr/CDR_TestSet.PubTator.txt": ("bc5cdr", 5_405, 1_066, {}),
    "bc5cdr/CDR_TestSet.BioC.xml": ("bc5cdr", 5_405, 1_066, {}),
    "hprd50": ("hprd50", 433, 163, {}),
}
"""Rules, rows and rows with a relation as README.md has them of the set, and what is lost."""


@pytest.mark.parametrize("name", ROWS)
def test_the_rows_of_a_corpus_file_are_those_of_the_set(mirror: Path, name: str) -> None:
    as_corpus, rows, positive, lost = ROWS[name]
    rules = pair_rules(as_corpus)
    gold = read_gold([mirror / name], None, rules, Reading())
    found = gold_rows(gold.documents, gold.skipped, rules, type_map(rules.corpus, {}), name)
    labels = found.pairs["relation"].to_pylist()
    assert (len(labels), sum(not is_negative(label) for label in labels)) == (rows, positive)
    assert found.account.lost == lost
    assert found.account.relations_in == found.account.shown + found.account.lost.total()


def scored(mirror: Path, folder: Path, lines: list[str]) -> FileScore:
    other = written(folder, "other.pubtator", "\n".join(lines))
    return score_file(other, mirror / "biored" / "Test.PubTator", bootstrap=0).score


def is_relation(line: str) -> bool:
    columns = line.split("\t")
    return len(columns) == 5 and not columns[1].isdecimal()


@pytest.fixture(scope="module")
def lines(mirror: Path) -> list[str]:
    return (mirror / "biored" / "Test.PubTator").read_text(encoding="utf-8").split("\n")


def test_biored_against_itself_is_100_in_all(mirror: Path, tmp_path: Path, lines: list[str]) -> None:
    found = scored(mirror, tmp_path, lines)
    assert [(s.tp, s.fp, s.fn) for s in found.all.measures.values()] == [(1_164, 0, 0)] * 4
    assert found.without_variants is not None
    assert found.without_variants.gold == 967


def test_against_an_emptied_one_it_is_0(mirror: Path, tmp_path: Path, lines: list[str]) -> None:
    found = scored(mirror, tmp_path, [line for line in lines if not is_relation(line)])
    assert [(s.tp, s.fp, s.fn) for s in found.all.measures.values()] == [(0, 0, 1_164)] * 4
    assert {s.f1.value for s in found.all.measures.values()} == {0.0}


def test_without_types_the_pairs_are_right(mirror: Path, tmp_path: Path, lines: list[str]) -> None:
    bare = [_with(line, 1, "") if is_relation(line) else line for line in lines]
    found = scored(mirror, tmp_path, bare)
    assert [s.tp for s in found.all.measures.values()] == [1_164, 0, 1_164, 0]


def test_all_novel_is_right_as_often_as_gold_says_so(mirror: Path, tmp_path: Path, lines: list[str]) -> None:
    novel = sum(is_relation(line) and line.endswith("\tNovel") for line in lines)
    found = scored(
        mirror, tmp_path, [_with(line, 4, "Novel") if is_relation(line) else line for line in lines]
    )
    by_novelty = found.all.measures["pair + novelty"]
    assert by_novelty.tp in (novel, novel + 1)  # one relation is of a composite: two pairs
    assert by_novelty.tp + by_novelty.fn == 1_164


def _with(line: str, place: int, value: str) -> str:
    columns = line.split("\t")
    columns[place] = value
    return "\t".join(columns)
