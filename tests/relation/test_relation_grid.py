"""Grids of recipes: what a file says, and `harmonize compare` as a user meets it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from relation_runs import record
from stopped_trainings import weights
from typer.testing import CliRunner, Result

from harmonize.errors import HarmonizeError, SpecError
from harmonize.evaluation.evaluate import evaluate
from harmonize.pipelines.cli import app
from harmonize.relation.grid import load_grid
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import rows_to_test
from harmonize.writing.alone import alone_in

SMALL = {"encoder": "tiny", "max_length": 128, "batch_size": 8, "epochs": 0.3, "learning_rate": 1e-3}


def written(path: Path, **content: object) -> Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def test_every_combination_fold_by_fold(tmp_path: Path) -> None:
    grid = load_grid(
        written(
            tmp_path / "grid.yaml",
            recipe="folds-aimed",
            values={"encoder": "minilm"},
            vary={"input": ["prompt", "markers"], "head": ["cls", "mean"]},
            where=[{"head": "mean", "then": {"learning_rate": 3e-4}}],
            folds=[0, 3],
            seeds=[0, 1],
            against={"input": "markers", "head": "cls"},
        )
    )
    assert grid.systems == ("prompt cls", "prompt mean", "markers cls", "markers mean")
    assert grid.against == "markers cls"
    assert grid.rank_by == "pairs"
    assert len(grid.cells) == 4 * 2 * 2
    assert [(cell.seed, cell.fold) for cell in grid.cells[::4]] == [(0, 0), (0, 3), (1, 0), (1, 3)]
    assert [cell.folder for cell in grid.cells[:2]] == [
        "prompt-cls/seed-0/fold-0",
        "prompt-mean/seed-0/fold-0",
    ]
    mean = grid.cells[1].recipe
    assert (mean.head, mean.learning_rate, mean.fold, mean.seed) == ("mean", 3e-4, 0, 0)
    own = load_recipe("folds-aimed", {"encoder": "minilm", "head": "cls"})
    assert grid.cells[0].recipe.learning_rate == own.learning_rate != 3e-4


def test_a_list_has_the_combinations_of_each_entry(tmp_path: Path) -> None:
    vary = [
        {"input": ["plain", "two_masked"], "head": ["cls"]},
        {"input": ["two_masked"], "head": ["entities", "cls+entities"]},
    ]
    grid = load_grid(written(tmp_path / "grid.yaml", recipe="original", vary=vary))
    assert grid.systems == ("plain cls", "two_masked cls", "two_masked entities", "two_masked cls+entities")
    assert grid.against == "plain cls"


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[2].glob("*/grids/*.yaml")), ids=lambda path: path.stem
)
def test_every_grid_of_the_repository_can_be(path: Path) -> None:
    assert load_grid(path).cells


def test_all_folds_unless_some_are_named(tmp_path: Path) -> None:
    grid = load_grid(written(tmp_path / "grid.yaml", recipe="folds-hprd50", vary={"head": ["cls"]}))
    assert [cell.fold for cell in grid.cells] == list(range(10))
    assert grid.against == "cls"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"vary": {}}, "vary.0: expected at least 1 entry, got {}"),
        ({"vary": []}, "vary: expected at least 1 entry, got []"),
        ({"vary": {"head": []}}, "vary.0.head: expected at least 1 entry, got []"),
        ({"vary": [{"head": ["cls"]}, {"head": ["mean", "cls"]}]}, "vary: expected each combination once"),
        ({"vary": {"head": ["cls", "cls"]}}, "vary: expected each combination once"),
        (
            {"vary": {"encoder": ["no/one", "no_one"]}},
            "vary: expected systems with folders of their own, got no/one and no_one",
        ),
        ({"vary": {"head": ["crown"]}}, "head: expected 'cls'"),
        ({"folds": [1]}, "folds: expected a recipe with folds"),
        ({"recipe": "folds-aimed", "folds": [10]}, "folds: expected numbers from 0 to 9"),
        ({"against": {"head": "mean"}}, "against: expected the values of one system, 0 have them"),
        ({"where": [{"head": "cls"}]}, "where.0.then: expected names and values"),
        ({"vary": {"labels": ["harmonized", "source"]}}, "labels: expected the same in all systems"),
        ({"rank_by": "speed"}, "rank_by: expected 'pairs' or 'types'"),
        ({"speed": 1}, "speed: expected a known name, such as seeds"),
        ({"seeds": [-1]}, "seeds.0: expected a number of at least 0, got "),
        ({"seeds": [0, 0]}, "seeds: expected each number once"),
        ({"recipe": "folds-aimed", "folds": [1, 1]}, "folds: expected each number once"),
        ({"vary": {"seed": [1, 2]}}, "seed: expected `seeds` of the grid instead of a value of the recipe"),
        ({"values": {"fold": 3}}, "fold: expected `folds` of the grid instead of a value of the recipe"),
        ({"where": [{"hed": "cls", "then": {"epochs": 3}}]}, "where.0: expected a system with these in its"),
        (
            {"where": [{"head": "mean", "then": {"epochs": 3}}]},
            "where.0: expected a system with these in its",
        ),
        ({"vary": {"head": ["combination"]}}, "head: expected heads that classify pairs, not combination"),
    ],
)
def test_a_fault_is_one_line_with_its_key(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    path = written(tmp_path / "grid.yaml", **{"recipe": "original", "vary": {"head": ["cls"]}, **change})
    with pytest.raises(HarmonizeError) as error:
        load_grid(path)
    assert str(error.value).startswith(f"{path}: ")
    assert fault in str(error.value)
    assert "\n" not in str(error.value)


def test_a_rule_may_follow_from_another_one(tmp_path: Path) -> None:
    path = written(
        tmp_path / "grid.yaml",
        recipe="original",
        vary={"input": ["prompt", "markers"]},
        where=[
            {"input": "markers", "then": {"head": "mean"}},
            {"head": "mean", "then": {"epochs": 3}},
        ],
    )
    assert [cell.recipe.epochs == 3 for cell in load_grid(path).cells] == [False, True]


def test_a_list_is_no_grid(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(SpecError, match="grid: expected names and values"):
        load_grid(path)


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text("recipe: original\nvary: [", encoding="utf-8")
    with pytest.raises(SpecError, match="line "):
        load_grid(path)


def compared(grid: Path, union: Path, out: Path, code: int = 0) -> Result:
    arguments = ["compare", grid, "--union", union, "--out", out, "--device", "cpu"]
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


NEEDED = {"tested.parquet", "training.json", "recipe.yaml"}


def reduced(run: Path) -> None:
    """Leave of a run what a table needs."""
    for path in run.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in NEEDED:
            path.unlink()


def test_a_grid_is_trained_once_and_grows(sample_union: Path, tmp_path: Path) -> None:
    grid, out = tmp_path / "grid.yaml", tmp_path / "out"
    content = {"recipe": "original", "values": SMALL, "vary": {"head": ["cls", "mean"]}}
    done = compared(written(grid, **content), sample_union, out)
    runs = {head: out / f"runs/{head}/seed-0" for head in ("cls", "mean")}
    before = weights(runs["mean"])
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    gold = rows_to_test(sample_union, "biored/test")
    for one in found["systems"]:
        alone = evaluate(gold, pq.read_table(runs[one["name"]] / "tested.parquet")).all.overall
        assert one["f1"]["value"] == alone.binary.f1.value
    assert found["recipes"]["mean"]["head"] == "mean"
    assert done.stdout == (out / "results.md").read_text(encoding="utf-8")
    assert (out / "results.svg").is_file()

    content |= {"vary": {"head": ["cls", "mean", "entities"]}, "rank_by": "types"}
    written(grid, **content)
    (runs["mean"] / "tested.parquet").unlink()
    reduced(runs["cls"])
    compared(grid, sample_union, out)
    assert weights(runs["mean"]) == before
    assert {path.name for path in runs["cls"].iterdir()} == NEEDED
    again = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert {one["name"] for one in again["systems"]} == {"cls", "mean", "entities"}
    assert (found["rank_by"], again["rank_by"]) == ("pairs", "types")
    kept = {one["name"]: one for one in again["systems"]}
    for head in ("cls", "mean"):
        assert kept[head]["f1"] == next(one["f1"] for one in found["systems"] if one["name"] == head)


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", "label\tF".encode("utf-16")])
def test_broken_predictions_are_one_line_with_their_file(
    sample_union: Path, tmp_path: Path, content: bytes
) -> None:
    grid, out = tmp_path / "grid.yaml", tmp_path / "out"
    written(grid, recipe="original", values=SMALL, vary={"head": ["logistic"]})
    compared(grid, sample_union, out)
    tested = out / "runs/logistic/seed-0/tested.parquet"
    tested.write_bytes(content)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    done = compared(grid, sample_union, out, code=2)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert f"{tested}: expected predictions in Parquet" in line
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_run_with_an_unreadable_recipe_is_another_run(sample_union: Path, tmp_path: Path) -> None:
    grid, out = tmp_path / "grid.yaml", tmp_path / "out"
    written(grid, recipe="original", values=SMALL, vary={"head": ["logistic"]})
    compared(grid, sample_union, out)
    recipe = out / "runs/logistic/seed-0/recipe.yaml"
    before = recipe.read_bytes()
    recipe.write_bytes("recipe".encode("utf-16"))
    compared(grid, sample_union, out)
    assert recipe.read_bytes() == before


def test_what_another_process_trains_is_left_to_it(
    sample_union: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    grid = written(tmp_path / "grid.yaml", recipe="original", values=SMALL, vary={"head": ["cls", "mean"]})
    work = tmp_path / "out/runs/mean/.seed-0.training"
    with alone_in(work, "training"):
        done = compared(grid, sample_union, tmp_path / "out")
    assert "Not complete, and so not in the table (trainings missing): mean (1)." in done.stdout
    assert record(tmp_path / "out/runs/cls/seed-0")["steps"] > 0
    assert not (tmp_path / "out/runs/mean/seed-0").exists()
    done = compared(grid, sample_union, tmp_path / "out")
    assert "Not complete" not in done.stdout


@pytest.mark.parametrize("read", [load_grid, load_recipe])
def test_a_key_that_stands_twice_names_its_lines(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("recipe: original\nseed: 0\nseed: 1\n", encoding="utf-8")
    with pytest.raises(SpecError) as error:
        read(path)
    assert str(error.value) == f"{path}: line 3: expected each key once, got seed: it stands in line 2 too"
