"""Scores: the same as scikit-learn's where it has them, and right where the answer is known."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from evaluation_tables import (
    ASSOCIATION,
    LABELS,
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
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import Evaluation, evaluate
from harmonize.evaluation.scores import Estimate, Score, Section

# Few different probabilities, so that many rows tie.
ROWS = st.lists(
    st.tuples(
        st.sampled_from(LABELS),
        st.sampled_from([*LABELS, "None-BC5CDR", "Bind"]),
        st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1),
    ),
    min_size=1,
    max_size=60,
)
PROPERTY = settings(max_examples=40)


def sections(evaluation: Evaluation) -> list[Section]:
    """Of the gold rows; the baselines are another system's."""
    breakdowns = (evaluation.all, evaluation.without_variants, evaluation.variants_only, evaluation.biorex)
    return [
        section
        for breakdown in breakdowns
        if breakdown is not None
        for section in (breakdown.overall, *breakdown.by_pair_type.values())
    ]


def test_counts_and_ratios_by_hand() -> None:
    gold = gold_table([POSITIVE, POSITIVE, NEGATIVE, NONE, NONE, ASSOCIATION])
    said = prediction_table(gold, [POSITIVE, NEGATIVE, NONE, ASSOCIATION, NONE, ASSOCIATION])
    overall = evaluate(gold, said, bootstrap=0).all.overall
    assert (overall.rows, overall.positive) == (6, 4)
    assert overall.binary == Score(
        tp=3, fp=1, fn=1, precision=Estimate(3 / 4), recall=Estimate(3 / 4), f1=Estimate(6 / 8)
    )
    # The wrong type of the second row is both a false positive and a miss.
    assert overall.typed == Score(
        tp=2, fp=2, fn=2, precision=Estimate(2 / 4), recall=Estimate(2 / 4), f1=Estimate(4 / 8)
    )


@PROPERTY
@given(ROWS)
def test_micro_scores_are_scikit_learn_s(rows: list[tuple[str, str, float]]) -> None:
    gold, said, _ = map(list, zip(*rows, strict=True))
    table = gold_table(gold)
    evaluation = evaluate(table, prediction_table(table, said), bootstrap=0)
    folded = [NONE if label.startswith(NONE) else label for label in said]
    positives = sorted({*gold, *folded} - {NONE})
    overall = evaluation.all.overall
    expected = {
        "typed": (overall.typed, gold, folded, positives),
        "binary": (overall.binary, [x != NONE for x in gold], [x != NONE for x in folded], [True]),
        **{label: (score, gold, folded, [label]) for label, score in evaluation.by_label.items()},
    }
    assert set(evaluation.by_label) == set(positives)
    for name, (score, true, predicted, labels) in expected.items():
        if not labels:
            continue
        ours = [of.value for of in (score.precision, score.recall, score.f1)]
        theirs = precision_recall_fscore_support(
            true, predicted, labels=labels, average="micro", zero_division=np.nan
        )[:3]
        if score.tp + score.fn == 0 or all(label != NONE for label in gold):
            assert ours[0] is ours[2] is None, name
        else:
            assert ours[0] == (None if np.isnan(theirs[0]) else pytest.approx(theirs[0])), name
            assert ours[1:] == pytest.approx(theirs[1:]), name


@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@PROPERTY
@given(ROWS)
def test_ranking_and_confusion_are_scikit_learn_s(rows: list[tuple[str, str, float]]) -> None:
    gold, said, related = map(list, zip(*rows, strict=True))
    table = gold_table(gold)
    evaluation = evaluate(table, prediction_table(table, said, related), bootstrap=0)
    folded = [NONE if label.startswith(NONE) else label for label in said]
    confusion = evaluation.confusion
    assert np.array_equal(confusion.counts, confusion_matrix(gold, folded, labels=confusion.labels))
    positive = [label != NONE for label in gold]
    ranking = evaluation.ranking
    if len(set(positive)) == 1:
        assert ranking.auc.value is ranking.average_precision.value is None
        assert ranking.auc.reason
    else:
        assert ranking.auc.value == pytest.approx(roc_auc_score(positive, related))
        assert ranking.average_precision.value == pytest.approx(average_precision_score(positive, related))


def test_gold_scores_one_against_itself_everywhere() -> None:
    generator = np.random.default_rng(0)
    labels = random_labels(generator, 400)
    kinds = [[C, D, G][number % 3] for number in range(400)]
    others = [[D, G, G, C][number % 4] for number in range(400)]
    gold = gold_table(labels, head_type=kinds, tail_type=others, source_tail_type=[VARIANT, *others[1:]])
    evaluation = evaluate(gold, prediction_table(gold, labels), bootstrap=50)
    scores = [
        *(score for section in sections(evaluation) for score in (section.binary, section.typed)),
        *evaluation.by_label.values(),
    ]
    assert len(scores) > 20
    for score in scores:
        if score.tp + score.fn:
            assert (score.precision.value, score.recall.value, score.f1.value) == (1, 1, 1)
            assert score.f1.low in (1, None)
            assert score.f1.high in (1, None)
    assert evaluation.ranking.auc.value == evaluation.ranking.average_precision.value == 1
    assert evaluation.ranking.related.error.value == evaluation.ranking.confidence.error.value == 0


def test_chance_is_inside_the_interval_of_permuted_labels() -> None:
    generator = np.random.default_rng(1)
    labels = random_labels(generator, 2_000)
    gold = gold_table(labels)
    permuted = [labels[place] for place in generator.permutation(2_000)]
    evaluation = evaluate(gold, prediction_table(gold, permuted, generator.random(2_000)), bootstrap=500)
    share = sum(label != NONE for label in labels) / 2_000
    auc, recall = evaluation.ranking.auc, evaluation.all.overall.binary.recall
    assert auc.low is not None
    assert auc.high is not None
    assert auc.low < 0.5 < auc.high
    assert recall.low is not None
    assert recall.high is not None
    assert recall.low < share < recall.high


def test_rows_without_prediction_are_misses() -> None:
    gold = gold_table([POSITIVE, NONE, POSITIVE, NONE], documents=[0, 0, 1, 1])
    said = prediction_table(gold, [POSITIVE, NONE, POSITIVE, NONE])
    evaluation = evaluate(gold, said.slice(0, 2), bootstrap=0)
    assert evaluation.without_prediction == 2
    binary = evaluation.all.overall.binary
    assert (binary.tp, binary.fp, binary.fn) == (1, 0, 1)
    assert evaluation.documents == 2
    # The lost relation ranks with the negative beside it: half a pair of four is lost.
    assert evaluation.ranking.auc.value == pytest.approx(0.75)
    assert sum(each.rows for each in evaluation.ranking.related.bins) == 2


def test_no_prediction_at_all() -> None:
    gold = gold_table([POSITIVE, NONE])
    evaluation = evaluate(gold, prediction_table(gold, [POSITIVE, NONE]).slice(0, 0))
    assert evaluation.all.overall.binary.recall.value == 0
    assert evaluation.all.overall.binary.precision.reason == "no relation is predicted here"
    assert evaluation.ranking.auc.value == 0.5
    assert evaluation.ranking.related.error.reason == "no row has a prediction"


def test_gold_without_negatives_refuses_precision_and_f() -> None:
    gold = gold_table([ASSOCIATION] * 4, corpus="emu", tail_type=[G] * 4)
    evaluation = evaluate(gold, prediction_table(gold, [ASSOCIATION, NONE, POSITIVE, ASSOCIATION]))
    reason = "gold has no negatives (emu): what is wrong cannot be told from what nobody annotated"
    for section in (*sections(evaluation), evaluation.majority.scores):
        for score in (section.binary, section.typed):
            assert score.precision == score.f1 == Estimate(None, reason=reason)
    overall = evaluation.all.overall
    assert (overall.binary.recall.value, overall.typed.recall.value) == (0.75, 0.5)
    assert evaluation.ranking.auc.reason == "gold has no negatives: there is nothing to rank last"
    assert evaluation.ranking.related.bins == ()
    as_json = json.loads(json.dumps(evaluation.as_dict(), allow_nan=False))
    assert as_json["all"]["overall"]["binary"]["f1"] == {
        "value": None,
        "low": None,
        "high": None,
        "reason": reason,
    }


def test_one_corpus_without_negatives_spoils_the_precision_of_all() -> None:
    with_some, without = gold_table([POSITIVE, NONE]), gold_table([ASSOCIATION], corpus="emu")
    without = without.set_column(0, "instance_id", pa.array(["other"]))
    gold = pa.concat_tables([with_some, without]).unify_dictionaries()
    evaluation = evaluate(gold, prediction_table(gold, [POSITIVE, NONE, ASSOCIATION]))
    assert "(emu)" in (evaluation.all.overall.binary.f1.reason or "")
    assert evaluation.corpora == ("biored", "emu")
    assert evaluation.documents == 2


def test_gold_without_positives_refuses_every_ratio() -> None:
    gold = gold_table([NONE, "None-DDI", NONE])
    evaluation = evaluate(gold, prediction_table(gold, [NONE, ASSOCIATION, NONE]))
    binary = evaluation.all.overall.binary
    refused = Estimate(None, reason="gold has no relation here")
    assert (binary.tp, binary.fp, binary.fn) == (0, 1, 0)
    assert binary.precision == binary.recall == binary.f1 == refused
    assert evaluation.ranking.auc.reason == "gold has no relation: there is nothing to rank first"
    assert evaluation.all_positive is None


def test_pair_types_are_unordered_and_named_by_their_tags() -> None:
    gold = gold_table(
        [POSITIVE, NONE, POSITIVE, NONE],
        head_type=[C, D, G, "BC5CDR-Disease"],
        tail_type=[D, C, G, "BC5CDR-Chem"],
    )
    evaluation = evaluate(gold, prediction_table(gold, [POSITIVE, POSITIVE, NONE, NONE]))
    by_type = evaluation.all.by_pair_type
    assert list(by_type) == ["BC5CDR-Chem / BC5CDR-Disease", "C-D", "G-G"]
    binary = by_type["C-D"].binary
    assert (binary.tp, binary.fp, binary.fn) == (1, 1, 0)
    assert (by_type["G-G"].binary.fn, by_type["G-G"].rows) == (1, 1)


def test_scores_by_mentions_of_the_entity_with_the_fewer() -> None:
    span = {"start": 0, "end": 1}
    gold = gold_table(
        [POSITIVE, NONE, POSITIVE, NONE, POSITIVE],
        head_spans=[[span] * count for count in (1, 2, 5, 9, 4)],
        tail_spans=[[span] * count for count in (3, 1, 4, 3, 8)],
    )
    found = evaluate(gold, prediction_table(gold, [POSITIVE, POSITIVE, NONE, NONE, POSITIVE])).by_mentions
    assert {name: (section.rows, section.positive) for name, section in found.items()} == {
        "1": (2, 1),
        "3": (1, 0),
        "4 or more": (2, 2),
    }
    once = found["1"].binary
    assert (once.tp, once.fp, once.fn) == (1, 1, 0)


def test_gold_without_spans_has_no_scores_by_mentions() -> None:
    gold = gold_table([POSITIVE, NONE])
    assert evaluate(gold, prediction_table(gold, [POSITIVE, NONE])).by_mentions == {}


def test_scores_of_pairs_in_one_sentence_and_across_several() -> None:
    def spans(*ranges: tuple[int, int]) -> list[dict[str, int]]:
        return [{"start": start, "end": end} for start, end in ranges]

    two = spans((0, 20), (21, 40))
    gold = gold_table(
        [POSITIVE, POSITIVE, POSITIVE, NONE, POSITIVE, NONE],
        head_spans=[spans(each) for each in ((0, 3), (0, 3), (25, 30), (22, 25), (0, 3), (21, 23))],
        tail_spans=[
            spans((17, 20)),
            spans((21, 24)),
            spans((1, 2), (38, 40)),
            spans((0, 3), (4, 20)),
            spans((4, 6)),
            spans((30, 33)),
        ],
        sentences=[two, two, two, two, None, two],
    )
    found = evaluate(
        gold, prediction_table(gold, [POSITIVE, NONE, POSITIVE, POSITIVE, NONE, NONE])
    ).by_sentence
    assert {name: (section.rows, section.positive) for name, section in found.items()} == {
        "one sentence": (3, 2),
        "several sentences": (2, 1),
        "unknown": (1, 1),
    }
    across = found["several sentences"].binary
    assert (across.tp, across.fp, across.fn) == (0, 1, 1)


def test_gold_without_sentences_has_no_scores_by_sentence() -> None:
    span = [{"start": 0, "end": 1}]
    gold = gold_table([POSITIVE, NONE], head_spans=[span] * 2, tail_spans=[span] * 2)
    predictions = prediction_table(gold, [POSITIVE, NONE])
    assert evaluate(gold, predictions).by_sentence == {}
    null = pa.nulls(2, pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())])))
    assert evaluate(gold.append_column("sentences", null), predictions).by_sentence == {}
    with pytest.raises(HarmonizeError, match="gold: sentences: expected lists of spans, got string"):
        evaluate(gold.append_column("sentences", pa.array(["one", "two"])), predictions)
    with pytest.raises(HarmonizeError, match="gold: sentences: expected lists of spans, got list<"):
        evaluate(gold.append_column("sentences", pa.array([["one"], ["two"]])), predictions)


def test_the_biorex_measure_leaves_out_variants_and_pairs_of_diseases() -> None:
    gold = gold_table(
        [POSITIVE, POSITIVE, POSITIVE, NONE],
        head_type=[C, D, D, C],
        tail_type=[D, D, G, C],
        source_tail_type=[D, D, VARIANT, C],
    )
    said = prediction_table(gold, [NEGATIVE, POSITIVE, POSITIVE, NONE])
    evaluation = evaluate(gold, said)
    biorex, without, only = evaluation.biorex, evaluation.without_variants, evaluation.variants_only
    assert biorex is not None
    assert without is not None
    assert only is not None
    assert (biorex.overall.rows, without.overall.rows, only.overall.rows) == (2, 3, 1)
    assert (biorex.overall.binary.tp, biorex.overall.typed.tp) == (1, 0)
    assert list(biorex.by_pair_type) == ["C-C", "C-D"]
    alone = evaluate(gold, said, measure="biorex")
    assert alone.all == biorex
    assert alone.confusion.labels == (NONE, POSITIVE, NEGATIVE)


def test_a_corpus_of_one_pair_type_has_no_biorex_measure_and_no_variants() -> None:
    gold = gold_table([POSITIVE, NONE])
    evaluation = evaluate(gold, prediction_table(gold, [POSITIVE, NONE]))
    assert evaluation.biorex is evaluation.without_variants is evaluation.variants_only is None


def test_source_labels() -> None:
    gold = gold_table(
        [ASSOCIATION, ASSOCIATION, "None-DDI"], source_relations=[["effect"], ["int", "effect"], []]
    )
    said = prediction_table(gold, ["effect", "effect", "None-DDI"])
    evaluation = evaluate(gold, said, labels="source", bootstrap=0)
    assert evaluation.confusion.labels == (NONE, "effect", "int")
    assert (evaluation.all.overall.binary.tp, evaluation.all.overall.typed.tp) == (2, 1)


def test_labels_stand_in_the_target_s_order() -> None:
    gold = gold_table([ASSOCIATION, NONE, "Bind", POSITIVE, "own"])
    evaluation = evaluate(gold, prediction_table(gold, [NONE] * 5))
    assert list(evaluation.by_label) == [POSITIVE, "Bind", ASSOCIATION, "own"]


def test_baselines() -> None:
    gold = gold_table([NONE] * 6 + [ASSOCIATION] * 3 + [POSITIVE])
    evaluation = evaluate(gold, prediction_table(gold, [NONE] * 10), bootstrap=0)
    assert evaluation.majority.label == NONE
    assert evaluation.majority.scores.binary.f1.value == 0
    every = evaluation.all_positive
    assert every is not None
    assert every.label == ASSOCIATION
    assert (every.scores.binary.precision.value, every.scores.binary.recall.value) == (0.4, 1)
    assert (every.scores.typed.precision.value, every.scores.typed.recall.value) == (0.3, 0.75)


def test_calibration_by_hand() -> None:
    gold = gold_table([POSITIVE, NONE, NONE, POSITIVE])
    said = prediction_table(
        gold, [POSITIVE, POSITIVE, NONE, NEGATIVE], [1.0, 0.95, 0.1, 0.5], [0.9, 0.8, 0.9, 0.35]
    )
    ranking = evaluate(gold, said).ranking
    bins = {(each.low, each.rows): each for each in ranking.related.bins if each.rows}
    assert set(bins) == {(0.1, 1), (0.5, 1), (0.9, 2)}
    assert bins[0.9, 2].probability == pytest.approx(0.975)
    assert bins[0.9, 2].observed == 0.5
    assert ranking.related.error.value == pytest.approx((2 * 0.475 + 0.1 + 0.5) / 4)
    # Right are the first and the third row: 0.9, 0.9; wrong 0.8 and 0.35.
    assert ranking.confidence.error.value == pytest.approx((2 * 0.1 + 0.8 + 0.35) / 4)
    assert sum(each.rows for each in ranking.confidence.bins) == 4


def test_noise_lowers_every_score() -> None:
    generator = np.random.default_rng(2)
    labels = random_labels(generator, 1_000)
    gold = gold_table(labels)
    values = []
    for errors in (0.0, 0.2, 0.5):
        evaluation = evaluate(gold, prediction_table(gold, noisy(generator, labels, errors)), bootstrap=0)
        values.append([evaluation.all.overall.binary.f1.value, evaluation.all.overall.typed.f1.value])
    assert values == sorted(values, reverse=True)
    assert values[-1][0] > values[-1][1]
