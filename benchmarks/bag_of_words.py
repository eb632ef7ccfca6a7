"""What a bag of words scores on the very rows that a classifier is trained and tested on.

    python benchmarks/bag_of_words.py --union SET --recipe folds-hprd50 [--set NAME=VALUE]
        [--out benchmarks/results/bag_of_words-NAME.json]

A logistic regression on the unigrams and bigrams of the context, both entities blinded; balanced classes,
its strength chosen on the development rows of the recipe.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from common import commit, hardware, versions, write
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from harmonize.evaluation.evaluate import Evaluation, evaluate
from harmonize.evaluation.folds import summary_over_folds
from harmonize.pipelines.train import values_set
from harmonize.relation.labels import NEGATIVE, decide, is_negative, related
from harmonize.relation.pair import Pair
from harmonize.relation.prompt import context_pieces
from harmonize.relation.recipe import Recipe, load_recipe
from harmonize.relation.selection import gold_labels, pairs_of, rows_to_test, select

STRENGTHS = (0.1, 1.0, 10.0)


def blinded(pair: Pair) -> str:
    """The context with HEADENTITY and TAILENTITY for the mentions; where they overlap both stand."""
    words, open_sides = [], 0
    for piece in context_pieces(pair, {}):
        if isinstance(piece, str):
            words.append("" if open_sides else piece)
        elif piece.opens:
            open_sides += 1
            words.append(" TAILENTITY " if piece.side else " HEADENTITY ")
        else:
            open_sides -= 1
    return "".join(words)


def model(strength: float) -> Pipeline:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
    return make_pipeline(words, LogisticRegression(C=strength, class_weight="balanced", max_iter=2000))


def predictions(fitted: Pipeline, rows: pa.Table) -> pa.Table:
    probabilities = fitted.predict_proba([blinded(pair) for pair in pairs_of(rows)])
    labels = [str(label) for label in fitted.classes_]
    chosen = decide(probabilities)
    return pa.table(
        {
            "instance_id": rows["instance_id"],
            "label": [NEGATIVE if is_negative(labels[place]) else labels[place] for place in chosen],
            "confidence": probabilities.max(axis=1),
            "related": related(probabilities, labels),
        }
    )


def fitted_and_tested(union: Path, recipe: Recipe) -> tuple[pa.Table, pa.Table]:
    """(gold rows, predictions) of the model whose strength does best on the development rows."""
    selection = select(union, recipe)
    texts = [blinded(pair) for pair in pairs_of(selection.train)]
    labels = gold_labels(selection.train, recipe.labels)
    best: tuple[float, Pipeline] | None = None
    for strength in STRENGTHS:
        tried = model(strength).fit(texts, labels)
        watched = evaluate(selection.development, predictions(tried, selection.development), bootstrap=0)
        f1 = watched.all.overall.binary.f1.value or 0.0
        if best is None or f1 > best[0]:
            best = (f1, tried)
    assert best is not None
    gold = rows_to_test(union, recipe.evaluate_on, recipe.folds, recipe.fold)
    return gold, predictions(best[1], gold)


def scores(evaluation: Evaluation) -> dict[str, Any]:
    found = {
        "all_binary": evaluation.all.overall.binary,
        "all_typed": evaluation.all.overall.typed,
        "all_positive": None if evaluation.all_positive is None else evaluation.all_positive.scores.binary,
        "majority": evaluation.majority.scores.binary,
        "biorex_binary": None if evaluation.biorex is None else evaluation.biorex.overall.binary,
    }
    return {
        name: {"f1": score.f1.value, "low": score.f1.low, "high": score.f1.high}
        for name, score in found.items()
        if score is not None
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--union", type=Path, required=True)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    recipe = load_recipe(arguments.recipe, values_set(arguments.set))
    out = arguments.out or Path(f"benchmarks/results/bag_of_words-{arguments.recipe}.json")
    if recipe.folds is None or recipe.fold is not None:
        recipes = [recipe]
    else:
        recipes = [recipe.with_values({"fold": fold}) for fold in range(recipe.folds)]
    tested = [fitted_and_tested(arguments.union, each) for each in recipes]
    pooled = evaluate(*(pa.concat_tables(tables) for tables in zip(*tested, strict=True)))
    result = {
        "benchmark": "bag_of_words",
        "command": f"python benchmarks/bag_of_words.py --union SET --recipe {arguments.recipe}"
        + "".join(f" --set {setting}" for setting in arguments.set),
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions("harmonize", "scikit-learn"),
        "pooled": scores(pooled),
    }
    if len(tested) > 1:
        each = [evaluate(gold, found, bootstrap=0) for gold, found in tested]
        result["by_fold"] = summary_over_folds(each).binary.f1.values
    write(result, out)
    print(result["pooled"])


if __name__ == "__main__":
    main()
