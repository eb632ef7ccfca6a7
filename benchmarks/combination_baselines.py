"""What needs no training scores on combinations: all drugs of a sentence, and the best choice there can be.

    python benchmarks/combination_baselines.py UNION [--on drugcombo/test] [--out FILE]

"all drugs" calls all drugs of each sentence one positive combination. "disjoint gold" is the gold standard
without the combinations that share a drug with a larger one, which a choice of disjoint sets cannot find.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from common import commit, write

import harmonize
from harmonize.evaluation.combinations import MEASURES, POSITIVE, Combination, score_combinations
from harmonize.relation.recipe import part
from harmonize.union.manifest import manifest_hash


def disjoint(combinations: list[Combination]) -> list[Combination]:
    """The combinations, the largest first, none sharing a drug with one before."""
    kept: list[Combination] = []
    for drugs, label in sorted(combinations, key=lambda each: (-len(each[0]), sorted(each[0]))):
        if all(drugs.isdisjoint(other) for other, _ in kept):
            kept.append((drugs, label))
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("union", type=Path)
    parser.add_argument("--on", default="drugcombo/test")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/combination-baselines.json"))
    arguments = parser.parse_args()
    corpus, split = part(arguments.on)
    rows = harmonize.load_nary(arguments.union, corpora=[corpus], splits=[split]).to_pylist()
    gold = {
        row["instance_id"]: [(frozenset(each["arguments"]), each["relation"]) for each in row["relations"]]
        for row in rows
    }
    systems = {
        "all drugs": {
            row["instance_id"]: [(frozenset(each["id"] for each in row["entities"]), POSITIVE)]
            for row in rows
        },
        "disjoint gold": {name: disjoint(combinations) for name, combinations in gold.items()},
    }
    documents = {row["instance_id"]: row["document_id"] for row in rows}
    scores = {
        name: score_combinations(gold, predicted, documents=documents) for name, predicted in systems.items()
    }
    result = {
        "benchmark": "combination_baselines",
        "command": f"python benchmarks/combination_baselines.py UNION --on {arguments.on}",
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "union_manifest_sha256": manifest_hash(arguments.union),
        "scores": {name: score.as_dict() for name, score in scores.items()},
    }
    write(result, arguments.out)
    for name, score in scores.items():
        print(
            name, *(f"{measure} {100 * (getattr(score, measure).f1.value or 0):.1f}" for measure in MEASURES)
        )


if __name__ == "__main__":
    main()
