"""Many systems in one table: each as `evaluate` and `compare` see it, seeds added up, tests corrected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from evaluation_tables import NONE, gold_table, noisy, prediction_table, random_labels
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import UnknownName
from harmonize.evaluation.compare import Difference, compare
from harmonize.evaluation.evaluate import evaluate
from harmonize.evaluation.figures import save, standings_figure
from harmonize.evaluation.markdown import standings_markdown
from harmonize.evaluation.scores import Estimate
from harmonize.evaluation.standings import Standing, _corrected, standings

GENERATOR = np.random.default_rng(0)
LABELS = random_labels(GENERATOR, 600)
GOLD = gold_table(LABELS)


def said(share: float) -> pa.Table:
    return prediction_table(GOLD, noisy(GENERATOR, LABELS, share))


GOOD, FAIR, BAD = said(0.1), said(0.2), said(0.6)
FOUND = standings(GOLD, {"bad": [BAD], "good": [GOOD], "fair": [FAIR]}, "fair", trials=500)


def test_the_best_comes_first() -> None:
    assert [one.name for one in FOUND.systems] == ["good", "fair", "bad"]


def test_each_system_is_as_it_is_alone() -> None:
    for name, table in (("good", GOOD), ("bad", BAD)):
        (own,) = (one for one in FOUND.systems if one.name == name)
        alone = evaluate(GOLD, table).all.overall
        assert (own.precision, own.recall, own.f1) == (
            alone.binary.precision,
            alone.binary.recall,
            alone.binary.f1,
        )
        assert own.typed == alone.typed.f1
        assert own.difference == compare(GOLD, table, FAIR, trials=500).binary
        assert own.f1_by_seed == (alone.binary.f1.value,)


def test_types_rank_where_they_are_asked_for(tmp_path: Path) -> None:
    """A system that finds every pair and no type is the first by pairs and the last by types."""
    blind = prediction_table(GOLD, [NONE if label == NONE else "Conversion" for label in LABELS])
    systems = {"fair": [FAIR], "blind": [blind]}
    by_pairs = standings(GOLD, systems, "fair", trials=200)
    by_types = standings(GOLD, systems, "fair", rank_by="types", trials=200)
    assert [one.name for one in by_pairs.systems] == ["blind", "fair"]
    assert [one.name for one in by_types.systems] == ["fair", "blind"]
    of_pairs, of_types = by_pairs.systems[0], by_types.systems[1]
    assert (of_types.f1, of_types.typed) == (of_pairs.f1, of_pairs.typed)
    assert by_types.ranked(of_types) == of_types.typed
    assert of_types.f1_by_seed == (of_types.typed.value,)
    assert of_types.difference is not None
    assert of_types.difference.f1_a == of_types.typed.value
    assert of_pairs.difference is not None
    assert of_pairs.difference.f1_a == of_pairs.f1.value
    assert "Ranked and tested by F with the type." in standings_markdown(by_types)
    assert "Ranked" not in standings_markdown(by_pairs)
    for name, found, label in (("p.svg", by_pairs, b">F1, with"), ("t.svg", by_types, b">typed F1, with")):
        save(standings_figure(found), tmp_path / name)
        assert label in (tmp_path / name).read_bytes()


def test_the_one_that_all_are_tested_against_is_not_tested() -> None:
    (own,) = (one for one in FOUND.systems if one.name == "fair")
    assert (own.difference, own.p_holm) == (None, None)


def test_seeds_are_added_up_by_document() -> None:
    found = standings(GOLD, {"two": [GOOD, BAD], "once": [FAIR]}, "once", trials=100)
    (two,) = (one for one in found.systems if one.name == "two")
    scores = [evaluate(GOLD, table, bootstrap=0).all.overall.binary for table in (GOOD, BAD)]
    tp, fp, fn = (sum(getattr(score, name) for score in scores) for name in ("tp", "fp", "fn"))
    assert two.seeds == 2
    assert two.f1.value == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert two.f1_by_seed == tuple(score.f1.value for score in scores)
    assert two.f1.low is not None
    assert two.f1.high is not None
    assert two.f1.low < two.f1.value < two.f1.high


def test_a_system_said_twice_differs_from_itself_by_nothing() -> None:
    found = standings(GOLD, {"one": [GOOD], "again": [GOOD, GOOD]}, "one", trials=100)
    (again,) = (one for one in found.systems if one.name == "again")
    assert again.f1.value == pytest.approx(evaluate(GOLD, GOOD).all.overall.binary.f1.value or 0)


def standing(p: float | None) -> Standing:
    nothing = Estimate(None)
    difference = None if p is None else Difference(0.5, 0.5, nothing, p)
    return Standing("x", 1, nothing, nothing, nothing, nothing, (), difference, None)


def test_holm_by_hand() -> None:
    found = _corrected([standing(p) for p in (0.01, None, 0.04, 0.03, 0.005)])
    assert [one.p_holm for one in found] == pytest.approx([0.03, None, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_a_correction_never_makes_a_test_surer(values: list[float]) -> None:
    found = [one.p_holm or 0.0 for one in _corrected([standing(p) for p in values])]
    assert all(p <= corrected <= 1 for p, corrected in zip(values, found, strict=True))
    assert sorted(found) == [corrected for _, corrected in sorted(zip(values, found, strict=True))]


def test_the_table_has_a_line_for_each_and_a_reason_for_a_dash() -> None:
    nothing = prediction_table(GOLD, [NONE] * len(LABELS))
    text = standings_markdown(standings(GOLD, {"good": [GOOD], "silent": [nothing]}, "good", trials=10))
    lines = text.splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith(("| good", "| silent"))] == [
        "| good",
        "| silent",
    ]
    assert "- – no relation is there, or none is predicted: silent" in lines


def test_a_figure_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (first, second):
        save(standings_figure(FOUND), path)
    assert first.read_bytes() == second.read_bytes()
    assert b"good" in first.read_bytes()


def test_an_unknown_system_is_one_line() -> None:
    with pytest.raises(UnknownName, match="unknown system 'best': expected one of bad"):
        standings(GOLD, {"bad": [BAD]}, "best")
