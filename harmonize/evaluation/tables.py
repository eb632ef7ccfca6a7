"""The tables of gold and predictions, checked: columns, what they hold, and that each id stands once."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from harmonize.errors import HarmonizeError

__all__ = ["checked_gold", "checked_predictions", "span_lists"]

_GOLD = (
    *("instance_id", "corpus", "split", "document_id", "head_type", "tail_type"),
    *("source_head_type", "source_tail_type", "relation", "source_relations"),
)
_PREDICTED = ("instance_id", "label", "related", "confidence")


def checked_gold(table: pa.Table) -> pa.Table:
    """The columns of gold that say which row it is, of what, and with which relation.

    Raises:
        HarmonizeError: a column is missing, of another type or holds a null, there is no row, or an id stands
            twice.
    """
    gold = _strings(table, "gold", _GOLD[:-1]).append_column(
        "source_relations", _column(table, "gold", "source_relations", pa.list_(pa.string()))
    )
    if not len(gold):
        raise HarmonizeError("gold: expected at least one row, got none")
    _check_unique(gold, "gold")
    return gold


def checked_predictions(table: pa.Table) -> pa.Table:
    """The columns of predictions that say of which row each is, its label and its probabilities.

    Raises:
        HarmonizeError: a column is missing or of another type, a label is null, a probability is none from 0
            to 1, or an id stands twice.
    """
    predictions = _strings(table, "predictions", _PREDICTED[:2])
    for name in _PREDICTED[2:]:
        values = _column(table, "predictions", name, pa.float64())
        inside = pc.and_(pc.greater_equal(values, 0.0), pc.less_equal(values, 1.0))
        wrong = pc.indices_nonzero(pc.invert(pc.fill_null(inside, False)))
        if len(wrong):
            first = wrong[0].as_py()
            raise HarmonizeError(
                f"predictions: {name}: expected a probability from 0 to 1, got {values[first].as_py()} "
                f"at instance {predictions['instance_id'][first].as_py()} ({len(wrong)} such)"
            )
        predictions = predictions.append_column(name, values)
    _check_unique(predictions, "predictions")
    return predictions


def span_lists(gold: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of gold that holds lists of spans.

    Raises:
        HarmonizeError: it holds something else.
    """
    if not _is_list(gold[name].type):
        raise HarmonizeError(f"gold: {name}: expected lists of spans, got {gold[name].type}")
    return gold[name]


def _strings(table: pa.Table, whose: str, names: Iterable[str]) -> pa.Table:
    columns = {name: _column(table, whose, name, pa.string()) for name in names}
    for name, column in columns.items():
        if column.null_count:
            raise HarmonizeError(f"{whose}: {name}: expected no nulls, got {column.null_count}")
    return pa.table(columns)


def _column(table: pa.Table, whose: str, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if table.column_names.count(name) != 1:
        raise HarmonizeError(
            f"{whose}: expected one column {name}, got the columns {', '.join(table.column_names)}"
        )
    column = table[name]
    # Arrow would also read the number 1 as the text "1" and the text "1" as the number.
    if pa.types.is_floating(kind) and not _is_number(column.type):
        raise HarmonizeError(f"{whose}: {name}: expected numbers, got {column.type}")
    if pa.types.is_string(kind) and not _is_text(column.type):
        raise HarmonizeError(f"{whose}: {name}: expected text, got {column.type}")
    try:
        return column.cast(kind)
    except pa.ArrowException as error:
        raise HarmonizeError(f"{whose}: {name}: expected {kind}, got {column.type}: {error}") from None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def _check_unique(table: pa.Table, whose: str) -> None:
    counts = pc.value_counts(table["instance_id"].combine_chunks())
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        first = twice[0]["values"].as_py()
        raise HarmonizeError(f"{whose}: expected each instance once, got {first} again ({len(twice)} such)")
