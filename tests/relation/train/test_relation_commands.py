"""train and evaluate as a user meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from relation_runs import record, working
from typer.testing import CliRunner, Result

from harmonize.pipelines.cli import app
from harmonize.pipelines.train import chosen_recipe
from harmonize.registry import sample_folder
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.relation.select.rows import rows_to_test
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]
SMALL = ("--encoder", "tiny", "--set", "max_length=128", "--set", "batch_size=8")


def run(*arguments: str | Path, cwd: Path | None = None, code: int = 0) -> Result:
    with chdir(cwd or Path()):
        done = CliRunner().invoke(
            app, [str(each) for each in arguments], env={"COLUMNS": "140"}, catch_exceptions=False
        )
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def other_run(sample_union: Path, small_recipe: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = small_recipe(epochs=0.1, seed=1, development=None)
    return train(sample_union, recipe, tmp_path_factory.mktemp("other") / "other", device="cpu")


@pytest.fixture
def own_run(small_run: Path, tmp_path: Path) -> Path:
    """A copy of the shared run, to be written into."""
    return Path(shutil.copytree(small_run, tmp_path / "run"))


@pytest.mark.parametrize("name", ["biorex", "multi-task", "folds-aimed"])
def test_show_prints_the_recipe_and_trains_nothing(tmp_path: Path, name: str) -> None:
    options = ["--recipe", name, "--seed", "7", "--epochs", "2", "--set", "accumulate=4"]
    done = run("train", *options, "--show", cwd=tmp_path)
    expected = chosen_recipe(name, {"seed": 7, "epochs": 2.0}, ["accumulate=4"])
    assert done.stdout == expected.as_yaml()
    assert yaml.safe_load(done.stdout)["accumulate"] == 4
    assert not list(tmp_path.iterdir())


def test_train_and_evaluate_one_after_the_other(sample_union: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_union, tmp_path / "artifacts/union")  # where both look unless told
    recipe = ("--recipe", "original", *SMALL, "--epochs", "0.2")
    done = run("train", *recipe, "--out", "artifacts/run", "--device", "cpu", cwd=tmp_path)
    assert done.stdout == "trained: artifacts/run\n"
    assert "development pair F" in done.stderr
    assert load_recipe(tmp_path / "artifacts/run/recipe.yaml").encoder == "tiny"
    again = run("train", *recipe, "--out", "artifacts/run", "--device", "cpu", cwd=tmp_path)
    assert (again.stdout, again.stderr) == (done.stdout, "")
    done = run("evaluate", "--model", "artifacts/run", "--on", "biored/test", cwd=tmp_path)
    assert "typed" in done.stdout.lower()
    assert "None yet" not in (tmp_path / "artifacts/run/README.md").read_text(encoding="utf-8")


def test_evaluate_keeps_what_it_finds(own_run: Path, sample_union: Path) -> None:
    run("evaluate", "--model", own_run, "--union", sample_union, "--on", "biored/test")
    folder = own_run / "evaluation/biored-test"
    predictions = pq.read_table(folder / "predictions.parquet")
    assert predictions.num_rows == rows_to_test(sample_union, "biored/test").num_rows
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert found["measure"] == "all"
    card = (own_run / "README.md").read_text(encoding="utf-8")
    assert "| biored-test | all |" in card
    # The scores of several parts and measures stand beside each other.
    run("evaluate", "--model", own_run, "--union", sample_union, "--on", "biored/test", "--measure", "biorex")
    card = (own_run / "README.md").read_text(encoding="utf-8")
    for row in ("| biored-test | all |", "| biored-test-biorex | biorex |"):
        assert row in card
    assert {path.name for path in (own_run / "evaluation").iterdir()} == {
        *("biored-test", "biored-test-biorex")
    }


def test_evaluate_against_another_run(own_run: Path, other_run: Path, sample_union: Path) -> None:
    options = ("--union", sample_union, "--on", "biored/test", "--against", other_run)
    done = run("evaluate", "--model", own_run, *options)
    folder = own_run / "evaluation/biored-test"
    assert (folder / "comparison.md").read_text(encoding="utf-8").strip() in done.stdout
    assert "other" in done.stdout
    assert json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert not (other_run / "evaluation").exists()


def test_folds_are_trained_and_pooled(sample_union: Path, tmp_path: Path) -> None:
    options = ("--recipe", "folds-hprd50", *SMALL, "--epochs", "0.1", "--set", "folds=2")
    # Two folds leave none to train on where the next one is watched.
    out = tmp_path / "runs"
    train_all = ("train", "--union", sample_union, *options, "--set", "development=null", "--out", out)
    done = run(*train_all, "--device", "cpu")
    assert done.stdout == f"trained: {out}/fold-0\ntrained: {out}/fold-1\n"
    assert [record(out / f"fold-{fold}")["rows"]["left_out"] != {} for fold in (0, 1)] == [True, True]
    done = run("evaluate", "--model", out, "--union", sample_union, "--on", "hprd50/train")
    folder = out / "evaluation/hprd50-train"
    rows = rows_to_test(sample_union, "hprd50/train")
    predicted = pq.read_table(folder / "predictions.parquet")["instance_id"].to_pylist()
    assert sorted(predicted) == sorted(rows["instance_id"].to_pylist())
    assert json.loads((folder / "folds.json").read_text(encoding="utf-8"))
    assert not working(out / "fold-0").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--union", "nowhere", *SMALL], "nowhere/manifest.json: expected a union set"),
        (["train", "--recipe", "nowhere"], "unknown recipe 'nowhere': expected one of biorex"),
        (["train", "--recipe", "mine.yaml"], "mine.yaml: expected a recipe in YAML, found no file"),
        (["train", "--set", "seed"], "--set: expected NAME=VALUE, got 'seed'"),
        (["train", "--set", "nope=1"], "biorex: nope: expected a known name"),
        (["train", "--epochs", "-1"], "biorex: epochs: expected a number above 0, got "),
        (["train", "--seed", "-1"], "biorex: seed: "),
        (["train", "--evaluate-on", "biored"], "evaluate_on: expected CORPUS/train|dev|test, got 'biored'"),
        (["train", *SMALL, "--train-on", "nine"], "unknown corpus of the set in train_on 'nine'"),
        (["train", *SMALL, "--evaluate-on", "nine/test"], "unknown corpus of the set in evaluate_on 'nine'"),
        (["train", *SMALL, "--train-on", "aimed/test"], "expected rows to train on, none is left"),
        (["train", *SMALL, "--device", "gpu"], "device: expected auto, cpu or cuda, got 'gpu'"),
        (["train", "--encoder", "./nowhere"], "encoder ./nowhere: expected the folder of a model"),
        (["train", "--encoder", "/a/nowhere"], "encoder /a/nowhere: expected the folder of a model"),
        (["train", "--encoder", "/"], "encoder /: expected the folder of a model (config.json, "),
        (["train", "--encoder", "minlm"], "one of minilm, mpnet, tiny; did you mean minilm?"),
        (["train", *SMALL, "--set", "folds=99"], "biored: expected 2 to "),
    ],
)
def test_faults_of_train_are_one_line_and_leave_nothing(
    sample_union: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    union = [] if "--union" in arguments else ["--union", str(sample_union)]
    done = run(*arguments, *union, "--out", "run", cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere", "--on", "biored/test"], "nowhere: expected a run of `harmonize train`"),
        (["--on", "biored"], "--on: expected CORPUS/train|dev|test, got 'biored'"),
        (["--on", "biored/tset"], "--on: expected CORPUS/train|dev|test, got 'biored/tset'"),
        (["--on", "nine/test"], "unknown corpus of the set 'nine'"),
        (["--on", "aimed/test"], "aimed/test: expected rows to test, the set has none"),
        (["--on", "biored/test", "--union", "nowhere"], "nowhere/manifest.json: expected a union set"),
        (["--on", "biored/test", "--device", "gpu"], "device: expected auto, cpu or cuda, got 'gpu'"),
        (["--on", "biored/test", "--measure", "mine"], "unknown measure 'mine': expected one of all, biorex"),
        (["--on", "biored/test", "--against", "nowhere"], "nowhere: expected a run of `harmonize train`"),
    ],
)
def test_faults_of_evaluate_are_one_line_and_leave_nothing(
    own_run: Path, sample_union: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    for name, default in (("--model", own_run), ("--union", sample_union)):
        if name not in arguments:
            arguments = [*arguments, name, str(default)]
    card = (own_run / "README.md").read_bytes()
    done = run("evaluate", *arguments, cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list((own_run / "evaluation").glob("*"))
    assert (own_run / "README.md").read_bytes() == card


@pytest.mark.parametrize("form", ["PubTator", "BioC.XML", "BioC.JSON"])
def test_prediction_says_what_evaluation_scored(
    own_run: Path, sample_union: Path, tmp_path: Path, form: str
) -> None:
    """The pairs of the file itself, and the set's rows of it: one answer."""
    run("evaluate", "--model", own_run, "--union", sample_union, "--on", "biored/test")
    scored = pq.read_table(own_run / "evaluation/biored-test/predictions.parquet").to_pylist()
    out = tmp_path / "relations.parquet"
    run("predict", sample_folder() / f"biored/Test.{form}", "--model", own_run, "--out", out)
    found = {row["instance_id"]: row for row in pq.read_table(out).to_pylist()}
    assert len(found) == len(scored) > 40
    for row in scored:
        again = found[row["instance_id"]]
        assert again["label"] == row["label"]
        assert list(again["probabilities"].values()) == pytest.approx(row["probabilities"], abs=1e-5)


def test_a_folder_without_a_run_is_told_before_torch_is_imported(sample_union: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from harmonize.errors import MissingInput\n"
        "from harmonize.pipelines.evaluate import evaluated\n"
        "model, union = map(Path, sys.argv[1:])\n"
        "try: evaluated(model, union, 'biored/test', None, 'all', 'auto')\n"
        "except MissingInput as error: print(error)\n"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(sample_union)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = f"{tmp_path}: expected a run of `harmonize train`, found no training.json"
    assert done.stdout.splitlines() == [told, "False"]
