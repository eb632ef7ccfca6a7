"""Training on pseudo-labels: which of a file's rows are trained on, and what a file must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pseudo_cases import articles, pseudo_file
from relation_runs import record
from stopped_trainings import Stop, StopAt

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput
from harmonize.prediction.inputs import read_input
from harmonize.prediction.pairs import pair_rules
from harmonize.registry import sample_folder
from harmonize.relation.recipe import Recipe
from harmonize.relation.select.places import LIKE_TESTED, LIKE_WATCHED
from harmonize.relation.select.pseudo import pseudo_schema, read_pseudo
from harmonize.relation.select.pseudo_rows import OWN_LABEL
from harmonize.relation.select.selection import PSEUDO, Selection, select
from harmonize.relation.train.record import rows_hash
from harmonize.relation.train.training import train
from harmonize.relation.train.work_folder import is_done
from harmonize.writing.replace import new_path

Small = Callable[..., Recipe]
BIORED = sample_folder() / "biored"


@pytest.fixture
def new_articles(tmp_path: Path) -> Path:
    path = tmp_path / "new.PubTator"
    path.write_text(articles(range(600, 606)), encoding="utf-8")
    return path


def chosen(union: Path, recipe: Recipe) -> Selection:
    """The rows of a recipe; all of them are accounted for."""
    found = select(union, recipe)
    assert found.rows_in == found.train.num_rows + found.development.num_rows + len(found.left_out)
    assert found.pseudo is not None
    left_out = [row for row in found.left_out if row.part == PSEUDO]
    assert found.pseudo.rows == found.pseudo.trained_on + len(left_out)
    return found


def ids(rows: pa.Table) -> list[str]:
    return list(rows["instance_id"].to_pylist())


@pytest.mark.parametrize("values", [{}, {"negatives": 1}, {"documents": 1}, {"development": None}])
def test_rows_of_the_file_are_trained_on_and_nothing_else_changes(
    sample_union: Path, small_recipe: Small, new_articles: Path, tmp_path: Path, values: dict[str, Any]
) -> None:
    file = tmp_path / "sure.parquet"
    rows = pseudo_file(file, sample_union, new_articles, small_recipe())
    assert rows.num_rows == read_pseudo(file).rows.num_rows > 4
    before = select(sample_union, small_recipe(**values))
    after = chosen(sample_union, small_recipe(**values, pseudo=str(file)))
    assert before.pseudo is None
    assert ids(after.train) == ids(before.train) + ids(rows)
    assert after.train.schema.equals(before.train.schema)
    assert after.development.equals(before.development)
    assert after.left_out == before.left_out
    assert after.train.slice(before.train.num_rows).to_pylist() == [
        {name: row.get(name) for name in before.train.column_names} for row in rows.to_pylist()
    ]
    assert rows_hash(sample_union, after) != rows_hash(sample_union, before)


def test_what_is_tested_watched_or_labelled_by_the_set_is_left_out(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    rules = pair_rules()
    parts = {
        name: list(read_input(BIORED / f"{name}.PubTator", rules=rules)) for name in ("Train", "Dev", "Test")
    }
    tested, watched = parts["Test"][0], parts["Dev"][0]
    documents = [
        *parts["Train"],
        replace(tested, pmid=None, text=f"{tested.text} Another edition."),  # known by its id
        replace(tested, id="by text", pmid=None),
        replace(watched, id="by PMID", text=f"{watched.text} Another edition."),
    ]
    file = tmp_path / "sure.parquet"
    rows = pseudo_file(file, sample_union, documents, small_recipe())
    count = {
        name: rows["document_id"].to_pylist().count(name) for name in set(rows["document_id"].to_pylist())
    }
    found = chosen(sample_union, small_recipe(pseudo=str(file)))
    assert found.pseudo is not None
    assert found.pseudo.trained_on == 0
    assert found.reasons()[PSEUDO] == {
        LIKE_TESTED: count[tested.id] + count["by text"],
        LIKE_WATCHED: count["by PMID"],
        OWN_LABEL: sum(count[document.id] for document in parts["Train"]),
    }
    # What is not watched leaks into the corpus' development part even so.
    unwatched = chosen(sample_union, small_recipe(pseudo=str(file), development=None))
    assert unwatched.reasons()[PSEUDO]["its document stands in biored/dev"] == count["by PMID"]
    # For another target they are as good as any other document, but for what it repeats itself.
    other = {
        "train_on": ["hprd50"],
        "evaluate_on": "hprd50/train",
        "folds": 2,
        "fold": 0,
        "development": None,
    }
    assert chosen(sample_union, small_recipe(pseudo=str(file), **other)).train.num_rows > rows.num_rows


def test_no_student_is_tested_on_what_a_teacher_learnt(
    sample_union: Path, small_recipe: Small, new_articles: Path, tmp_path: Path
) -> None:
    folds = {"train_on": ["hprd50"], "evaluate_on": "hprd50/train", "folds": 2, "development": None}
    own = small_recipe(**folds, fold=0)
    file = str(tmp_path / "sure.parquet")
    for teacher in (
        small_recipe(**folds, fold=1),
        small_recipe("biorex"),
        small_recipe("biorex", train_on=["biored"], first={"train_on": ["others"]}),
    ):
        pseudo_file(Path(file), sample_union, new_articles, teacher)
        with pytest.raises(
            HarmonizeError, match="expected labels of models that never saw what is tested"
        ) as error:
            select(sample_union, own.with_values({"pseudo": file}))
        assert "\n" not in str(error.value)
    for teacher in (own, small_recipe()):
        pseudo_file(Path(file), sample_union, new_articles, teacher)
        assert chosen(sample_union, own.with_values({"pseudo": file})).pseudo
    # What a model held out of another set cannot be known.
    pseudo_file(Path(file), sample_union, new_articles, own, manifest="of another")
    with pytest.raises(HarmonizeError, match="that never saw what is tested"):
        select(sample_union, own.with_values({"pseudo": file}))


def test_what_is_no_such_file_is_one_line(
    sample_union: Path, small_recipe: Small, new_articles: Path, tmp_path: Path
) -> None:
    file = tmp_path / "sure.parquet"
    rows = pseudo_file(file, sample_union, new_articles, small_recipe())
    whole = file.read_bytes()

    def refused(error: type[HarmonizeError], message: str) -> None:
        out = tmp_path / "runs" / "run"
        with pytest.raises(error, match=message) as found:
            train(sample_union, small_recipe(pseudo=str(file)), out, device="cpu")
        assert str(file) in str(found.value)
        assert "\n" not in str(found.value)
        assert not out.parent.exists()

    file.unlink()
    refused(MissingInput, "expected a file of `harmonize pseudo-label`, found no file")
    for content in (b"", b"text", whole[:-100]):
        file.write_bytes(content)
        refused(MalformedInput, "expected a file of `harmonize pseudo-label`, got: ")
    pq.write_table(rows.drop_columns("confidence"), file)
    refused(MalformedInput, "got a table with other columns")
    pq.write_table(rows.replace_schema_metadata(None), file)
    refused(MalformedInput, "its metadata are not: ")
    pseudo_file(file, sample_union, new_articles, small_recipe(), models=[])
    refused(MalformedInput, "its metadata are not: models")
    pseudo_file(file, sample_union, new_articles, small_recipe(), pairs={"out": 1})
    refused(MalformedInput, "with 1 rows, as its metadata say, got ")
    pseudo_file(file, sample_union, new_articles, small_recipe(), labels="source")
    refused(HarmonizeError, r"expected labels of the recipe's kind \(harmonized\)")


def test_a_file_without_rows_changes_nothing(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    file = tmp_path / "sure.parquet"
    rows = pseudo_file(file, sample_union, [], small_recipe())
    assert rows.schema.equals(pseudo_schema())
    found = chosen(sample_union, small_recipe(pseudo=str(file)))
    assert found.train.num_rows == select(sample_union, small_recipe()).train.num_rows


def test_a_run_tells_what_it_was_trained_on_and_notices_another_file(
    sample_union: Path, small_recipe: Small, new_articles: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "sure.parquet", tmp_path / "run"
    rows = pseudo_file(file, sample_union, new_articles, small_recipe())
    recipe = small_recipe(pseudo=str(file), epochs=0.2, development=None, evaluate_every=2)
    with pytest.raises(Stop):
        train(sample_union, recipe, out, device="cpu", callbacks=[StopAt(3)])
    first = file.read_bytes()
    new_articles.write_text(articles(range(600, 607)), encoding="utf-8")
    pseudo_file(file, sample_union, new_articles, small_recipe())
    with pytest.raises(HarmonizeError, match="a training on other pseudo-labels was stopped here") as error:
        train(sample_union, recipe, out, device="cpu")
    assert "--fresh" in str(error.value)
    file.write_bytes(first)
    train(sample_union, recipe, out, device="cpu")
    said = record(out)
    assert said["pseudo"]["rows"] == said["pseudo"]["trained_on"] == rows.num_rows
    assert said["pseudo"]["sha256"] == read_pseudo(file).sha256
    assert said["rows"]["train"] == select(sample_union, small_recipe()).train.num_rows + rows.num_rows
    assert f"Of the rows trained on {rows.num_rows:,} are pseudo-labels" in (out / "README.md").read_text(
        "utf-8"
    )
    assert not (out / "pseudo.sha256").exists()
    assert is_done(out, sample_union, recipe)
    # The finished run too is of this very file.
    pseudo_file(file, sample_union, new_articles, small_recipe())
    assert not is_done(out, sample_union, recipe)


def test_a_file_takes_its_place_when_it_is_whole(
    sample_union: Path, small_recipe: Small, new_articles: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out" / "sure.parquet"
    file.parent.mkdir()
    file.write_bytes(b"older")
    text = new_articles.read_text(encoding="utf-8")
    new_articles.write_text(text + text.replace("Aspirin, fever", "Iron, fever"), encoding="utf-8")
    with pytest.raises(HarmonizeError), new_path(file) as part:
        pseudo_file(part, sample_union, new_articles, small_recipe())
    assert [path.name for path in file.parent.iterdir()] == ["sure.parquet"]
    assert file.read_bytes() == b"older"
