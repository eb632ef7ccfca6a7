"""What F a run loses where a tool that finds entities has missed some of their mentions.

    python benchmarks/missed_mentions.py RUN ... --union SET [--share 0.2] [--taken] [--on biored/test]
        [--out FILE]

Of each entity of a document one mention, drawn with the seed, always stays, so that all pairs stay; each of
the others is missed with the chance `--share`. With --taken it is taken for a mention of another entity of
its type in the context, where there is one, as by a tool that gives it a wrong concept id. Every run is asked
about the same documents.
"""

from __future__ import annotations

import argparse
import datetime
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from common import commit, hardware, versions, write

from harmonize.evaluation.evaluate import evaluate
from harmonize.relation.model.load import load_classifier
from harmonize.relation.predictions import predicted_rows
from harmonize.relation.select.rows import rows_to_test

SIDES = ("head", "tail")

Key = tuple[str, tuple[tuple[int, int], ...]]
"""Of an entity: its context and its spans there, the same whichever side of a row it is on."""


def keys(rows: pa.Table, side: str) -> list[Key]:
    spans_of_rows = rows[f"{side}_spans"].to_pylist()
    return [
        (text, tuple((span["start"], span["end"]) for span in spans))
        for text, spans in zip(rows["text"].to_pylist(), spans_of_rows, strict=True)
    ]


def with_faults(rows: pa.Table, share: float, seed: int, *, taken: bool) -> tuple[pa.Table, int, int]:
    """The rows with some mentions missed, how many there were, and how many of them are missed.

    Args:
        share: the chance of a mention that is not the one of its entity that stays.
        taken: a mention is taken for one of another entity of its type in its context instead; where there
            is none, it stays.
    """
    random = np.random.default_rng(seed)
    types: dict[Key, str] = {}
    like: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for side in SIDES:
        for key, kind in zip(keys(rows, side), rows[f"{side}_type"].to_pylist(), strict=True):
            if key not in types:
                types[key] = kind
                like[key[0], kind].append(key)
    found: dict[Key, list[tuple[int, int]]] = {key: [] for key in types}
    missed = 0
    for key, kind in types.items():
        spans = key[1]
        stays = random.random(len(spans)) >= share
        stays[random.integers(len(spans))] = True
        others = [other for other in like[key[0], kind] if other != key]
        if taken and not others:
            stays[:] = True
        for span, stay in zip(spans, stays, strict=True):
            if stay:
                found[key].append(span)
            elif taken:
                found[others[random.integers(len(others))]].append(span)
        missed += int((~stays).sum())
    for side in SIDES:
        place = rows.schema.get_field_index(f"{side}_spans")
        values = [
            [{"start": start, "end": end} for start, end in sorted(found[key])] for key in keys(rows, side)
        ]
        field = rows.schema.field(place)
        rows = rows.set_column(place, field, pa.array(values, field.type))
    return rows, sum(len(spans) for _, spans in types), missed


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
    parser.add_argument("--taken", action="store_true", help="for a mention of another entity of the type")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/missed-mentions.json"))
    arguments = parser.parse_args()
    gold = rows_to_test(arguments.union, arguments.on)
    rows, mentions, missed = with_faults(gold, arguments.share, arguments.seed, taken=arguments.taken)
    runs: dict[str, Any] = {}
    for run in arguments.runs:
        runs[run.name] = {"all": scored(run, gold, gold), "missed": scored(run, rows, gold)}
        print(run.name, runs[run.name])
        result = {
            "benchmark": "missed_mentions",
            "command": f"python benchmarks/missed_mentions.py RUN ... --union SET --share {arguments.share}"
            + " --taken" * arguments.taken,
            "commit": commit(),
            "date": datetime.date.today().isoformat(),
            "hardware": hardware(),
            "versions": versions("harmonize", "torch", "transformers"),
            "on": arguments.on,
            "share": arguments.share,
            "taken": arguments.taken,
            "seed": arguments.seed,
            "mentions": mentions,
            "missed": missed,
            "runs": runs,
        }
        write(result, arguments.out)


if __name__ == "__main__":
    main()
