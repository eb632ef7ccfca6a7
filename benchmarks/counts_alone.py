"""What numbers alone tell of BioRED's pairs: gradient boosting that reads no word.

    python benchmarks/counts_alone.py --union SET [--own-types] [--out FILE] [--run DIR]

Of each pair it knows the two entity types, and what the counts head counts (mentions, sentences, distances;
see harmonize.relation.model.counts_model), distances in characters. A pair is related above the threshold
that is best on BioRED's development split; the type is never told, so that only pairs found are scored. With
--own-types the entity types are BioRED's, which tell variants from genes as rule e2 does not. DIR gets the
predictions where paired.py looks for those of a run.
"""

from __future__ import annotations

import argparse
import datetime
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from common import commit, hardware, versions, write
from numpy.typing import NDArray
from run_scores import scores
from sklearn.ensemble import HistGradientBoostingClassifier

from harmonize.evaluation.evaluate import evaluate
from harmonize.evaluation.rows import VARIANT
from harmonize.pipelines.evaluate import PREDICTIONS, evaluation_folder
from harmonize.relation.labels import is_negative
from harmonize.relation.model.counts_model import pair_counts
from harmonize.relation.model.threshold import best_shift
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.recipe import load_recipe
from harmonize.relation.select.rows import pairs_of, rows_to_test
from harmonize.relation.select.selection import select
from harmonize.spec import load_catalogue
from harmonize.text.sentences import sentence_spans

SEEDS = range(5)


def numbers(rows: pa.Table, own_types: bool = False) -> NDArray[np.int64]:
    """[rows, numbers]: the counts of each row's pair, then both entity types.

    Args:
        own_types: the types are the corpus' own, not those after rule e.
    """
    contexts: dict[str, list[tuple[int, Pair]]] = defaultdict(list)
    for place, pair in enumerate(pairs_of(rows)):
        contexts[pair.text].append((place, pair))
    found: list[NDArray[np.int64]] = []
    places: list[int] = []
    for text, asked in contexts.items():
        entities: dict[Entity, int] = {}
        for _, pair in asked:
            for entity in (pair.head, pair.tail):
                entities.setdefault(entity, len(entities))
        mentions = [(number, span) for entity, number in entities.items() for span in entity.spans]
        starts = [sentence.start for sentence in sentence_spans(text, [span for _, span in mentions])]
        sentence_of = np.searchsorted(starts, [span.start for _, span in mentions], side="right") - 1
        of_context = pair_counts(
            torch.tensor([[(number, span.start) for number, span in mentions]]),
            torch.from_numpy(sentence_of)[None],
            torch.tensor([[(entities[pair.head], entities[pair.tail]) for _, pair in asked]]),
            length=len(text),
        )[0].numpy()
        found.append(of_context)
        places += [place for place, _ in asked]
    return np.concatenate((np.concatenate(found)[np.argsort(places)], entity_types(rows, own_types)), axis=1)


def entity_types(rows: pa.Table, own_types: bool) -> NDArray[np.int64]:
    """[rows, 2]: a number for the type of head and tail."""
    types = [*load_catalogue().target.tags, VARIANT]
    columns = (rows[f"{'source_' if own_types else ''}{side}_type"].to_pylist() for side in ("head", "tail"))
    return np.array([[types.index(kind) for kind in column] for column in columns], dtype=np.int64).T


def related(rows: pa.Table) -> NDArray[np.bool_]:
    return np.array([not is_negative(label) for label in rows["relation"].to_pylist()])


def answered(rows: pa.Table, odds: NDArray[np.float64], threshold: float) -> pa.Table:
    """Predictions as `evaluate` reads them."""
    is_found = odds > threshold
    probability = 1 / (1 + np.exp(threshold - odds))
    return pa.table(
        {
            "instance_id": rows["instance_id"],
            "label": np.where(is_found, "Association", "None"),
            "related": probability,
            "confidence": np.where(is_found, probability, 1 - probability),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--own-types", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/counts-alone-biored.json"))
    parser.add_argument("--run", type=Path)
    arguments = parser.parse_args()
    selection = select(arguments.union, load_recipe("original"))
    train, watched = selection.train, selection.development
    tested = rows_to_test(arguments.union, "biored/test")
    parts = {"train": train, "dev": watched, "test": tested}
    tables = {name: numbers(rows, arguments.own_types) for name, rows in parts.items()}
    width = tables["train"].shape[1]
    # One more or less chance of what a seed draws is not looked at: the mean of a few.
    odds = {name: np.zeros(len(table)) for name, table in tables.items()}
    for seed in SEEDS:
        model = HistGradientBoostingClassifier(
            max_iter=150,
            learning_rate=0.06,
            max_leaf_nodes=15,
            categorical_features=[width - 2, width - 1],
            random_state=seed,
        ).fit(tables["train"], related(train))
        for name, table in tables.items():
            odds[name] += model.decision_function(table) / len(SEEDS)
    threshold = best_shift(odds["dev"], related(watched))
    predictions = answered(tested, odds["test"], threshold)
    found = evaluate(tested, predictions).as_dict()
    if arguments.run is not None:
        folder = evaluation_folder(arguments.run, "biored/test")
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(predictions, folder / PREDICTIONS)
    result = {
        "benchmark": "counts_alone",
        "command": "python benchmarks/counts_alone.py --union SET" + " --own-types" * arguments.own_types,
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("harmonize", "torch", "scikit-learn"),
        "rows": {"train": train.num_rows, "development": watched.num_rows},
        "scores": {"biored-test": scores(found)},
    }
    write(result, arguments.out)
    print(result["scores"]["biored-test"]["all_binary"]["f1"], found["ranking"]["average_precision"])


if __name__ == "__main__":
    main()
