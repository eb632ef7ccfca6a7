"""Gold beside predictions: the same figures as an evaluation's, and every error in its place."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from explore_cases import predictions_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import evaluate
from harmonize.explore.compare import ERRORS, KINDS, compared
from harmonize.explore.instances import UnionRows
from harmonize.explore.predictions import PredictionTable
from harmonize.explore.query import Filters
from harmonize.union.reader import load_union

LABELS = ("None", "None-DDI", "Association", "Positive_Correlation", "Bind")


@given(st.data())
@settings(max_examples=15)
def test_figures_are_those_of_an_evaluation(
    sample_rows: UnionRows, sample_union: Path, data: st.DataObject
) -> None:
    places = sample_rows.matching(Filters(corpus="biored")).tolist()
    said = data.draw(st.lists(st.sampled_from(LABELS), min_size=len(places), max_size=len(places)))
    table = predictions_of(sample_rows, zip(places, said, [0.5] * len(places), strict=True))
    comparison = compared(sample_rows, table)
    expected = evaluate(load_union(sample_union, corpora=["biored"]), table.table, bootstrap=0)
    total = comparison.total()
    assert total.pairs[2] == pytest.approx(expected.all.overall.binary.f1.value)
    assert total.typed[2] == pytest.approx(expected.all.overall.typed.f1.value)
    assert total.pairs[0] == pytest.approx(expected.all.overall.binary.precision.value)
    cells = comparison.cells()
    assert {cell.pair_type for cell in cells} == set(expected.all.by_pair_type)
    assert [sum(column) for column in zip(*(cell.counts for cell in cells), strict=True)] == list(
        total.counts
    )
    assert total.rows == len(places)


def test_each_kind_of_error_is_listed_surest_first(sample_rows: UnionRows) -> None:
    places = sample_rows.of_document("biored", "test", "90000004").tolist()
    rows = sample_rows.rows(places)
    gold = [row["relation"] for row in rows]
    positive = [place for place, label in enumerate(gold) if label != "None"]
    negative = [place for place, label in enumerate(gold) if label == "None"]
    said = dict(enumerate(gold))
    said[positive[0]], said[positive[1]] = "None", "Comparison"
    said[negative[0]] = said[negative[1]] = "Bind"
    sure = dict.fromkeys(said, 0.5) | {negative[1]: 0.9}
    table = predictions_of(sample_rows, [(places[n], label, sure[n]) for n, label in said.items()])
    comparison = compared(sample_rows, table)
    found, kinds = comparison.errors("false positive", "", "")
    assert (found.tolist(), kinds) == ([places[negative[1]], places[negative[0]]], ["false positive"] * 2)
    assert comparison.errors("false negative", "", "")[0].tolist() == [places[positive[0]]]
    assert comparison.errors("wrong type", "biored", "")[0].tolist() == [places[positive[1]]]
    assert comparison.errors("wrong type", "ddi", "")[0].tolist() == []
    assert len(comparison.errors("", "", "")[0]) == 4
    assert comparison.confused() == [(gold[positive[1]], "Comparison", 1)]
    assert comparison.total().counts == (len(positive) - 2, 1, 2, 1, len(negative) - 2)
    assert set(ERRORS) == set(KINDS[1:4])


def test_only_documents_with_a_prediction_count_and_what_lacks_one_is_none(sample_rows: UnionRows) -> None:
    places = sample_rows.of_document("biored", "test", "90000004").tolist()
    comparison = compared(sample_rows, predictions_of(sample_rows, [(places[0], "Bind", 0.5)]))
    assert comparison.places.tolist() == places
    assert comparison.without_prediction == len(places) - 1


def test_predictions_of_pairs_that_gold_lacks_are_counted(sample_rows: UnionRows) -> None:
    table = predictions_of(sample_rows, [(0, "Bind", 0.5)])
    stranger = {"instance_id": "0" * 20, "label": "Bind", "confidence": 1.0, "related": 1.0}
    both = PredictionTable("both", pa.concat_tables([table.table, pa.Table.from_pylist([stranger])]))
    assert compared(sample_rows, both).strangers == 1
    with pytest.raises(
        HarmonizeError, match=r"^strange: expected predictions of the set's pairs, found none"
    ):
        compared(sample_rows, PredictionTable("strange", pa.Table.from_pylist([stranger])))


def test_predictions_of_own_types_are_compared_with_those(sample_rows: UnionRows) -> None:
    places = sample_rows.matching(Filters(corpus="bc5cdr")).tolist()
    gold = [row["source_relations"] for row in sample_rows.rows(places)]
    said = [(place, types[0] if types else "None", 0.5) for place, types in zip(places, gold, strict=True)]
    comparison = compared(sample_rows, predictions_of(sample_rows, said))
    assert comparison.labels == "source"
    assert comparison.total().typed[2] == 1.0


def test_corpora_without_negatives_have_no_precision(sample_rows: UnionRows) -> None:
    places = sample_rows.matching(Filters(corpus="emu")).tolist()
    comparison = compared(sample_rows, predictions_of(sample_rows, [(p, "Association", 0.5) for p in places]))
    assert comparison.total().pairs == comparison.scored().pairs == (None, 1.0, None)


def test_corpora_without_negatives_are_left_out_of_the_figures_of_all(sample_rows: UnionRows) -> None:
    said = [(place, "Association", 0.5) for place in range(len(sample_rows))]
    comparison = compared(sample_rows, predictions_of(sample_rows, said))
    assert comparison.rows.without_negatives == ("disgenet", "emu", "pharmgkb")
    kept = [cell for cell in comparison.cells() if cell.corpus not in comparison.rows.without_negatives]
    assert comparison.scored().counts == tuple(map(sum, zip(*(cell.counts for cell in kept), strict=True)))
    assert comparison.scored().pairs[1] == 1.0
