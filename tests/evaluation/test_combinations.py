"""The four scores of combinations, against examples worked by hand."""

from __future__ import annotations

import pytest

from harmonize.errors import HarmonizeError
from harmonize.evaluation.combinations import (
    MEASURES,
    POSITIVE,
    Combination,
    CombinationScores,
    exact,
    partial,
    score_combinations,
)

OTHER = "Other_Combination"


def pos(drugs: str) -> Combination:
    return frozenset(drugs), POSITIVE


def other(drugs: str) -> Combination:
    return frozenset(drugs), OTHER


def scored(
    gold: dict[str, list[Combination]], predicted: dict[str, list[Combination]]
) -> dict[str, tuple[float | None, ...]]:
    """Measure -> precision, recall, F."""
    found = score_combinations(gold, predicted, bootstrap=0)
    return {name: _values(found, name) for name in MEASURES}


def _values(found: CombinationScores, name: str) -> tuple[float | None, ...]:
    score = getattr(found, name)
    return score.precision.value, score.recall.value, score.f1.value


def test_likeness() -> None:
    assert (exact(frozenset("ab"), frozenset("ba")), exact(frozenset("ab"), frozenset("abc"))) == (1, 0)
    assert partial(frozenset("ab"), frozenset("abc")) == pytest.approx(2 / 3)
    assert partial(frozenset("abc"), frozenset("bcd")) == pytest.approx(2 / 4)
    assert partial(frozenset("ab"), frozenset("bc")) == 0, "one drug in common is none"


def test_all_right_is_one_and_nothing_found_is_none() -> None:
    gold = {"1": [pos("ab")], "2": [other("cd")], "3": []}
    assert set(scored(gold, gold).values()) == {(1.0, 1.0, 1.0)}
    assert set(scored(gold, {}).values()) == {(None, 0.0, 0.0)}


def test_a_subset_is_right_in_part() -> None:
    """Predicted ab of abc: P = R = 2/3 in part, nothing exactly."""
    found = scored({"1": [pos("abc")]}, {"1": [pos("ab")]})
    assert found["positive_exact"] == (0, 0, 0)
    assert found["positive_partial"] == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_a_wrong_label_is_right_for_any_and_wrong_for_positive() -> None:
    """Gold ab positive and cd other, predicted ab other and cd positive."""
    found = scored({"1": [pos("ab")], "2": [other("cd")]}, {"1": [other("ab")], "2": [pos("cd")]})
    assert found["positive_exact"] == (0, 0, 0)
    assert found["any_exact"] == (1, 1, 1)


def test_other_combinations_count_neither_as_gold_nor_as_predicted_of_positive() -> None:
    found = scored({"1": [pos("ab"), other("cd")]}, {"1": [pos("ab"), other("ef")]})
    assert found["positive_exact"] == (1, 1, 1)
    assert found["any_exact"] == (0.5, 0.5, 0.5)


def test_each_side_takes_its_likeliest_counterpart() -> None:
    """Gold abcd. Predicted ab (2/4) and abc (3/4): P = (2/4 + 3/4) / 2 = 5/8, R = 3/4, F = 15/22."""
    found = scored({"1": [pos("abcd")]}, {"1": [pos("ab"), pos("abc")]})
    assert found["any_partial"] == pytest.approx((5 / 8, 3 / 4, 15 / 22))


def test_a_small_test_set() -> None:
    """Four sentences.

    1 gold abc+, def-       predicted ab+, def+
    2 gold ab+              predicted ab+, cd+
    3 gold ab-              predicted none
    4 gold none             predicted ab-

    positive, exact    gold 2 (abc, ab), predicted 4 (ab, def, ab, cd), right 1: P 1/4, R 1/2, F 1/3
    positive, partial  right 2/3 + 0 + 1 + 0: P 5/12, R (2/3 + 1) / 2 = 5/6, F 5/9
    any, exact         gold 4 (abc, def, ab, ab), predicted 5, right 2 (def, ab): P 2/5, R 2/4, F 4/9
    any, partial       right 2/3 + 1 + 1: P 8/15, R 8/12, F 16/27
    """
    gold = {"1": [pos("abc"), other("def")], "2": [pos("ab")], "3": [other("ab")], "4": []}
    predicted = {"1": [pos("ab"), pos("def")], "2": [pos("ab"), pos("cd")], "3": [], "4": [other("ab")]}
    found = scored(gold, predicted)
    assert found["positive_exact"] == pytest.approx((1 / 4, 1 / 2, 1 / 3))
    assert found["positive_partial"] == pytest.approx((5 / 12, 5 / 6, 5 / 9))
    assert found["any_exact"] == pytest.approx((2 / 5, 1 / 2, 4 / 9))
    assert found["any_partial"] == pytest.approx((8 / 15, 2 / 3, 16 / 27))


def test_sets_of_another_context_are_no_counterpart() -> None:
    assert scored({"1": [pos("ab")], "2": []}, {"2": [pos("ab")]})["any_partial"] == (0, 0, 0)


def test_a_set_twice_in_a_context_counts_once() -> None:
    found = scored({"1": [pos("ab"), other("ab")]}, {"1": [pos("ab"), pos("ab"), other("cd")]})
    assert found["positive_exact"] == (1, 1, 1)
    assert found["any_exact"] == (0.5, 1, pytest.approx(2 / 3))


def test_intervals_are_by_document_and_hold_the_value() -> None:
    gold = {str(number): [pos("ab")] if number % 2 else [pos("abc"), other("de")] for number in range(40)}
    predicted = {str(number): [pos("ab")] for number in range(0, 40, 3)}
    found = score_combinations(gold, predicted, bootstrap=200, seed=1)
    assert (found.contexts, found.documents, found.resamples) == (40, 40, 200)
    for name in MEASURES:
        f1 = getattr(found, name).f1
        assert f1.low < f1.value < f1.high
    by_document = score_combinations(
        gold, predicted, documents={name: str(int(name) // 20) for name in gold}, bootstrap=200, seed=1
    )
    assert by_document.documents == 2
    assert by_document.any_exact.f1.value == found.any_exact.f1.value


def test_no_gold_gives_a_reason_instead_of_a_number() -> None:
    score = score_combinations({"1": [other("ab")]}, {"1": [pos("ab")]}).positive_exact
    assert (score.gold, score.predicted, score.f1.value) == (0, 1, None)
    assert score.f1.reason == "gold has no combination here"


def test_a_prediction_of_an_unknown_context_is_one_line() -> None:
    with pytest.raises(HarmonizeError, match="expected predictions of contexts that gold has, got one of 9"):
        score_combinations({"1": []}, {"9": [pos("ab")]})
