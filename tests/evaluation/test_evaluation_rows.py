"""Tables that do not fit are refused in one line."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from evaluation_tables import NONE, POSITIVE, D, G, gold_table, prediction_table

from harmonize.errors import HarmonizeError, UnknownName
from harmonize.evaluation.evaluate import evaluate

GOLD = gold_table([POSITIVE, NONE, POSITIVE])
SAID = prediction_table(GOLD, [POSITIVE, NONE, NONE])


def with_column(
    table: pa.Table, name: str, values: list[object], kind: pa.DataType | None = None
) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values, kind))


FAULTS: dict[str, tuple[Callable[[], tuple[pa.Table, pa.Table]], str]] = {
    "unknown instance": (
        lambda: (GOLD, with_column(SAID, "instance_id", ["i0", "zz", "i2"])),
        "predictions: expected instances of gold only, got 'zz' (1 such)",
    ),
    "predicted twice": (
        lambda: (GOLD, with_column(SAID, "instance_id", ["i0", "i1", "i0"])),
        "predictions: expected each instance once, got i0 again (1 such)",
    ),
    "gold twice": (
        lambda: (with_column(GOLD, "instance_id", ["i0", "i1", "i1"]), SAID.slice(0, 1)),
        "gold: expected each instance once, got i1 again (1 such)",
    ),
    "not a number": (
        lambda: (GOLD, with_column(SAID, "related", [0.5, float("nan"), 1.5])),
        "predictions: related: expected a probability from 0 to 1, got nan at instance i1 (2 such)",
    ),
    "above one": (
        lambda: (GOLD, with_column(SAID, "confidence", [0.5, 1.0, 1.5])),
        "predictions: confidence: expected a probability from 0 to 1, got 1.5 at instance i2 (1 such)",
    ),
    "below zero": (
        lambda: (GOLD, with_column(SAID, "related", [-1e-9, 1.0, 0.5])),
        "predictions: related: expected a probability from 0 to 1, got -1e-09 at instance i0 (1 such)",
    ),
    "null probability": (
        lambda: (GOLD, with_column(SAID, "related", [None, 1.0, 0.5])),
        "predictions: related: expected a probability from 0 to 1, got None at instance i0 (1 such)",
    ),
    "null label": (
        lambda: (GOLD, with_column(SAID, "label", [None, NONE, NONE])),
        "predictions: label: expected no nulls, got 1",
    ),
    "label of another type": (
        lambda: (GOLD, with_column(SAID, "label", [1, 2, 3])),
        "predictions: label: expected text, got int64",
    ),
    "probability of another type": (
        lambda: (GOLD, with_column(SAID, "related", ["0.1", "0.2", "0.3"])),
        "predictions: related: expected numbers, got string",
    ),
    "no label": (
        lambda: (GOLD, SAID.drop_columns(["label"])),
        "predictions: expected one column label, got the columns instance_id, related, confidence",
    ),
    "two columns of one name": (
        lambda: (GOLD, SAID.append_column("label", SAID["label"])),
        "predictions: expected one column label, "
        "got the columns instance_id, label, related, confidence, label",
    ),
    "no gold": (
        lambda: (GOLD.slice(0, 0), SAID.slice(0, 0)),
        "gold: expected at least one row, got none",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line(name: str) -> None:
    tables, message = FAULTS[name]
    gold, predictions = tables()
    with pytest.raises(HarmonizeError) as caught:
        evaluate(gold, predictions)
    assert str(caught.value) == message


@pytest.mark.parametrize("column", GOLD.column_names)
def test_every_gold_column_is_needed(column: str) -> None:
    with pytest.raises(HarmonizeError, match=f"gold: expected one column {column}, got"):
        evaluate(GOLD.drop_columns([column]), SAID)


def test_source_relations_that_are_no_lists() -> None:
    gold = with_column(GOLD, "source_relations", ["a", "b", "c"])
    with pytest.raises(HarmonizeError, match=r"^gold: source_relations: expected list<"):
        evaluate(gold, SAID)


def test_spans_that_are_no_lists() -> None:
    gold = GOLD.append_column("head_spans", pa.array([1, 2, 3])).append_column(
        "tail_spans", pa.array([1] * 3)
    )
    with pytest.raises(HarmonizeError, match=r"^gold: head_spans: expected lists of spans, got int64$"):
        evaluate(gold, SAID)


def test_a_type_that_only_begins_like_a_negative_is_a_relation() -> None:
    gold = gold_table([POSITIVE, "None-DDI"], source_relations=[["Nonenzymatic"], []])
    said = prediction_table(gold, ["Nonenzymatic", "None-DDI"])
    evaluation = evaluate(gold, said, labels="source", bootstrap=0)
    assert evaluation.confusion.labels == (NONE, "Nonenzymatic")
    assert evaluation.all.overall.typed.tp == 1


def test_unknown_choices() -> None:
    with pytest.raises(UnknownName, match="unknown labels 'mine': expected one of harmonized, source"):
        evaluate(GOLD, SAID, labels="mine")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="unknown measure 'mine': expected one of all, biorex"):
        evaluate(GOLD, SAID, measure="mine")  # type: ignore[arg-type]
    with pytest.raises(HarmonizeError, match="bootstrap: expected a number from 0, got -1"):
        evaluate(GOLD, SAID, bootstrap=-1)


def test_no_row_of_the_biorex_measure() -> None:
    gold = gold_table([POSITIVE], head_type=[D], tail_type=[D])
    with pytest.raises(HarmonizeError, match="gold: expected rows of the BioREx measure, found none"):
        evaluate(gold, prediction_table(gold, [POSITIVE]), measure="biorex")


def test_order_chunks_further_columns_and_other_types_do_not_matter() -> None:
    gold = gold_table([POSITIVE, NONE, POSITIVE, NONE, NONE], tail_type=[D, G, G, D, D])
    said = prediction_table(gold, [POSITIVE, POSITIVE, NONE, NONE, NONE], [0.9, 0.6, 0.25, 0.125, 0.5])
    expected = evaluate(gold, said)
    turned = pa.concat_tables([said.slice(3), said.slice(0, 3)]).append_column("more", pa.array([1] * 5))
    assert evaluate(gold, turned) == expected
    assert evaluate(pa.concat_tables([gold.slice(0, 2), gold.slice(2)]), said) == expected
    large = said.set_column(1, "label", said["label"].cast(pa.large_string()))
    assert evaluate(gold, large) == expected
    assert evaluate(gold, said.set_column(1, "label", said["label"].dictionary_encode())) == expected
