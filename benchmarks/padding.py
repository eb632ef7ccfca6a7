"""What evaluation during training pads: rows in batches as they stand, and the longest first.

python benchmarks/padding.py --union artifacts/union RECIPE [NAME=VALUE ...]

Of the rows that a recipe watches: tokens of all batches, padding with them, by tokens of all rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import yaml
from common import provenance, write
from numpy.typing import NDArray

from harmonize.relation.encode.batches import padded
from harmonize.relation.encode.order import LongestFirst
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.selection import select
from harmonize.relation.train.task import Task


def padded_share(task: Task, order: NDArray[np.int64], batch_size: int) -> float:
    """Tokens with padding of the watched rows, in batches of an order, by their tokens without."""
    rows = task.development
    assert rows is not None
    batches = [order[at : at + batch_size] for at in range(0, len(order), batch_size)]
    tokens = sum(padded([rows[int(place)] for place in batch], 0)["input_ids"].numel() for batch in batches)
    return float(tokens / rows.lengths.sum())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe")
    parser.add_argument("values", nargs="*", help="NAME=VALUE, as `harmonize train --set` takes them")
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/padding.json"))
    options = parser.parse_args()
    values = {
        name: yaml.safe_load(value) for name, _, value in (one.partition("=") for one in options.values)
    }
    recipe = load_recipe(options.recipe, values)
    task = Task.of(recipe, select(options.union, recipe))
    assert task.development is not None
    assert recipe.batch_size is not None
    lengths = task.development.lengths
    orders = {
        "as they stand": np.arange(len(lengths)),
        "longest first": np.array(list(LongestFirst(lengths))),
    }
    batch_size = 2 * recipe.batch_size
    result = {
        **provenance("padding", "torch", "transformers"),
        "command": " ".join(["python benchmarks/padding.py --union UNION", options.recipe, *options.values]),
        "rows": len(lengths),
        "batch_size": batch_size,
        "padded": {name: padded_share(task, order, batch_size) for name, order in orders.items()},
    }
    write(result, options.out)
    print(result["padded"])


if __name__ == "__main__":
    main()
