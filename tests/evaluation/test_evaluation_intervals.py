"""Intervals: by document, covering, seeded."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_tables import ASSOCIATION, NONE, POSITIVE, gold_table, noisy, prediction_table, random_labels

from harmonize.evaluation.evaluate import evaluate
from harmonize.evaluation.ranking import Thresholds
from harmonize.evaluation.rows import BoolArray, IntArray
from harmonize.evaluation.scores import Bootstrap, Estimate, ratios


def test_a_seed_gives_the_same_evaluation_and_another_seed_other_intervals() -> None:
    generator = np.random.default_rng(0)
    labels = random_labels(generator, 300)
    gold = gold_table(labels)
    said = prediction_table(gold, noisy(generator, labels, 0.3), generator.random(300))
    first = evaluate(gold, said, bootstrap=200, seed=1)
    assert evaluate(gold, said, bootstrap=200, seed=1) == first
    other = evaluate(gold, said, bootstrap=200, seed=2)
    assert other.all.overall.binary.f1.value == first.all.overall.binary.f1.value
    assert other.all.overall.binary.f1.low != first.all.overall.binary.f1.low


def test_each_resample_has_as_many_documents() -> None:
    weights = Bootstrap(7, 50, 0).weights
    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert 0 in weights
    # Seven draws leave out a document with probability (6/7)^7 = 0.34.
    assert (Bootstrap(7, 20_000, 0).weights == 0).mean() == pytest.approx((6 / 7) ** 7, abs=0.01)


def test_weights_count_rows_of_a_document_several_times() -> None:
    """A resample's ranking is that of the table with the documents written out."""
    generator = np.random.default_rng(3)
    positive: BoolArray = generator.random(60) < 0.4
    related = generator.integers(5, size=60) / 4
    document: IntArray = generator.integers(6, size=60)
    thresholds = Thresholds(positive, related)
    for weights in Bootstrap(6, 20, 0).weights:
        times = weights[document].astype(int)
        written = Thresholds(np.repeat(positive, times), np.repeat(related, times))
        assert thresholds.areas(weights[document]) == pytest.approx(written.areas())


def test_an_interval_holds_its_value() -> None:
    generator = np.random.default_rng(4)
    labels = random_labels(generator, 500)
    gold = gold_table(labels)
    evaluation = evaluate(gold, prediction_table(gold, noisy(generator, labels, 0.4), generator.random(500)))
    overall = evaluation.all.overall
    for score in (overall.binary, overall.typed, *evaluation.by_label.values()):
        for each in (score.precision, score.recall, score.f1):
            assert each.low is not None
            assert each.high is not None
            assert each.value is not None
            assert each.low < each.value < each.high
    assert evaluation.ranking.auc.low is not None


def test_one_document_has_no_interval() -> None:
    gold = gold_table([POSITIVE, NONE, POSITIVE], documents=[0, 0, 0])
    evaluation = evaluate(gold, prediction_table(gold, [POSITIVE, POSITIVE, NONE]))
    assert evaluation.all.overall.binary.f1 == Estimate(0.5)
    assert evaluation.ranking.auc.low is None


def test_a_label_of_one_document_has_no_interval() -> None:
    gold = gold_table([POSITIVE, NONE, ASSOCIATION, ASSOCIATION], documents=[0, 0, 1, 2])
    evaluation = evaluate(gold, prediction_table(gold, [POSITIVE, NONE, ASSOCIATION, NONE]))
    assert evaluation.by_label[POSITIVE].f1 == Estimate(1.0)
    assert evaluation.by_label[ASSOCIATION].recall.low == 0


def test_no_resamples_no_intervals() -> None:
    gold = gold_table([POSITIVE, NONE], documents=[0, 1])
    overall = evaluate(gold, prediction_table(gold, [POSITIVE, POSITIVE]), bootstrap=0).all.overall
    assert overall.binary.precision == Estimate(0.5)


def test_intervals_are_of_documents_not_of_rows() -> None:
    """Where all rows of a document are right or wrong together, the interval is that of few draws."""
    labels = [POSITIVE] * 990 + [NONE] * 10
    right = [POSITIVE if number // 100 % 2 else NONE for number in range(990)] + [NONE] * 10
    together = gold_table(labels, documents=[number // 100 for number in range(1_000)])
    apart = gold_table(labels, documents=range(1_000))
    widths = []
    for gold in (together, apart):
        recall = evaluate(gold, prediction_table(gold, right)).all.overall.binary.recall
        assert recall.low is not None
        assert recall.high is not None
        widths.append(recall.high - recall.low)
    assert widths[0] > 5 * widths[1]


def test_95_percent_of_the_intervals_cover() -> None:
    """Of 400 sets of 60 documents whose rows hang together, drawn with a known recall."""
    generator = np.random.default_rng(5)
    sets, documents, covered, recall = 400, 60, 0, 0.7
    for number in range(sets):
        gold = generator.integers(5, 16, size=documents)
        by_document = generator.beta(7, 3, size=documents)
        found = generator.binomial(gold, by_document)
        counts = np.stack([found, np.zeros(documents), gold - found], axis=1).astype(np.float64)
        bootstrap = Bootstrap(documents, 300, number)
        value = ratios(counts.sum(axis=0))[1]
        estimate = bootstrap.estimate(float(value), ratios(bootstrap.weights @ counts)[1])
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= recall <= estimate.high
    assert 0.90 <= covered / sets <= 0.98
