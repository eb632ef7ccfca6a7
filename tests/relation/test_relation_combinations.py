"""Sets of entities: which are asked about, what is read around them, and which are chosen."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import harmonize
from harmonize.model import Span
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.relation.combinations import (
    MOST_CANDIDATES,
    CombinationContext,
    all_candidates,
    chosen,
    combination_contexts,
    training_candidates,
    widened,
    within_gold,
)
from harmonize.relation.model.combination_model import of_sets
from harmonize.relation.pair import Entity

LABELS = ("Positive_Combination", "Other_Combination", "None")
POSITIVE, OTHER, NONE = ((0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8))


def context(count: int, gold: dict[tuple[int, ...], str]) -> CombinationContext:
    names = [chr(ord("a") + place) for place in range(count)]
    entities = tuple(Entity(n, "ChemicalEntity", (Span(p * 2, p * 2 + 1),)) for p, n in enumerate(names))
    return CombinationContext(
        "i1", "d1", "drugcombo", "DrugCombo", " ".join(names), tuple(names), entities, gold
    )


def test_every_set_of_two_or_more_is_asked_about_once() -> None:
    assert list(all_candidates(3)) == [(0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert len(set(all_candidates(11))) == 2**11 - 11 - 1 == 2_036
    assert len(list(all_candidates(15))) == 2**15 - 15 - 1


def test_of_very_many_entities_the_small_sets_are_asked_about() -> None:
    found = list(all_candidates(30))
    assert len(found) <= MOST_CANDIDATES
    assert {len(members) for members in found} == {2, 3, 4}


def test_a_part_of_a_combination_is_not_learnt_as_none() -> None:
    found = dict(training_candidates(context(4, {(0, 1, 2): LABELS[0]}), None, 0))
    assert found == {
        (0, 1, 2): LABELS[0],
        **dict.fromkeys(((0, 3), (1, 3), (2, 3), (0, 1, 3), (0, 2, 3), (1, 2, 3), (0, 1, 2, 3)), "None"),
    }


def test_sets_without_relation_are_drawn_by_the_seed_and_combinations_all_kept() -> None:
    gold = {(0, 1): LABELS[0], (2, 3): LABELS[1]}
    drawn = [list(training_candidates(context(8, gold), 5, seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    for each in drawn:
        assert len(each) == 7
        assert dict(each).items() >= gold.items()


def test_the_largest_set_is_chosen_first_and_none_shares_an_entity_with_it() -> None:
    candidates = [(0, 1), (2, 3), (0, 1, 2), (3, 4)]
    found = chosen(candidates, np.array([POSITIVE, POSITIVE, OTHER, POSITIVE]), LABELS)
    assert [(each.members, each.label) for each in found] == [((0, 1, 2), LABELS[1]), ((3, 4), LABELS[0])]
    assert found[0].probability == pytest.approx(0.8)


def test_of_equally_large_sets_the_more_probable_is_chosen_first() -> None:
    found = chosen([(0, 1), (1, 2)], np.array([(0.5, 0.2, 0.3), POSITIVE]), LABELS)
    assert [each.members for each in found] == [(1, 2)]


def test_nothing_is_chosen_where_no_relation_is_the_likeliest() -> None:
    assert chosen([(0, 1)], np.array([NONE]), LABELS) == []


@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_chosen_sets_are_disjoint_and_every_other_combined_set_meets_one_as_large(
    count: int, random: Random
) -> None:
    candidates = list(all_candidates(count))
    rows = [random.choice((POSITIVE, OTHER, NONE)) for _ in candidates]
    found = [each.members for each in chosen(candidates, np.array(rows), LABELS)]
    flat = [place for members in found for place in members]
    assert len(flat) == len(set(flat))
    for members, row in zip(candidates, rows, strict=True):
        if row is not NONE:
            assert any(set(each) & set(members) and len(each) >= len(members) for each in found)


def test_a_set_within_a_gold_one_is_told() -> None:
    given_context = context(4, {(0, 1, 2): LABELS[0], (0, 1): LABELS[1]})
    assert within_gold(given_context, (0, 2))
    assert not within_gold(given_context, (0, 1)), "it is a combination itself"
    assert not within_gold(given_context, (0, 3))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (None, " a b. c  d core e f\ng h "),
        (0, "d core e"),
        (3, "d core e"),
        (4, "d core e f"),
        (5, "c  d core e f"),
        (8, "b. c  d core e f\ng h"),
        (99, "a b. c  d core e f\ng h"),
    ],
)
def test_words_around_a_context(words: int | None, expected: str) -> None:
    text = " a b. c  d core e f\ng h "
    start = text.index("d core e")
    assert widened(text, Span(start, start + 8), words).of(text) == expected


@given(st.text(alphabet="ab .\n\u2028", max_size=30), st.data(), st.integers(0, 20))
def test_what_is_read_holds_the_context(text: str, data: st.DataObject, words: int) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    read = widened(text, Span(start, end), words)
    assert read.start <= start
    assert end <= read.end


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("combinations") / "union"
    build(out, sample_folder(), corpora=["drugcombo"])
    return out


@pytest.mark.parametrize("words", [None, 0, 12])
def test_entities_are_spelled_in_what_is_read(union: Path, words: int | None) -> None:
    rows = harmonize.load_nary(union)
    found = combination_contexts(rows, union, LABELS, words)
    assert len(found) == rows.num_rows
    for each in found:
        for entity in each.entities:
            assert [span.of(each.text) for span in entity.spans] == [entity.name]
    (named,) = (each for each in found if each.document_id == "dc9003")
    assert named.gold == {(0, 1, 2): "Positive_Combination"}


def test_a_set_is_as_combined_as_the_pair_that_is_it_least() -> None:
    """Three entities: ab and ac combined, bc not. Labels: combined, none."""
    pairs = torch.tensor([[(0, 1), (0, 2), (1, 2)]])
    logits = torch.tensor([[(5.0, -5.0), (5.0, -5.0), (-5.0, 5.0)]])
    sets = torch.tensor(
        [[(True, True, False), (False, True, True), (True, True, True), (False, False, False)]]
    )
    found = of_sets(logits, pairs, sets, torch.tensor([-1.0, 1.0]))[0]
    assert found[0].tolist() == pytest.approx([5.0, -5.0])
    assert found[1].tolist() == pytest.approx([-5.0, 5.0])
    assert found[2].tolist() == pytest.approx([-5.0 + np.log(3), 5.0 - np.log(3)], abs=1e-3)
    assert found[3].tolist() == [0.0, 0.0]


def test_padding_changes_no_set() -> None:
    pairs = torch.tensor([[(0, 1), (0, 2), (1, 2)]])
    logits = torch.randn(1, 3, 3, generator=torch.Generator().manual_seed(0))
    sets = torch.tensor([[(True, True, True), (True, False, True)]])
    signs = torch.tensor([-1.0, -1.0, 1.0])
    found = of_sets(logits, pairs, sets, signs)
    padded = of_sets(
        torch.nn.functional.pad(logits, (0, 0, 0, 2)),
        torch.nn.functional.pad(pairs, (0, 0, 0, 2), value=-1),
        torch.nn.functional.pad(sets, (0, 2, 0, 1)),
        signs,
    )
    torch.testing.assert_close(padded[:, :2], found)
