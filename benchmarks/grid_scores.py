"""A grid's results as a result file: what `harmonize compare` found, with the machine and how long each took.

python benchmarks/grid_scores.py DIR --command "harmonize compare ..." [--out FILE] [--keep KEPT]

--keep copies what a table needs of each run into the folder KEPT, without weights. The grid goes on from
there, on any machine, and is trained anew without it:

    harmonize compare benchmarks/grids/NAME.yaml --union SET --out KEPT
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
from pathlib import Path
from typing import Any

from common import commit, hardware, versions, write

from harmonize.pipelines.compare import RUNS, TESTED
from harmonize.relation.run_files import RECIPE, TRAINING

KEPT = ("name", "seeds", "precision", "recall", "f1", "typed", "f1_by_seed", "difference", "p_holm")


def trained(folder: Path) -> dict[str, Any]:
    """What each run says of its training."""
    found = {}
    for path in sorted(folder.glob("runs/**/training.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        rows = {name: record["rows"][name] for name in ("train", "development")}
        best = {"best": record["best"], "seconds": record["seconds"], "device": record["device"]}
        found[str(path.parent.relative_to(folder / "runs"))] = {**rows, **best}
    return found


def keep(folder: Path, target: Path) -> None:
    """Copy what `harmonize compare` needs of the runs that are done."""
    for tested in folder.glob(f"{RUNS}/**/{TESTED}"):
        kept = target / tested.parent.relative_to(folder)
        kept.mkdir(parents=True, exist_ok=True)
        for needed in (RECIPE, TRAINING, TESTED):
            shutil.copy(tested.parent / needed, kept / needed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="--out of harmonize compare")
    parser.add_argument("--command", required=True, help="what made it")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for the runs as well, without weights")
    arguments = parser.parse_args()
    if arguments.keep is not None:
        keep(arguments.folder, arguments.keep)
    found = json.loads((arguments.folder / "results.json").read_text(encoding="utf-8"))
    result = {
        "benchmark": "grid_scores",
        "command": arguments.command,
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("harmonize", "torch", "transformers", "scikit-learn"),
        **{name: found[name] for name in ("corpora", "splits", "labels", "documents", "rows", "positive")},
        "against": found["against"],
        "rank_by": found["rank_by"],
        "systems": [{name: one[name] for name in KEPT} for one in found["systems"]],
        "missing": found["missing"],
        "recipe_of_the_best": found["recipes"][found["systems"][0]["name"]],
        "trained": trained(arguments.folder),
    }
    write(result, arguments.out or Path(f"benchmarks/results/grid-{arguments.folder.name}.json"))
    for one in found["systems"]:
        print(one["name"], one["f1"])


if __name__ == "__main__":
    main()
