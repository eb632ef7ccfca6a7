"""Mentions as a tool finds them: some missed, some given to another entity; every entity keeps one."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from missed_mentions import SIDES, keys, with_faults

from harmonize.relation.select.rows import rows_to_test


@pytest.fixture(scope="module")
def rows(sample_union: Path) -> pa.Table:
    return rows_to_test(sample_union, "biored/test")


def spans_by_context(rows: pa.Table) -> dict[str, set[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = {}
    for side in SIDES:
        for text, spans in keys(rows, side):
            found.setdefault(text, set()).update(spans)
    return found


@pytest.mark.parametrize("taken", [False, True])
def test_without_a_share_nothing_changes(rows: pa.Table, taken: bool) -> None:
    changed, mentions, missed = with_faults(rows, 0.0, 0, taken=taken)
    assert changed.equals(rows)
    assert (mentions > 0, missed) == (True, 0)


def test_each_entity_keeps_one_of_its_mentions(rows: pa.Table) -> None:
    changed, mentions, missed = with_faults(rows, 1.0, 0, taken=False)
    entities = {key for side in SIDES for key in keys(rows, side)}
    assert missed == mentions - len(entities) > 0
    for side in SIDES:
        for (_, before), (_, after) in zip(keys(rows, side), keys(changed, side), strict=True):
            assert len(after) == 1
            assert set(after) <= set(before)


def test_a_mention_that_is_taken_goes_to_another_of_its_type(rows: pa.Table) -> None:
    changed, _, missed = with_faults(rows, 1.0, 0, taken=True)
    assert missed > 0
    assert spans_by_context(changed) == spans_by_context(rows), "none is lost"
    owners = {
        (text, span): kind
        for side in SIDES
        for (text, spans), kind in zip(keys(rows, side), rows[f"{side}_type"].to_pylist(), strict=True)
        for span in spans
    }
    moved = 0
    for side in SIDES:
        types = rows[f"{side}_type"].to_pylist()
        for (text, after), (_, before), kind in zip(
            keys(changed, side), keys(rows, side), types, strict=True
        ):
            assert list(after) == sorted(after)
            assert {owners[text, span] for span in after} == {kind}
            moved += set(after) != set(before)
    assert moved > 0
