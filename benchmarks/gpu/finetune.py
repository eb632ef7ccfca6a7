"""Fine-tune the packed encoder by a recipe, for some seeds, and score each run where the recipe means it to.

    python benchmarks/gpu/finetune.py --pack artifacts/pack --recipe original --seeds 0 1 2
        [--set NAME=VALUE] [--device cuda] [--out benchmarks/results/finetune-NAME-SEEDS.json]

Early stopping looks at BioRED dev (or the next fold), the scores are of BioRED test (or the fold). Imports
torch, transformers, pyarrow and pydantic, and nothing of spaCy or scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from gpu_common import provenance

from harmonize.evaluation.evaluate import evaluate
from harmonize.pipelines.train import values_set
from harmonize.relation.classifier import Classifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.relation.run import read_record
from harmonize.relation.selection import rows_to_test
from harmonize.relation.training import train

# A GPU of this class is idle between batches of 16 short rows; the learning rate goes up with the batch.
ON_GPU = {"batch_size": 64, "learning_rate": 2.0e-4}


def scores_of(run: Path, union: Path, recipe: Recipe, device: str) -> tuple[pa.Table, pa.Table]:
    gold = rows_to_test(union, recipe.evaluate_on, recipe.folds, recipe.fold)
    return gold, predicted_rows(Classifier.load(run, device), gold)


def f1(score: Any) -> dict[str, float | None]:
    return {
        "precision": score.precision.value,
        "recall": score.recall.value,
        "f1": score.f1.value,
        "low": score.f1.low,
        "high": score.f1.high,
    }


def trial(union: Path, recipe: Recipe, folder: Path, device: str) -> dict[str, Any]:
    """Train once for each fold (or once), score all test rows together."""
    started = time.perf_counter()
    one = recipe.folds is None or recipe.fold is not None
    recipes = [recipe] if one else [recipe.with_values({"fold": fold}) for fold in range(recipe.folds or 0)]
    tested, records = [], []
    for place, each in enumerate(recipes):
        run = train(union, each, folder / f"{recipe.seed}-{place}", device=device)
        records.append(read_record(run))
        tested.append(scores_of(run, union, each, device))
    gold, predictions = (pa.concat_tables(tables) for tables in zip(*tested, strict=True))
    evaluation = evaluate(gold, predictions, labels=recipe.labels)
    return {
        "seed": recipe.seed,
        "seconds": round(time.perf_counter() - started, 1),
        "rows": records[0]["rows"],
        "inputs": records[0]["inputs"],
        "development": [record["evaluations"] for record in records],
        "best": [record["best"] for record in records],
        "binary": f1(evaluation.all.overall.binary),
        "typed": f1(evaluation.all.overall.typed),
        "biorex": None if evaluation.biorex is None else f1(evaluation.biorex.overall.binary),
        "by_pair_type": {kind: f1(section.binary) for kind, section in evaluation.all.by_pair_type.items()},
        "auc": evaluation.ranking.auc.value,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--encoder", default="minilm", help="its folder in the pack")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    seeds = "-".join(map(str, arguments.seeds))
    out = arguments.out or Path(f"benchmarks/results/finetune-{arguments.recipe}-{seeds}.json")
    values = {**ON_GPU, "encoder": str(arguments.pack / arguments.encoder), **values_set(arguments.set)}
    result: dict[str, Any] = {
        "benchmark": "gpu/finetune",
        "command": f"python benchmarks/gpu/finetune.py --pack PACK --recipe {arguments.recipe} --seeds "
        + " ".join(map(str, arguments.seeds))
        + "".join(f" --set {setting}" for setting in arguments.set),
        **provenance(arguments.device, "torch", "transformers", "accelerate", "pyarrow"),
        "values": {key: value for key, value in values.items() if key != "encoder"},
        "trials": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for seed in arguments.seeds:
            recipe = load_recipe(arguments.recipe, {**values, "seed": seed})
            result["trials"].append(trial(arguments.pack / "union", recipe, Path(folder), arguments.device))
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            print(
                json.dumps(
                    {key: result["trials"][-1][key] for key in ("seed", "seconds", "binary", "biorex")}
                )
            )


if __name__ == "__main__":
    main()
