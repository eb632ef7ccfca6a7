"""What is said of relations beside their type, scored as BioCreative VIII's BioRED track does; by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest
from evaluation_tables import ASSOCIATION, NONE, POSITIVE, gold_table, prediction_table

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import Evaluation, evaluate
from harmonize.evaluation.markdown import evaluation_markdown

# Six gold relations; of seven found ones five are right pairs, four have the right type.
GOLD = [POSITIVE, POSITIVE, ASSOCIATION, ASSOCIATION, POSITIVE, ASSOCIATION, NONE, NONE, NONE]
FOUND = [POSITIVE, POSITIVE, ASSOCIATION, POSITIVE, POSITIVE, NONE, ASSOCIATION, ASSOCIATION, NONE]
NEW = ["Novel", "No", "Novel", "Novel", "No", "Novel", None, None, None]
SAID = ["Novel", "Novel", "No", "Novel", "No", None, "Novel", "No", None]


def scored(new: list[str | None] = NEW, said: list[str | None] = SAID, column: str = "novelty") -> Evaluation:
    gold = gold_table(GOLD, **{column: new})
    predictions = prediction_table(gold, FOUND).append_column(column, pa.array(said, pa.string()))
    return evaluate(gold, predictions, bootstrap=0)


def test_pair_type_novelty_and_all_together() -> None:
    found = scored().said["novelty"]
    counts = {
        name: (score.tp, score.fp, score.fn) for name, score in vars(found).items() if hasattr(score, "tp")
    }
    assert counts == {
        "pair": (5, 2, 1),
        "typed": (4, 3, 2),
        # Right novelty of a right pair: the first, the fourth and the fifth.
        "with_value": (3, 4, 3),
        # Of these the fourth has the wrong type.
        "all": (2, 5, 4),
        # All novel: the first, third and fourth of the five pairs are.
        "constant_with_value": (3, 4, 3),
        "constant_all": (2, 5, 4),
    }
    assert found.with_value.f1.value == pytest.approx(6 / 13)
    assert found.constant == "Novel"
    assert (found.rows, found.positive) == (9, 6)


def test_a_gold_relation_that_says_nothing_is_left_out() -> None:
    """The second, a pair that is found, and the sixth, which is not."""
    new = [value if place not in (1, 5) else None for place, value in enumerate(NEW)]
    found = scored(new).said["novelty"]
    assert (found.rows, found.positive) == (7, 4)
    assert (found.pair.tp, found.pair.fp, found.pair.fn) == (4, 2, 0)


def test_subjects_are_scored_the_same_way() -> None:
    sides = {"Novel": "head", "No": "neither", None: None}
    found = scored([sides[v] for v in NEW], [sides[v] for v in SAID], "subject").said["subject"]
    assert (found.with_value.tp, found.all.tp, found.constant) == (3, 2, "head")


@pytest.mark.parametrize(("new", "said"), [([None] * 9, SAID), (NEW, [None] * 9)])
def test_nothing_is_scored_where_one_side_says_nothing(new: list[str | None], said: list[str | None]) -> None:
    assert scored(new, said).said == {}
    assert "Novelty" not in evaluation_markdown(scored(new, said))


def test_tables_of_before_are_scored_as_they_were() -> None:
    gold = gold_table(GOLD)
    assert evaluate(gold, prediction_table(gold, FOUND), bootstrap=0).said == {}


def test_another_word_is_an_error_of_one_line() -> None:
    with pytest.raises(HarmonizeError, match=r"novelty: expected Novel, No or null, got 'new'") as error:
        scored(said=["new", *SAID[1:]])
    assert "\n" not in str(error.value)


def test_a_missing_prediction_has_neither_relation_nor_novelty() -> None:
    gold = gold_table(GOLD, novelty=NEW)
    predictions = prediction_table(gold, FOUND).append_column("novelty", pa.array(SAID, pa.string()))
    found = evaluate(gold, predictions.slice(1), bootstrap=0).said["novelty"]
    assert (found.with_value.tp, found.with_value.fn) == (2, 4)


def test_the_table_names_what_is_right() -> None:
    text = evaluation_markdown(scored())
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.partition("## Novelty")[2].splitlines()]
    assert rows[6:12] == [
        "pair",
        "pair and type",
        "pair and novelty",
        "pair and novelty, all novel",
        "pair, type and novelty",
        "pair, type and novelty, all novel",
    ]
