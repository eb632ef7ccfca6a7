"""Training once more on the development part too, with what a run chose on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from relation_runs import record
from stopped_trainings import weights
from typer.testing import CliRunner, Result

from harmonize.pipelines.cli import app
from harmonize.relation.recipe import Recipe, load_recipe, stages
from harmonize.relation.select.rows import rows_of
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]


@pytest.fixture(scope="module")
def tuned(sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose threshold was chosen on BioRED's development part."""
    recipe = small_recipe(threshold="development", patience=None)
    return train(sample_union, recipe, tmp_path_factory.mktemp("tuned") / "run", device="cpu")


def run(*arguments: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def refitted(run_: Path, *more: str) -> Recipe:
    shown = run("train", "--refit", run_, "--out", run_.with_name("again"), *more, "--show").stdout
    return Recipe.model_validate(yaml.safe_load(shown))


def test_its_recipe_is_the_runs_with_what_it_chose(tuned: Path) -> None:
    found, before = record(tuned), load_recipe(tuned / "recipe.yaml")
    best = next(each for each in found["evaluations"] if each["step"] == found["best"]["step"])
    assert refitted(tuned) == before.with_values(
        {
            "train_on": ("biored", "biored/dev"),
            "development": None,
            "epochs": best["epoch"],
            "threshold": best["shift"],
        }
    )


def test_the_command_line_has_the_last_word(tuned: Path) -> None:
    recipe = refitted(tuned, "--seed", "3", "--epochs", "0.5", "--set", "threshold=-1")
    assert (recipe.seed, recipe.epochs, recipe.threshold) == (3, 0.5, -1.0)
    assert recipe.development is None


def test_a_run_that_did_not_choose_a_threshold_keeps_its_own(small_run: Path) -> None:
    assert refitted(small_run).threshold == "even"


def test_it_reads_both_parts_and_watches_none(tuned: Path, sample_union: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    run(
        "train", "--refit", tuned, "--union", sample_union, "--out", out, "--epochs", "0.2", "--device", "cpu"
    )
    rows = rows_of(sample_union, [("biored", "train"), ("biored", "dev")])
    found = record(out)["rows"]
    assert found["in"] == rows.num_rows == found["train"] + sum(found["left_out"].get("biored", {}).values())
    assert found["development"] == 0
    assert found["train"] >= record(tuned)["rows"]["train"] + record(tuned)["rows"]["development"]
    assert not any("biored/dev" in reason for reason in found["left_out"].get("biored", {}))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"development": None}, "expected a run with a development part, got development null"),
        ({"documents": 1}, "expected a run on all documents, got one on 1 of them"),
        ({"head": "logistic"}, "expected a run scored after each epoch, got head logistic"),
    ],
)
def test_a_run_that_chose_nothing_is_one_line(
    values: dict[str, object], said: str, sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    trained = train(sample_union, small_recipe(epochs=0.1, **values), tmp_path / "run", device="cpu")
    done = run("train", "--refit", trained, "--out", tmp_path / "again", code=2)
    assert done.stderr.splitlines() == [f"error: {trained}: {said}"]


def test_a_first_stage_is_trained_as_it_was(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    """It stops and cuts where it did, not where the second one does."""
    recipe = small_recipe("transfer", threshold="development", epochs=0.2)
    before = train(sample_union, recipe, tmp_path / "run", device="cpu")
    again = refitted(before)
    first, second = stages(again)
    assert first == stages(recipe)[0]
    assert (second.development, second.train_on) == (None, ("biored", "biored/dev"))


def test_a_first_stage_is_not_trained_twice(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    """It would be the same to the bit; of other values it is another one."""
    before = train(sample_union, small_recipe("transfer", epochs=0.2), tmp_path / "run", device="cpu")
    kept = (before / "first" / "training.json").read_bytes()
    command = ("train", "--refit", before, "--union", sample_union, "--device", "cpu")
    again, other = tmp_path / "again", tmp_path / "other"
    run(*command, "--out", again)
    run(*command, "--out", other, "--seed", "3")
    assert (again / "first" / "training.json").read_bytes() == kept  # with the time that it took
    assert weights(again / "first") == weights(before / "first") != weights(again)
    assert (other / "first" / "training.json").read_bytes() != kept
    assert weights(other / "first") != weights(before / "first")
    assert not [path for path in again.iterdir() if path.suffix == ".part"]
    (before / "first" / "gone").symlink_to("nowhere")
    third = tmp_path / "third"
    (line,) = run(*command, "--out", third, code=2).stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / '.third.training' / 'first.part' / 'gone'}: [Errno 2]")
    assert not third.exists()


def test_neither_the_run_nor_another_set_is_taken(tuned: Path, sample_union: Path, tmp_path: Path) -> None:
    done = run("train", "--refit", tuned, "--union", sample_union, "--out", tuned, code=2)
    assert done.stderr == f"error: --out {tuned}: expected another folder than the run's\n"
    other = Path(shutil.copytree(sample_union, tmp_path / "union"))
    manifest = other / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    done = run("train", "--refit", tuned, "--union", other, "--out", tmp_path / "again", code=2)
    assert done.stderr == f"error: {other}: expected the set that {tuned} was trained on, got another\n"


def test_a_recipe_and_a_run_are_one_too_many(tuned: Path, tmp_path: Path) -> None:
    done = run("train", "--refit", tuned, "--recipe", "original", "--out", tmp_path / "again", code=2)
    assert done.stderr.splitlines() == ["error: expected --recipe or --refit, and one of them only"]


def test_no_run_is_one_line(tmp_path: Path) -> None:
    done = run("train", "--refit", tmp_path, "--out", tmp_path / "again", code=2)
    assert done.stderr.splitlines() == [
        f"error: {tmp_path}: expected a run of `harmonize train`, found no training.json"
    ]
