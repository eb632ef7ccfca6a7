"""Two systems, each of one run or of one for each seed, tested against each other on the same rows.

    python benchmarks/paired.py --union SET --on biored/test --a RUN ... --b RUN ... --out FILE
        [--leave-out-leaks]

Each run has been scored with `harmonize evaluate`, which keeps its predictions; with --leave-out-leaks all
have, and the rows are those that no run has seen. With several seeds the counts
of all runs of a system are added up, and its average precision is their mean; a document is exchanged in all
runs at once.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from common import commit, hardware, versions, write

from harmonize.evaluation.compare import compare
from harmonize.pipelines.evaluate import PREDICTIONS, evaluation_folder
from harmonize.relation.select.rows import rows_to_test


def of_these(rows: pa.Table, others: pa.Table) -> pa.Table:
    """The rows whose instance is among the others, too."""
    return rows.filter(pc.is_in(rows["instance_id"], pc.unique(others["instance_id"])))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--on", default="biored/test")
    for system in ("--a", "--b"):
        parser.add_argument(system, type=Path, nargs="+", required=True, metavar="RUN")
    parser.add_argument("--leave-out-leaks", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    without = arguments.leave_out_leaks
    a, b = (
        [
            pq.read_table(evaluation_folder(run, arguments.on, leave_out_leaks=without) / PREDICTIONS)
            for run in runs
        ]
        for runs in (arguments.a, arguments.b)
    )
    rows = rows_to_test(arguments.union, arguments.on, None, None)
    for predictions in (*a, *b) if without else ():
        rows = of_these(rows, predictions)
    found = compare(rows, *([of_these(each, rows) for each in predictions] for predictions in (a, b)))
    write(
        {
            "benchmark": "paired",
            "command": f"python benchmarks/paired.py --union SET --on {arguments.on} --a RUN ... --b RUN ..."
            + " --leave-out-leaks" * without,
            "commit": commit(),
            "date": datetime.date.today().isoformat(),
            "hardware": hardware(),
            "versions": versions("harmonize", "torch", "transformers"),
            "a": [run.name for run in arguments.a],
            "b": [run.name for run in arguments.b],
            "comparison": asdict(found),
        },
        arguments.out,
    )
    for name, each in (("pairs", found.binary), ("typed", found.typed), ("BioREx", found.biorex)):
        if each is not None:
            print(name, each.f1_a, each.f1_b, each.difference, each.p)
    print(found.ranking)


if __name__ == "__main__":
    main()
