"""A training that diverges stops, says where, and leaves nothing but its last sound checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from relation_runs import working
from safetensors.torch import load_file
from transformers import TrainerCallback
from typer.testing import CliRunner

from harmonize.adaptation.adapt import Sources, adapt
from harmonize.adaptation.settings import chosen_settings
from harmonize.pipelines.cli import app
from harmonize.relation.recipe import Recipe
from harmonize.relation.train.divergence import Diverged, SoundTrainer, warn_of_nothing
from harmonize.relation.train.training import train

Small = Callable[..., Recipe]


class Spoil(TrainerCallback):
    """Makes something that is no number of a model, before or after a step."""

    def __init__(self, what: str, step: int) -> None:
        self.what, self.step = what, step

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if state.global_step != self.step - 1:
            return
        weight = next(model.classifier.parameters())
        if self.what == "loss":
            with torch.no_grad():
                weight.fill_(math.nan)
        elif self.what == "gradient":
            weight.register_hook(lambda gradient: gradient * math.inf)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if self.what == "weights" and state.global_step == self.step - 1:
            with torch.no_grad():
                next(model.parameters())[0] = math.inf


@pytest.mark.parametrize(("what", "step"), [("loss", 5), ("gradient", 5), ("weights", 6)])
@pytest.mark.parametrize("head", ["cls", "document"])
def test_the_first_step_that_is_no_number_is_told(
    sample_union: Path, small_recipe: Small, tmp_path: Path, head: str, what: str, step: int
) -> None:
    recipe = small_recipe(head=head, evaluate_every=3, batch_size=1, epochs=4, warmup=0.0)
    out = tmp_path / "run"
    with pytest.raises(Diverged) as raised:
        train(sample_union, recipe, out, device="cpu", callbacks=[Spoil(what, step)])
    assert (raised.value.what, raised.value.step) == (what, step)
    said = str(raised.value)
    assert f"the {what} at step {step}" in said
    assert "checkpoint 3 is kept" in said
    assert "learning rate" in said
    assert "\n" not in said
    assert not out.exists()
    kept = [*working(out).rglob("checkpoint-*/model.safetensors")]
    assert [path.parent.name for path in kept] == ["checkpoint-3"]
    assert all(bool(torch.isfinite(tensor).all()) for tensor in load_file(kept[0]).values())


def test_before_any_checkpoint_nothing_is_left(
    sample_union: Path, small_recipe: Small, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "run"
    with pytest.raises(Diverged, match="no checkpoint was written before"):
        train(sample_union, small_recipe(), out, device="cpu", callbacks=[Spoil("loss", 2)])
    assert not out.parent.exists()


def test_the_command_ends_with_one_line(sample_union: Path, tmp_path: Path) -> None:
    """Without any spoiling: such a rate makes weights infinite."""
    values = ["--recipe", "original", "--encoder", "tiny", "--set", "learning_rate=1e38", "--set", "warmup=0"]
    out = tmp_path / "run"
    done = CliRunner().invoke(
        app, ["train", "--union", str(sample_union), *values, "--device", "cpu", "--out", str(out)]
    )
    assert done.exit_code == 2
    told = [line for line in done.output.splitlines() if "diverged" in line]
    assert len(told) == 1
    assert "is not finite" in told[0]
    assert "Traceback" not in done.output
    assert not out.exists()


def test_adaptation_stops_too(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"Study {number} found aspirin in cells.\n" for number in range(30)))
    few = {"encoder": "tiny", "max_length": 32, "batch_size": 4, "held_out": 4, "max_steps": 30}
    settings = chosen_settings({**few, "learning_rate": 1e38, "warmup": 0.0})
    with pytest.raises(Diverged):
        adapt(Sources((texts,)), settings, tmp_path / "adapted", device="cpu")
    assert not (tmp_path / "adapted").exists()


def test_a_loss_of_nothing_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_nothing(1e-12, 50)
    assert capsys.readouterr().err == ""
    warn_of_nothing(0.0, 100)
    told = capsys.readouterr().err
    assert told.startswith("warning: the loss was exactly 0")
    assert "100" in told
    assert told.count("\n") == 1


def test_what_is_not_finite_is_reported_as_it_is(tmp_path: Path) -> None:
    """transformers would report the mean of the losses before."""
    trainer = SoundTrainer(model=torch.nn.Linear(1, 1), args=arguments(tmp_path))
    assert trainer.args.logging_nan_inf_filter is False


def arguments(folder: Path) -> Any:
    from transformers import TrainingArguments

    return TrainingArguments(output_dir=str(folder), use_cpu=True, report_to="none")


def test_the_message_names_what_to_try() -> None:
    said = str(Diverged("loss", step=7, epoch=0.5, learning_rate=3e-4, checkpoint=None))
    assert "learning rate of 0.0001 or lower" in said
    assert Diverged.exit_code == 2


def test_a_batch_is_as_large_where_several_gpus_are_seen(tmp_path: Path) -> None:
    seen = arguments(tmp_path)
    one = seen.train_batch_size
    seen._n_gpu = 4
    trainer = SoundTrainer(model=torch.nn.Linear(1, 1), args=seen)
    assert trainer.args.train_batch_size == one
