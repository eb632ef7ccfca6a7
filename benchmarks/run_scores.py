"""A run's scores as a result file: what `harmonize evaluate` found, with recipe, rows, time and machine.

    python benchmarks/run_scores.py RUN --command "harmonize train ..." [--out FILE]

RUN is one run, or a folder with one for each fold.
"""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path
from typing import Any

import yaml
from common import commit, hardware, versions, write

from harmonize.pipelines.evaluate import EVALUATION, runs_of


def scores(metrics: dict[str, Any]) -> dict[str, Any]:
    """The figures that the pages of results quote."""
    if "combinations" in metrics:
        return dict(metrics["combinations"])
    sections = {"all": metrics["all"], "biorex": metrics["biorex"]}
    found = {
        f"{name}_{kind}": {ratio: section["overall"][kind][ratio] for ratio in ("precision", "recall", "f1")}
        for name, section in sections.items()
        if section is not None
        for kind in ("binary", "typed")
    }
    baselines = {
        name: metrics[name]["scores"]["binary"]["f1"]["value"] for name in ("majority", "all_positive")
    }
    rows = {name: metrics["all"]["overall"][name] for name in ("rows", "positive")}
    # Metrics of before a classifier told of novelty do not have it.
    said = {
        column: {
            name: {ratio: score[ratio] for ratio in ("precision", "recall", "f1")}
            for name, score in further.items()
            if isinstance(score, dict)
        }
        for column, further in metrics.get("said", {}).items()
    }
    by_pair = {
        pair: {kind: score[kind]["f1"] for kind in ("binary", "typed")}
        for pair, score in metrics["all"]["by_pair_type"].items()
    }
    # Nor do metrics of before mentions were counted, and of sets without sentences.
    parts = {name: parted(metrics[name]) for name in ("by_mentions", "by_sentence") if metrics.get(name)}
    ranking = {name: metrics["ranking"][name] for name in ("auc", "average_precision")}
    return {
        **rows,
        **found,
        **said,
        **ranking,
        "by_pair_type": by_pair,
        **parts,
        "baselines_f1": baselines,
    }


def parted(sections: dict[str, Any]) -> dict[str, Any]:
    """The size and both scores of each part of the rows."""
    return {
        name: {
            "rows": section["rows"],
            "positive": section["positive"],
            **{kind: section[kind]["f1"] for kind in ("binary", "typed")},
        }
        for name, section in sections.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--command", required=True, help="what made the run")
    parser.add_argument("--encoder", help="stands for the folder of an encoder or a run [default: ADAPTED]")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    run: Path = arguments.run
    trained = []
    for each in runs_of(run):
        record = json.loads((each / "training.json").read_text(encoding="utf-8"))
        # A linear baseline has neither windows nor steps.
        kept = ("rows", "inputs", "steps", "best", "evaluations", "members", "seconds", "device")
        trained.append({key: record[key] for key in kept if key in record})
    recipe = yaml.safe_load((runs_of(run)[0] / "recipe.yaml").read_text(encoding="utf-8"))
    if arguments.encoder is not None or Path(recipe["encoder"]).is_absolute():
        # What the command calls it; the folder is this machine's own.
        recipe["encoder"] = arguments.encoder or "ADAPTED"
    if recipe.get("members"):
        # So are the members' folders.
        recipe["members"] = [Path(member).name for member in recipe["members"]]
        for member in trained[0]["members"]:
            member["run"] = Path(member["run"]).name
    result = {
        "benchmark": "run_scores",
        "command": arguments.command,
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("harmonize", "torch", "transformers"),
        "recipe": recipe,
        "union_manifest_sha256": record["union"]["manifest_sha256"],
        "trained": trained,
        "scores": {
            path.parent.name: scores(json.loads(path.read_text(encoding="utf-8")))
            for path in sorted(run.glob(f"{EVALUATION}/*/metrics.json"))
        },
    }
    write(result, arguments.out or Path(f"benchmarks/results/run-{run.name}.json"))
    for part, found in result["scores"].items():
        print(
            part, found["all_binary"]["f1"] if "all_binary" in found else found["all"]["positive_exact"]["f1"]
        )


if __name__ == "__main__":
    main()
