"""What F a run loses where a tool that finds entities has missed some of their mentions.

    python benchmarks/missed_mentions.py RUN ... --union SET [--share 0.2] [--on biored/test] [--out FILE]

Of each entity of a document one mention, drawn with the seed, always stays, so that all pairs stay; each of
the others is missed with the chance `--share`. Every run is asked about the same documents.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from common import commit, hardware, versions, write

from harmonize.evaluation.evaluate import evaluate
from harmonize.relation.model.load import load_classifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.select.rows import rows_to_test


def with_missed(rows: pa.Table, share: float, seed: int) -> tuple[pa.Table, int, int]:
    """The rows with fewer mentions, how many there were, and how many were missed.

    An entity is what has the same spans in the same context, whichever side of a row it is on.
    """
    random = np.random.default_rng(seed)
    kept: dict[tuple[str, tuple[tuple[int, int], ...]], list[dict[str, int]]] = {}
    columns: dict[str, list[list[dict[str, int]]]] = {}
    texts = rows["text"].to_pylist()
    for side in ("head_spans", "tail_spans"):
        columns[side] = []
        for text, spans in zip(texts, rows[side].to_pylist(), strict=True):
            key = (text, tuple((span["start"], span["end"]) for span in spans))
            if key not in kept:
                stays = random.random(len(spans)) >= share
                stays[random.integers(len(spans))] = True
                kept[key] = [span for span, stay in zip(spans, stays, strict=True) if stay]
            columns[side].append(kept[key])
    for side, values in columns.items():
        place = rows.schema.get_field_index(side)
        field = rows.schema.field(place)
        rows = rows.set_column(place, field, pa.array(values, field.type))
    mentions = sum(len(spans) for _, spans in kept)
    return rows, mentions, mentions - sum(map(len, kept.values()))


def scored(run: Path, rows: pa.Table, gold: pa.Table) -> dict[str, Any]:
    found = evaluate(gold, predicted_rows(load_classifier(run), rows), bootstrap=0).as_dict()
    overall = found["all"]["overall"]
    return {
        "binary": overall["binary"]["f1"]["value"],
        "typed": overall["typed"]["f1"]["value"],
        "average_precision": found["ranking"]["average_precision"]["value"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--on", default="biored/test")
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/missed-mentions.json"))
    arguments = parser.parse_args()
    gold = rows_to_test(arguments.union, arguments.on)
    rows, mentions, missed = with_missed(gold, arguments.share, arguments.seed)
    runs: dict[str, Any] = {}
    for run in arguments.runs:
        runs[run.name] = {"all": scored(run, gold, gold), "missed": scored(run, rows, gold)}
        print(run.name, runs[run.name])
        result = {
            "benchmark": "missed_mentions",
            "command": f"python benchmarks/missed_mentions.py RUN ... --union SET --share {arguments.share}",
            "commit": commit(),
            "date": datetime.date.today().isoformat(),
            "hardware": hardware(),
            "versions": versions("harmonize", "torch", "transformers"),
            "on": arguments.on,
            "share": arguments.share,
            "seed": arguments.seed,
            "mentions": mentions,
            "missed": missed,
            "runs": runs,
        }
        write(result, arguments.out)


if __name__ == "__main__":
    main()
