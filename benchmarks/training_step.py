"""How the seconds of a training step divide: forward, loss, backward, clipping, optimizer; and by operation.

python benchmarks/training_step.py --union artifacts/union original encoder=minilm head=document

Seconds are those of the processor, all threads together, so that what else runs counts little. The steps are
the first of the recipe's training, each taken twice, the second time measured; each variant reads the same
batches.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from common import provenance, write
from torch import nn
from torch.profiler import ProfilerActivity, profile
from transformers import set_seed

from harmonize.relation.encode.order import Drawn, LikeLengths
from harmonize.relation.model.objective import Loss
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.relation.select.selection import select
from harmonize.relation.train.task import Task


def words_frozen(model: Any) -> None:
    model.get_input_embeddings().requires_grad_(False)


def lower_half_frozen(model: Any) -> None:
    """The embeddings too, so that nothing goes back below the middle."""
    bare = model.base_model
    layers = next(
        module
        for module in bare.modules()
        if isinstance(module, nn.ModuleList) and len(module) == bare.config.num_hidden_layers
    )
    for module in (bare.embeddings, *layers[: len(layers) // 2]):
        module.requires_grad_(False)


def no_dropout(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


VARIANTS: dict[str, Callable[[Any], None]] = {
    "as it is": lambda model: None,
    "AdamW as a loop over tensors": lambda model: None,
    "word embeddings frozen": words_frozen,
    "lower half frozen": lower_half_frozen,
    "no dropout": no_dropout,
    "bf16": lambda model: None,
    "bf16 with plain attention": lambda model: model.base_model.set_attn_implementation("eager"),
}
"""What is done to a model before its training. Those in bf16 are of use where the processor multiplies it."""


class Parts:
    """Seconds by part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.seconds[name] += time.process_time() - start


def optimizer(model: Any, recipe: Recipe, fused: bool) -> torch.optim.Optimizer:
    learnt = [one for one in model.parameters() if one.requires_grad]
    assert recipe.learning_rate is not None
    how = {"fused": True} if fused else {"foreach": True}
    return torch.optim.AdamW(learnt, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, **how)


def batches(task: Task, steps: int) -> list[dict[str, torch.Tensor]]:
    """The first batches of the first epoch."""
    assert task.recipe.batch_size is not None
    size = task.recipe.batch_size
    order = list(LikeLengths(Drawn.all_of(task.train.lengths), size, task.recipe.seed))
    tokenizer = task.encoder.tokenizer
    types = "token_type_ids" in tokenizer.model_input_names
    return [
        task.head.padded(
            [task.train[place] for place in order[size * step : size * (step + 1)]],
            padding=int(tokenizer.pad_token_id),
            types_too=types,
        )
        for step in range(steps)
    ]


def step(
    model: Any,
    batch: dict[str, torch.Tensor],
    loss_of: Loss,
    how: Any,
    parts: Parts,
    norm: float,
    bf16: bool,
) -> None:
    batch = dict(batch)
    labels = batch.pop("labels")
    mixed = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
    with mixed, parts.part("forward"):
        outputs = model(**batch)
    with mixed, parts.part("loss"):
        loss = loss_of(outputs, labels)
    with parts.part("backward"):
        loss.backward()
    with parts.part("clipping"):
        torch.nn.utils.clip_grad_norm_(model.parameters(), norm)
    with parts.part("optimizer"):
        how.step()
        how.zero_grad()


def measured(task: Task, variant: str, steps: int) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """(mean seconds of a step by part, the operations that took longest in one more step)."""
    set_seed(task.recipe.seed)
    model = task.encoder.model().train()
    VARIANTS[variant](model)
    how = optimizer(model, task.recipe, fused=variant != "AdamW as a loop over tensors")
    loss_of, parts = Loss(task.space, None), Parts()
    one_step = partial(
        step,
        model,
        loss_of=loss_of,
        how=how,
        norm=task.recipe.max_gradient_norm,
        bf16=variant.startswith("bf16"),
    )
    drawn = batches(task, steps)
    for batch in drawn:  # products are compiled for each shape that is new
        one_step(batch, parts=Parts())
    for batch in drawn:
        one_step(batch, parts=parts)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        one_step(drawn[0], parts=Parts())
    whole = sum(event.self_cpu_time_total for event in profiled.key_averages())
    longest = sorted(profiled.key_averages(), key=lambda event: -event.self_cpu_time_total)[:12]
    operations = [
        {"name": one.key, "calls": one.count, "share": round(one.self_cpu_time_total / whole, 4)}
        for one in longest
    ]
    return {name: seconds / steps for name, seconds in parts.seconds.items()}, operations


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe")
    parser.add_argument("values", nargs="*", help="NAME=VALUE, as `harmonize train --set` takes them")
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/training-step.json"))
    options = parser.parse_args()
    values = {
        name: yaml.safe_load(value) for name, _, value in (one.partition("=") for one in options.values)
    }
    recipe = load_recipe(options.recipe, {**values, "development": None})
    task = Task.of(recipe, select(options.union, recipe))
    shown = batches(task, options.steps)
    tokens = [int(batch["attention_mask"].sum()) for batch in shown]
    result: dict[str, Any] = {
        **provenance("training_step", "torch", "transformers"),
        "command": " ".join(
            ["python benchmarks/training_step.py --union UNION", options.recipe, *options.values]
        ),
        "threads": torch.get_num_threads(),
        "tokens": float(np.mean(tokens)),
        "tokens_with_padding": float(np.mean([batch["input_ids"].numel() for batch in shown])),
        "variants": {},
    }
    for variant in options.variants.split(","):
        parts, operations = measured(task, variant, options.steps)
        total = sum(parts.values())
        result["variants"][variant] = {"total": total, "seconds": parts, "operations": operations}
        print(f"{variant}: {total:.2f} s a step, {result['tokens'] / total:.0f} tokens/s")
        for name, seconds in parts.items():
            print(f"  {name}: {seconds:.3f} s, {100 * seconds / total:.1f} %")
        for one in operations:
            print(f"  {100 * one['share']:5.1f} % {one['calls']:5d} {one['name']}")
    write(result, options.out)


if __name__ == "__main__":
    main()
