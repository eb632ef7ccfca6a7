"""Folds: the spread by hand, and all together as one table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from evaluation_tables import (
    ASSOCIATION,
    NONE,
    POSITIVE,
    G,
    gold_table,
    noisy,
    prediction_table,
    random_labels,
)

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import Evaluation, evaluate
from harmonize.evaluation.folds import Spread, summary_over_folds
from harmonize.evaluation.markdown import folds_markdown


def fold(relations: list[str], labels: list[str], **columns: list[str]) -> Evaluation:
    gold = gold_table(relations, **columns)
    return evaluate(gold, prediction_table(gold, labels), bootstrap=0)


def test_mean_and_deviation_by_hand() -> None:
    folds = [
        fold([POSITIVE, POSITIVE, NONE], [POSITIVE, POSITIVE, NONE]),
        fold([POSITIVE, POSITIVE, NONE], [POSITIVE, NONE, NONE]),
        fold([NONE, NONE], [NONE, NONE]),
    ]
    summary = summary_over_folds(folds)
    assert (summary.folds, summary.rows) == (3, (3, 3, 2))
    assert summary.binary.recall == Spread((1.0, 0.5, None), 0.75, pytest.approx(0.5 / 2**0.5))
    assert summary.biorex is None
    assert summary.auc.values[2] is None
    assert "| binary | 100.0 ± 0.0 | 75.0 ± 35.4 |" in folds_markdown(summary)
    assert summary.as_dict()["binary"]["recall"]["mean"] == 0.75


def test_one_fold_has_no_deviation_and_a_fold_without_value_no_mean() -> None:
    summary = summary_over_folds([fold([NONE], [NONE])])
    assert summary.typed.f1 == Spread((None,), None, None)
    assert summary_over_folds([fold([POSITIVE, NONE], [POSITIVE, NONE])]).typed.f1.deviation is None


def test_the_biorex_measure_where_every_fold_has_it() -> None:
    each = fold([POSITIVE, POSITIVE, NONE], [POSITIVE, NONE, NONE], tail_type=[G, G, "ChemicalEntity"])
    summary = summary_over_folds([each, each])
    assert summary.biorex is not None
    assert summary.biorex.recall.mean == 0.5
    assert "BioREx measure" in folds_markdown(summary)


def test_folds_that_cannot_be_summed_up() -> None:
    with pytest.raises(HarmonizeError, match="same labels and measure, got none"):
        summary_over_folds([])
    gold = gold_table([ASSOCIATION, NONE])
    said = prediction_table(gold, [ASSOCIATION, NONE])
    folds = [evaluate(gold, said), evaluate(gold, said, labels="source")]
    with pytest.raises(HarmonizeError, match="got harmonized all, source all"):
        summary_over_folds(folds)


def test_pooled_counts_are_the_folds_sums() -> None:
    generator = np.random.default_rng(0)
    labels = random_labels(generator, 100)
    gold = gold_table(labels)
    said = prediction_table(gold, noisy(generator, labels, 0.3))
    parts = [(gold.slice(start, 25), said.slice(start, 25)) for start in range(0, 100, 25)]
    pooled = evaluate(
        pa.concat_tables([part for part, _ in parts]), pa.concat_tables([part for _, part in parts])
    )
    folds = [evaluate(*part, bootstrap=0).all.overall.typed for part in parts]
    overall = pooled.all.overall.typed
    assert (overall.tp, overall.fp) == (sum(each.tp for each in folds), sum(each.fp for each in folds))
