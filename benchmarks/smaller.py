"""Runs made cheaper, as eight-bit integers and as a student with fewer layers: speed and F beside their own.

python benchmarks/smaller.py TEACHER --union artifacts/union --work DIR [--layers 3] [--rank-by types]
    [--out FILE]

TEACHER is a run, or a folder with one for each fold, as `harmonize train` and `harmonize compare` write them.
The student is the encoder with its first layers alone, trained by the same recipe twice: without a teacher
and with. All answer the same rows in one process, one after the other; the rates are ratios to the teacher's.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from common import commit, hardware, versions, write
from transformers import AutoModel, AutoTokenizer

from harmonize.evaluation.standings import standings
from harmonize.pipelines.evaluate import runs_of
from harmonize.pipelines.train import quiet
from harmonize.relation.model.encoders import encoder_folder
from harmonize.relation.model.load import load_classifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import rows_to_test
from harmonize.relation.train.training import train

TEACHER = "teacher"


def first_layers(encoder: str, layers: int, folder: Path) -> Path:
    """An encoder's folder with its first layers alone."""
    source = encoder_folder(encoder)
    model = AutoModel.from_pretrained(source)
    model.encoder.layer = model.encoder.layer[:layers]
    model.config.num_hidden_layers = layers
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("teacher", type=Path)
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="where the students stand")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--rank-by", choices=("pairs", "types"), default="pairs", help="as a grid's rank_by")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/smaller.json"))
    options = parser.parse_args()
    quiet()
    said: dict[str, list[pa.Table]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    gold: list[pa.Table] = []
    for teacher in runs_of(options.teacher):
        recipe = load_recipe(teacher / "recipe.yaml")
        student = options.work / "student"
        if not student.is_dir():
            first_layers(recipe.encoder, options.layers, student)
        runs = {TEACHER: teacher}
        for name, taught_by in (("student", None), ("student of the teacher", str(teacher))):
            own = recipe.with_values({"encoder": str(student), "teacher": taught_by})
            out = options.work / name.replace(" ", "-") / teacher.name
            runs[name] = train(options.union, own, out, device="cpu")
        rows = rows_to_test(options.union, recipe.evaluate_on, recipe.folds, recipe.fold)
        gold.append(rows)
        for name, run in runs.items():
            for precision in ("fp32", "int8"):
                classifier = load_classifier(run, "cpu", precision)
                predicted_rows(classifier, rows.slice(0, 16))  # what is made at the first call is not timed
                began = time.perf_counter()
                said[f"{name}, {precision}"].append(predicted_rows(classifier, rows))
                seconds[f"{name}, {precision}"] += time.perf_counter() - began
    own = f"{TEACHER}, fp32"
    found = standings(pa.concat_tables(gold), said, own, labels=recipe.labels, rank_by=options.rank_by)
    result: dict[str, Any] = {
        "benchmark": "smaller",
        "command": "python benchmarks/smaller.py TEACHER --union UNION --work DIR "
        f"--layers {options.layers} --rank-by {options.rank_by}",
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": {**hardware(), "threads": torch.get_num_threads()},
        "versions": versions("harmonize", "torch", "transformers"),
        "recipe": recipe.model_dump(mode="json"),
        "rate": {name: seconds[own] / taken for name, taken in seconds.items()},
        **{name: value for name, value in found.as_dict().items() if name != "splits"},
    }
    write(result, options.out)
    for one in found.systems:
        print(f"{one.name}: F {found.ranked(one).value:.3f}, {result['rate'][one.name]:.1f} times as fast")


if __name__ == "__main__":
    main()
