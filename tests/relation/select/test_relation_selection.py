"""Which rows are trained on, watched and tested."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from harmonize.errors import HarmonizeError, SpecError, UnionError, UnknownName
from harmonize.pipelines.build import build
from harmonize.registry import sample_folder
from harmonize.relation.labels import is_negative
from harmonize.relation.recipe import FOLD, Recipe, load_recipe, part
from harmonize.relation.select.places import recipe_held
from harmonize.relation.select.rows import gold_labels, pairs_of, rows_to_test
from harmonize.relation.select.selection import Selection, select
from harmonize.union.leaks import read_repeats

Key = tuple[str, str, str]
TESTED = "its document is tested"


def keys(rows: pa.Table) -> set[Key]:
    columns = (rows[name].to_pylist() for name in ("corpus", "split", "document_id"))
    return set(zip(*columns, strict=True))


def ids(rows: pa.Table) -> list[str]:
    return list(rows["instance_id"].to_pylist())


def checked(union: Path, recipe: Recipe) -> Selection:
    """The rows of a recipe, after what holds for every recipe."""
    chosen = select(union, recipe)
    assert chosen.rows_in == chosen.train.num_rows + chosen.development.num_rows + len(chosen.left_out)
    every = [*ids(chosen.train), *ids(chosen.development), *(row.instance_id for row in chosen.left_out)]
    assert len(set(every)) == len(every)
    assert all(row.reason for row in chosen.left_out)
    if recipe.fold is None:
        tested = keys(rows_to_test(union, recipe.evaluate_on))
    else:
        tested = {(*part(row.part), row.document_id) for row in chosen.left_out if row.reason == TESTED}
    trained, watched = keys(chosen.train), keys(chosen.development)
    assert not trained & watched
    assert not trained & tested
    assert not watched & tested
    for repeat in read_repeats(union):
        pair = {tuple(repeat.document), tuple(repeat.other)}
        assert sum(bool(pair & role) for role in (trained, watched, tested)) <= 1, pair
    corpus, _ = part(recipe.evaluate_on)
    leaks = {place for row in chosen.train["leaks_into"].to_pylist() for place in row}
    assert not leaks & {f"{corpus}/dev", f"{corpus}/test"}
    return chosen


def tiny(name: str, **values: Any) -> Recipe:
    return load_recipe(name, {"encoder": "tiny", **values})


def test_corpora_may_be_named_as_people_write_them(sample_union: Path) -> None:
    named = {"train_on": ["BioRED", "bc5cdr/dev"], "evaluate_on": "BioRED/test", "development": "BIORED/dev"}
    recipe = tiny("original", **named, first={"train_on": "others, DDI 2013/test"})
    keyed = recipe_held(sample_union, recipe)
    assert keyed.train_on == ("biored", "bc5cdr/dev")
    assert (keyed.evaluate_on, keyed.development) == ("biored/test", "biored/dev")
    assert keyed.first == {"train_on": ["others", "ddi/test"]}
    assert keyed == recipe_held(sample_union, keyed)
    assert ids(rows_to_test(sample_union, "BioRED/test")) == ids(rows_to_test(sample_union, "biored/test"))
    with pytest.raises(UnknownName, match="unknown corpus of the set in train_on 'BC6'"):
        recipe_held(sample_union, recipe.with_values({"train_on": ["BC6"]}))
    with pytest.raises(SpecError, match="development: expected another part than evaluate_on"):
        recipe_held(sample_union, recipe.with_values({"development": "biored/test"}))


@pytest.mark.parametrize("name", ["biorex", "original", "transfer", "multi-task", "fraction"])
def test_rows_of_the_sample_are_accounted_for(sample_union: Path, name: str) -> None:
    recipe = tiny(name, **({"documents": 1} if name == "fraction" else {}))
    chosen = checked(sample_union, recipe)
    assert {corpus for corpus, _, _ in keys(chosen.development)} == {"biored"}
    if name in ("original", "transfer"):
        assert {corpus for corpus, _, _ in keys(chosen.train)} == {"biored"}


def test_parts_can_be_named(sample_union: Path) -> None:
    chosen = checked(sample_union, tiny("original", train_on=["biored", "bc5cdr/dev", "bc5cdr/dev"]))
    assert {place[:2] for place in keys(chosen.train)} == {("biored", "train"), ("bc5cdr", "dev")}
    others = checked(sample_union, tiny("original", train_on=["others"]))
    assert "biored" not in {corpus for corpus, _, _ in keys(others.train)}


def test_nothing_need_be_watched(sample_union: Path) -> None:
    chosen = checked(sample_union, tiny("original", development=None))
    assert chosen.development.num_rows == 0


def test_a_tested_part_that_is_trained_on_is_left_out(sample_union: Path) -> None:
    chosen = checked(sample_union, tiny("original", train_on=["biored", "biored/test"]))
    tested = rows_to_test(sample_union, "biored/test")
    assert chosen.reasons() == {"biored/test": {TESTED: tested.num_rows}}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train_on": ["nine"]}, "unknown corpus of the set 'nine': expected one of"),
        ({"evaluate_on": "nine/test"}, "unknown corpus of the set 'nine'"),
        ({"development": "nine/dev"}, "unknown corpus of the set 'nine'"),
        ({"train_on": ["aimed/test"]}, "train_on aimed/test: expected rows to train on, none is left"),
        ({"train_on": ["biored/test"]}, "to train on, none is left of 49: its document is tested 49"),
        ({"development": "aimed/dev"}, "development aimed/dev: expected rows to watch, none is left"),
        ({"documents": 9999}, "documents: expected at most "),
        ({"development": FOLD, "folds": 3}, "folds: expected a fold's number as well"),
        ({"folds": 3}, "folds: expected a fold's number as well"),
        ({"folds": 9999, "fold": 0}, "biored: expected 2 to "),
    ],
)
def test_what_cannot_be_had_is_one_line(sample_union: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(HarmonizeError) as error:
        select(sample_union, tiny("original", **values))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_set_of_one_corpus_has_no_others(tmp_path: Path) -> None:
    build(tmp_path / "set", sample_folder(), corpora=["biored"])
    with pytest.raises(HarmonizeError, match=r"^train_on others: .* the set has no other corpus"):
        select(tmp_path / "set", tiny("original", train_on=["others"], development=None))


def test_a_folder_that_is_no_set_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnionError, match="expected a union set"):
        select(tmp_path, tiny("original"))
    with pytest.raises(UnionError, match="expected a union set"):
        rows_to_test(tmp_path, "biored/test")


def test_the_labels_of_a_row_are_the_unions_or_its_own(sample_union: Path) -> None:
    rows = rows_to_test(sample_union, "ddi/train")
    assert set(gold_labels(rows, "harmonized")) == {"Association", "None-DDI"}
    own = gold_labels(rows, "source")
    assert {"None"} < set(own) <= {"None", "advise", "effect", "int", "mechanism", "true"}
    for relation, label in zip(gold_labels(rows, "harmonized"), own, strict=True):
        assert is_negative(relation) == is_negative(label)


def test_a_row_becomes_its_pair(sample_union: Path) -> None:
    rows = rows_to_test(sample_union, "bc5cdr/train")
    for made, row in zip(pairs_of(rows), rows.to_pylist(), strict=True):
        assert (made.corpus, made.task, made.text) == ("bc5cdr", "BC5CDR", row["text"])
        for side, one in (("head", made.head), ("tail", made.tail)):
            assert (one.name, one.type) == (row[f"{side}_name"], row[f"{side}_type"])
            assert [{"start": span.start, "end": span.end} for span in one.spans] == row[f"{side}_spans"]


# --- the real set


def test_biorex_leaves_out_what_stands_in_biored(real_union: Path) -> None:
    chosen = checked(real_union, tiny("biorex"))
    assert (chosen.train.num_rows, chosen.development.num_rows) == (129_852, 6_659)
    assert rows_to_test(real_union, "biored/test").num_rows == 7_597
    assert chosen.reasons() == {
        "bc5cdr/train": {
            "its document stands in biored/dev": 140,
            "its document stands in biored/test": 131,
        },
        "drugprot/train": {
            "its document stands in biored/dev": 13,
            "its document stands in biored/test": 8,
        },
    }
    assert len(chosen.left_out) == 292


def test_without_other_corpora_nothing_leaks(real_union: Path) -> None:
    chosen = checked(real_union, tiny("original"))
    assert (chosen.train.num_rows, chosen.development.num_rows) == (22_906, 6_659)
    assert chosen.left_out == ()


def test_a_larger_draw_holds_every_smaller_one(real_union: Path) -> None:
    drawn = [
        checked(real_union, tiny("fraction", train_on=["biored"], documents=count)) for count in (100, 200)
    ]
    documents = [keys(chosen.train) for chosen in drawn]
    # BioRED has a few documents without a pair.
    assert [len(found) for found in documents] == [99, 198]
    assert documents[0] < documents[1]
    (reasons,) = drawn[0].reasons().values()
    assert list(reasons) == ["its document is none of the 100 asked for"]
    other = select(real_union, tiny("fraction", train_on=["biored"], seed=1))
    assert keys(other.train) != documents[0]


@pytest.mark.parametrize(("corpus", "rows"), [("aimed", 5_775), ("hprd50", 433)])
def test_ten_folds_test_every_row_once(real_union: Path, corpus: str, rows: int) -> None:
    tested: Counter[str] = Counter()
    watched: Counter[str] = Counter()
    for fold in range(10):
        chosen = checked(real_union, tiny(f"folds-{corpus}", fold=fold))
        assert chosen.rows_in == rows
        assert set(chosen.reasons()[f"{corpus}/train"]) == {TESTED}
        tested.update(row.instance_id for row in chosen.left_out)
        watched.update(ids(chosen.development))
    every = Counter(ids(rows_to_test(real_union, f"{corpus}/train")))
    assert tested == watched == every
    assert set(every.values()) == {1}
    assert sum(every.values()) == rows
    assert ids(rows_to_test(real_union, f"{corpus}/train", 10, 9)) == [
        row.instance_id for row in chosen.left_out
    ]


@pytest.mark.parametrize("ratio", [0.5, 2])
def test_fewer_negatives_are_drawn_in_each_corpus(sample_union: Path, ratio: float) -> None:
    every = select(sample_union, load_recipe("biorex"))
    fewer = select(sample_union, load_recipe("biorex", {"negatives": ratio}))
    again = select(sample_union, load_recipe("biorex", {"negatives": ratio}))
    assert fewer.train.equals(again.train)
    assert fewer.rows_in == every.rows_in
    assert fewer.development.equals(every.development)

    def counts(selection: Selection) -> Counter[tuple[str, bool]]:
        columns = (selection.train[name].to_pylist() for name in ("corpus", "relation"))
        return Counter((corpus, is_negative(label)) for corpus, label in zip(*columns, strict=True))

    before, after = counts(every), counts(fewer)
    for corpus in {corpus for corpus, _ in before}:
        assert after[corpus, False] == before[corpus, False]
        assert after[corpus, True] == min(before[corpus, True], round(ratio * before[corpus, False]))
    reasons = Counter(row.reason for row in fewer.left_out)
    lost = every.train.num_rows - fewer.train.num_rows
    assert reasons[f"a pair without relation beyond {ratio:g} for each one with"] == lost > 0
