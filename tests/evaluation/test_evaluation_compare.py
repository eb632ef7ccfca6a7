"""The paired test: blind to chance, awake to a difference, and seeded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from evaluation_tables import (
    ASSOCIATION,
    NEGATIVE,
    NONE,
    POSITIVE,
    VARIANT,
    C,
    D,
    G,
    gold_table,
    noisy,
    prediction_table,
    random_labels,
)

from harmonize.errors import HarmonizeError
from harmonize.evaluation.compare import Difference, compare
from harmonize.evaluation.evaluate import evaluate
from harmonize.evaluation.markdown import comparison_markdown

GENERATOR = np.random.default_rng(0)
LABELS = random_labels(GENERATOR, 1_000)
GOLD = gold_table(LABELS)


def said(labels: Sequence[str]) -> pa.Table:
    return prediction_table(GOLD, labels)


def test_a_system_does_not_differ_from_itself() -> None:
    labels = noisy(GENERATOR, LABELS, 0.3)
    comparison = compare(GOLD, said(labels), said(labels), trials=500)
    for each in (comparison.binary, comparison.typed):
        assert each.p == 1
        assert (each.difference.value, each.difference.low, each.difference.high) == (0, 0, 0)
        assert each.f1_a == each.f1_b


def test_a_clear_difference() -> None:
    better, worse = said(noisy(GENERATOR, LABELS, 0.1)), said(noisy(GENERATOR, LABELS, 0.5))
    comparison = compare(GOLD, better, worse, trials=1_000)
    for each in (comparison.binary, comparison.typed):
        assert each.p == 1 / 1_001
        assert each.difference.low is not None
        assert each.difference.low > 0
    f1 = evaluate(GOLD, better).all.overall.typed.f1.value
    assert comparison.typed.f1_a == f1
    assert compare(GOLD, worse, better, trials=1_000).typed.difference.value == pytest.approx(
        -(comparison.typed.difference.value or 0)
    )


def test_chance_differences_are_found_as_rarely_as_p_says() -> None:
    """Of 200 pairs of equally good systems, some 10 differ at p <= 0.05 and half at p <= 0.5."""
    generator = np.random.default_rng(8)
    labels = random_labels(generator, 150)
    gold = gold_table(labels)
    found = []
    for number in range(200):
        a, b = (prediction_table(gold, noisy(generator, labels, 0.3)) for _ in range(2))
        comparison = compare(gold, a, b, bootstrap=0, trials=100, seed=number)
        found.append((comparison.binary.p or 0, comparison.ranking.p or 0))
    for p in zip(*found, strict=True):
        assert 2 <= sum(each <= 0.05 for each in p) <= 20
        assert 75 <= sum(each <= 0.5 for each in p) <= 125


def test_p_by_hand() -> None:
    """A has both documents right, B none: one exchange of two gives as much, half of four in all."""
    gold = gold_table([POSITIVE, NONE, POSITIVE, NONE], documents=[0, 0, 1, 1])
    a, b = (prediction_table(gold, [label, NONE, label, NONE]) for label in (POSITIVE, NONE))
    comparison = compare(gold, a, b, trials=4_000)
    assert comparison.binary.difference.value == 1
    assert comparison.binary.p == pytest.approx(0.5, abs=0.04)


def test_average_precision_by_hand() -> None:
    """One relation of a document each; A puts both first, B the second one behind both negatives."""
    gold = gold_table([POSITIVE, NONE, POSITIVE, NONE], documents=[0, 0, 1, 1])
    labels = [POSITIVE, NONE, POSITIVE, NONE]
    a = prediction_table(gold, labels, related=[0.9, 0.2, 0.8, 0.1])
    b = prediction_table(gold, labels, related=[0.9, 0.3, 0.2, 0.4])
    ranking = compare(gold, a, b, trials=100).ranking
    assert (ranking.average_precision_a, ranking.average_precision_b) == (1, pytest.approx((1 + 2 / 4) / 2))
    assert ranking.difference.value == pytest.approx(1 / 4)
    # Exchanging the first document changes neither, exchanging the second one exchanges the two systems.
    assert ranking.p == 1
    assert "| average precision | 100.0 | 75.0 | 25.0 (0.0 to 50.0) | 1.0000 |" in comparison_markdown(
        compare(gold, a, b, trials=20)
    )


def test_average_precision_is_that_of_an_evaluation() -> None:
    a, b = (
        prediction_table(GOLD, labels, related=GENERATOR.random(len(GOLD)).round(2))
        for labels in (LABELS, LABELS)
    )
    ranking = compare(GOLD, a, b, trials=10).ranking
    assert ranking.average_precision_a == pytest.approx(evaluate(GOLD, a).ranking.average_precision.value)
    assert ranking.average_precision_b == pytest.approx(evaluate(GOLD, b).ranking.average_precision.value)


def test_seeds_of_a_system_are_added_up() -> None:
    """As many runs of each: counts are summed, average precisions averaged, and no order of runs matters."""
    runs = [said(noisy(GENERATOR, LABELS, errors)) for errors in (0.2, 0.3, 0.4, 0.5)]
    comparison = compare(GOLD, runs[:2], runs[2:], trials=500)
    alone = [evaluate(GOLD, run) for run in runs]
    tp, fp, fn = (
        sum(getattr(each.all.overall.binary, name) for each in alone[:2]) for name in ("tp", "fp", "fn")
    )
    assert comparison.runs == 2
    assert comparison.binary.f1_a == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert comparison.ranking.average_precision_b == pytest.approx(
        sum(each.ranking.average_precision.value or 0 for each in alone[2:]) / 2
    )
    turned = compare(GOLD, runs[1::-1], runs[:1:-1], trials=500)
    assert turned.binary == comparison.binary
    assert turned.ranking.difference.value == pytest.approx(comparison.ranking.difference.value)
    assert "2 runs of each system." in comparison_markdown(comparison)
    with pytest.raises(HarmonizeError, match="expected as many runs of both systems, got 2 and 1"):
        compare(GOLD, runs[:2], runs[2], trials=1)


def test_the_seed_decides() -> None:
    a, b = said(noisy(GENERATOR, LABELS, 0.30)), said(noisy(GENERATOR, LABELS, 0.33))
    first = compare(GOLD, a, b, seed=1, trials=500)
    assert compare(GOLD, a, b, seed=1, trials=500) == first
    assert compare(GOLD, a, b, seed=2, trials=500).typed.difference.low != first.typed.difference.low


def test_type_and_pair_differ_by_themselves() -> None:
    """B finds the same pairs and gets every type wrong."""
    wrong = {POSITIVE: NEGATIVE, NEGATIVE: ASSOCIATION, ASSOCIATION: POSITIVE, NONE: NONE}
    comparison = compare(GOLD, said(LABELS), said([wrong[label] for label in LABELS]), trials=1_000)
    assert comparison.binary.p == 1
    assert comparison.typed.p == 1 / 1_001
    assert comparison.typed.f1_b == 0


def test_the_biorex_measure_is_compared_too() -> None:
    gold = gold_table(
        [POSITIVE, POSITIVE, NONE, POSITIVE],
        documents=[0, 1, 1, 2],
        tail_type=[D, G, D, G],
        source_tail_type=[D, VARIANT, D, G],
        head_type=[C, D, C, G],
    )
    a = prediction_table(gold, [POSITIVE, NONE, NONE, POSITIVE])
    b = prediction_table(gold, [POSITIVE, POSITIVE, NONE, NONE])
    comparison = compare(gold, a, b)
    assert comparison.biorex is not None
    assert (comparison.biorex.f1_a, comparison.biorex.f1_b) == (1, pytest.approx(2 / 3))
    assert comparison.binary.f1_a == comparison.binary.f1_b
    assert "| F1, BioREx measure | 100.0 | 66.7 | 33.3 (0.0 to 100.0) |" in comparison_markdown(comparison)


def test_gold_without_negatives_has_no_f_to_compare() -> None:
    gold = gold_table([ASSOCIATION] * 3, corpus="emu")
    system = prediction_table(gold, [ASSOCIATION, NONE, NONE])
    comparison = compare(gold, system, system)
    assert comparison.binary.p is comparison.binary.f1_a is comparison.binary.difference.value is None
    assert (comparison.binary.difference.reason or "").startswith("gold has no negatives (emu)")
    assert "- – gold has no negatives (emu)" in comparison_markdown(comparison, "new", "old")


def test_gold_without_relations_and_gold_of_one_document() -> None:
    gold = gold_table([NONE, NONE], documents=[0, 1])
    system = prediction_table(gold, [NONE, ASSOCIATION])
    nothing = compare(gold, system, system)
    assert nothing.binary.difference.reason == "gold has no relation here"
    assert nothing.ranking.difference.reason == "gold has no relation: there is nothing to rank first"
    gold = gold_table([POSITIVE, NONE])
    a, b = prediction_table(gold, [POSITIVE, NONE]), prediction_table(gold, [NONE, NONE])
    alone: Difference = compare(gold, a, b).binary
    assert (alone.f1_a, alone.f1_b, alone.p, alone.difference.low) == (1, 0, None, None)


def test_no_trials_no_p_and_negative_ones_are_refused() -> None:
    assert compare(GOLD, said(LABELS), said(LABELS), trials=0, bootstrap=0).binary.p is None
    with pytest.raises(HarmonizeError, match="trials: expected a number from 0, got -1"):
        compare(GOLD, said(LABELS), said(LABELS), trials=-1)
    with pytest.raises(HarmonizeError, match="predictions: expected instances of gold only"):
        compare(GOLD.slice(0, 5), said(LABELS), said(LABELS))
