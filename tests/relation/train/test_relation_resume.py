"""A training that was stopped goes on to the same weights."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from relation_runs import record, stopped_and_resumed, working
from stopped_trainings import Stop, StopAt, weights

from harmonize.errors import HarmonizeError
from harmonize.relation.recipe import Recipe
from harmonize.relation.train.training import train
from harmonize.writing.alone import alone_in

Small = Callable[..., Recipe]
pytestmark = pytest.mark.xdist_group("resume")  # they share their runs


def test_stopped_after_a_checkpoint_in_an_epoch_and_before_any(
    small_run: Path, small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    """Before any checkpoint it begins anew; 12 steps are an epoch and a checkpoint."""
    stops = StopAt(3), StopAt(saved=12), StopAt(17)
    run, steps = stopped_and_resumed(sample_union, small_recipe(), tmp_path / "run", *stops)
    assert steps == [3, 12, 5, 12]
    assert weights(run) == weights(small_run)
    whole, resumed = record(small_run), record(run)
    for key in ("rows", "inputs", "steps", "best", "evaluations"):
        assert resumed[key] == whole[key], key
    assert not list(run.rglob("checkpoint*"))


def test_stopped_between_checkpoints_within_an_epoch(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    """With batches summed, and evaluations that do not fall on the end of an epoch."""
    recipe = small_recipe(epochs=1.5, batch_size=4, accumulate=2, evaluate_every=5, patience=None)
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    stops = StopAt(7), StopAt(17)
    run, steps = stopped_and_resumed(sample_union, recipe, tmp_path / "run", *stops)
    assert steps == [7, 12, 3]
    assert weights(run) == weights(whole)
    assert record(run)["evaluations"] == record(whole)["evaluations"]


@pytest.fixture(scope="module")
def impatient(
    small_recipe: Small, sample_union: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Recipe, Path]:
    """A recipe whose score never rises after the first evaluation, and its run, stopped early."""
    recipe = small_recipe(epochs=4, evaluate_every=4, patience=3, learning_rate=1e-6)
    run = train(sample_union, recipe, tmp_path_factory.mktemp("impatient") / "run", device="cpu")
    found = record(run)
    assert len(found["evaluations"]) == found["steps"] / 4 == 4
    return recipe, run


@pytest.mark.parametrize("stop", [{"step": 10}, {"saved": 12}, {"saved": 16}])
def test_patience_goes_on_where_it_was(
    impatient: tuple[Recipe, Path], sample_union: Path, tmp_path: Path, stop: dict[str, int]
) -> None:
    recipe, whole = impatient
    run, _ = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(**stop))
    assert record(run)["evaluations"] == record(whole)["evaluations"]
    assert record(run)["steps"] == record(whole)["steps"]
    assert weights(run) == weights(whole)


def stopped_at_the_end(impatient: tuple[Recipe, Path], union: Path, out: Path) -> None:
    """A run that was stopped after its last checkpoint, its best weights those of an earlier one."""
    recipe, whole = impatient
    assert record(whole)["best"]["step"] == 4
    with pytest.raises(Stop):
        train(union, recipe, out, device="cpu", callbacks=[StopAt(saved=16)])


def test_the_best_weights_are_found_from_another_folder(
    impatient: tuple[Recipe, Path], sample_union: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, whole = impatient
    monkeypatch.chdir(tmp_path)
    stopped_at_the_end(impatient, sample_union, Path("run"))
    monkeypatch.chdir("/")
    run = train(sample_union, recipe, tmp_path / "run", device="cpu")
    assert weights(run) == weights(whole)


def test_a_run_whose_best_weights_are_lost_is_none(
    impatient: tuple[Recipe, Path], sample_union: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    stopped_at_the_end(impatient, sample_union, out)
    shutil.rmtree(working(out) / "checkpoints/checkpoint-4")
    with pytest.raises(HarmonizeError, match="checkpoint-4: expected the best weights so far") as error:
        train(sample_union, impatient[0], out, device="cpu")
    assert "\n" not in str(error.value)
    assert not out.exists()


@pytest.mark.parametrize("values", [{"evaluate_every": 3}, {"development": None}])
def test_stopped_after_its_last_step_it_takes_no_other(
    small_recipe: Small, sample_union: Path, tmp_path: Path, values: dict[str, Any]
) -> None:
    recipe = small_recipe(epochs=0.5, **values)
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    run, steps = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(saved=6))
    assert steps == [6, 0]
    assert weights(run) == weights(whole)
    for key in ("steps", "best", "evaluations", "losses"):
        assert record(run)[key] == record(whole)[key], key


def test_a_checkpoint_that_was_cut_off_is_not_gone_on_from(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    out, recipe = tmp_path / "run", small_recipe(epochs=0.5, evaluate_every=3)
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    with pytest.raises(Stop):
        train(sample_union, recipe, out, device="cpu", callbacks=[StopAt(saved=6)])
    checkpoint = working(out) / "checkpoints/checkpoint-6"
    (checkpoint / "trainer_state.json").unlink()
    (checkpoint / "model.safetensors").write_bytes(b"cut off")
    run, steps = stopped_and_resumed(sample_union, recipe, out)
    assert steps == [3]
    assert weights(run) == weights(whole)


def test_transfer_does_not_repeat_its_first_stage(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    recipe = small_recipe("transfer", epochs=0.5, first={"train_on": ["hprd50"], "development": None})
    whole = train(sample_union, recipe, tmp_path / "whole", device="cpu")
    first = record(whole / "first")["steps"]
    run, steps = stopped_and_resumed(sample_union, recipe, tmp_path / "run", StopAt(saved=first), StopAt(5))
    assert steps[0] == first
    # The second attempt finds the first stage's last checkpoint, the third its run.
    assert weights(run) == weights(whole)
    assert weights(run / "first") == weights(whole / "first")


@pytest.fixture
def stopped(small_recipe: Small, sample_union: Path, tmp_path: Path) -> Path:
    """Where a run would be, had it not been stopped after a checkpoint."""
    out = tmp_path / "run"
    recipe = small_recipe(epochs=0.5, evaluate_every=2)
    with pytest.raises(Stop):
        train(sample_union, recipe, out, device="cpu", callbacks=[StopAt(3)])
    return out


def test_another_recipe_does_not_go_on(stopped: Path, small_recipe: Small, sample_union: Path) -> None:
    with pytest.raises(HarmonizeError, match="a training of another recipe was stopped here") as error:
        train(sample_union, small_recipe(epochs=0.5, evaluate_every=3), stopped, device="cpu")
    assert "--fresh" in str(error.value)
    assert "\n" not in str(error.value)
    assert (working(stopped) / "checkpoints/checkpoint-2").is_dir()


def test_another_set_does_not_go_on(
    stopped: Path, small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    other = tmp_path / "union"
    shutil.copytree(sample_union, other)
    manifest = other / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(HarmonizeError, match="a training on another set was stopped here"):
        train(other, small_recipe(epochs=0.5, evaluate_every=2), stopped, device="cpu")


def test_fresh_begins_anew(stopped: Path, small_recipe: Small, sample_union: Path) -> None:
    noted = StopAt()
    recipe = small_recipe(epochs=0.5, evaluate_every=3)
    run = train(sample_union, recipe, stopped, device="cpu", fresh=True, callbacks=[noted])
    assert noted.done == 6
    assert [entry["step"] for entry in record(run)["evaluations"]] == [3, 6]
    assert not working(run).exists()


def test_fresh_in_a_further_process_removes_nothing(
    stopped: Path, small_recipe: Small, sample_union: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that torchrun starts, the first may have begun anew by then."""
    monkeypatch.setenv("RANK", "1")
    recipe = small_recipe(epochs=0.5, evaluate_every=2)
    with pytest.raises(Stop):
        train(sample_union, recipe, stopped, device="cpu", fresh=True, callbacks=[StopAt(3)])
    assert (working(stopped) / "checkpoints/checkpoint-2").is_dir()


def test_a_finished_run_is_replaced_only_if_that_is_asked_for(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    first = small_recipe(epochs=0.1, development=None)
    train(sample_union, first, out, device="cpu")
    (out / "notes.txt").touch()
    other = first.with_values({"seed": 1})
    with pytest.raises(HarmonizeError, match=r"run: another one is finished here.* or --fresh"):
        train(sample_union, other, out, device="cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    train(sample_union, first, out, device="cpu")  # is done
    assert (out / "notes.txt").is_file()
    for recipe, how in ((other, {"fresh": True}), (other, {"fresh": True}), (first, {"replace": True})):
        noted = StopAt()
        train(sample_union, recipe, out, device="cpu", callbacks=[noted], **how)
        assert noted.done == 2
        assert f"seed: {recipe.seed}\n" in (out / "recipe.yaml").read_text(encoding="utf-8")
        assert not (out / "notes.txt").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_fresh_began_goes_on_without_it(small_recipe: Small, sample_union: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(sample_union, small_recipe(epochs=0.1, development=None), out, device="cpu")
    recipe = small_recipe(epochs=0.5, evaluate_every=2)
    with pytest.raises(Stop):
        train(sample_union, recipe, out, device="cpu", fresh=True, callbacks=[StopAt(3)])
    noted = StopAt()
    train(sample_union, recipe, out, device="cpu", callbacks=[noted])
    assert noted.done == 4
    assert record(out)["steps"] == 6


def test_what_cannot_begin_leaves_nothing(small_recipe: Small, sample_union: Path, tmp_path: Path) -> None:
    faults: list[tuple[dict[str, Any], str]] = [
        ({"train_on": ["nine"]}, "cpu"),
        ({"encoder": str(tmp_path / "nowhere")}, "cpu"),
        ({"max_length": 48}, "cpu"),
        ({}, "gpu"),
    ]
    for values, device in faults:
        with pytest.raises(HarmonizeError):
            train(sample_union, small_recipe(**values), tmp_path / "run", device=device)
        assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_run_is_not_replaced(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(HarmonizeError, match="expected a new folder or a run, found something else"):
        train(sample_union, small_recipe(), tmp_path, device="cpu", fresh=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_run_does_not_stand_in_the_set_that_it_is_made_from(
    small_recipe: Small, sample_union: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(sample_union)
    for out in (sample_union / "run", sample_union, tmp_path / "link/run"):
        with pytest.raises(HarmonizeError, match="expected a folder apart from the set"):
            train(sample_union, small_recipe(), out, device="cpu")
    assert not (sample_union / "run").exists()


def test_two_trainings_do_not_share_a_folder(sample_union: Path, small_recipe: Small, tmp_path: Path) -> None:
    with (
        alone_in(tmp_path / ".run.training", "training"),
        pytest.raises(HarmonizeError, match=r"\.run\.training: another training is at work here"),
    ):
        train(sample_union, small_recipe(), tmp_path / "run", device="cpu")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
@pytest.mark.parametrize("room", [1 << 18, 900_000])
def test_a_full_disk_is_one_line_and_the_training_goes_on_later(
    small_recipe: Small, sample_union: Path, tmp_path: Path, room: int
) -> None:
    """A file may have so many bytes: less than the weights, or than the optimizer's state."""
    import resource

    recipe, (_, most) = small_recipe(epochs=0.2), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        with pytest.raises(HarmonizeError, match="expected room to write checkpoints") as error:
            train(sample_union, recipe, tmp_path / "run", device="cpu")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()
    assert record(train(sample_union, recipe, tmp_path / "run", device="cpu"))["steps"] > 0
