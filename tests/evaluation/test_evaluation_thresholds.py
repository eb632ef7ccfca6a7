"""What the labels above a threshold are worth."""

from __future__ import annotations

import numpy as np
from evaluation_tables import ASSOCIATION, NONE, POSITIVE, gold_table, prediction_table

from harmonize.evaluation.markdown import thresholds_markdown
from harmonize.evaluation.thresholds import threshold_table

GOLD = [POSITIVE, ASSOCIATION, NONE, NONE, NONE, POSITIVE]
SAID = [POSITIVE, POSITIVE, "None-DDI", NONE, ASSOCIATION, NONE]
SURE = [0.9, 0.95, 0.5, 0.99, 0.6, 0.9]


def test_rows_and_right_rows_of_each_threshold() -> None:
    gold = gold_table(GOLD, documents=[1, 1, 1, 2, 2, 2])
    table = threshold_table(gold, prediction_table(gold, SAID, confidence=SURE), [0.9, 0.5, 1.0, 0.9])
    assert [one.threshold for one in table.kept] == [0.5, 0.9, 1.0]
    half, nine, none = table.kept
    counts = [(each.rows, each.right) for each in (half.all, half.positive, half.negative)]
    assert counts == [(6, 3), (3, 1), (3, 2)]
    counts = [(each.rows, each.right) for each in (nine.all, nine.positive, nine.negative)]
    assert counts == [(4, 2), (2, 1), (2, 1)]
    assert nine.positive.precision.value == 0.5
    # Of one document there is no interval; of two there is.
    assert nine.positive.precision.low is None
    assert (nine.negative.precision.low, half.all.precision.low) == (None, 1 / 3)
    assert none.all.rows == 0
    assert none.all.precision.reason == "no row is kept"
    text = thresholds_markdown(table, 0.9)
    assert "| **0.9** | 2 | 1 | 50.0 | 2 | 1 | 50.0 | 50.0 (" in text
    assert "| 1 | 0 | 0 | – |" in text


def test_the_interval_covers_the_share_in_most_samples() -> None:
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(60):
        right = random.random(200) < 0.8
        gold = gold_table([POSITIVE if each else ASSOCIATION for each in right])
        said = prediction_table(gold, [POSITIVE] * 200)
        precision = threshold_table(gold, said, [0.5], resamples=300).kept[0].all.precision
        assert precision.low is not None
        assert precision.high is not None
        covered += precision.low <= 0.8 <= precision.high
    assert covered >= 50
