"""An entry that trains and scores: its result grows with every evaluation, and its end comes in time."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from gpu_common import write
from job import PREDICTIONS, RESULT, Job
from transformers import TrainerCallback

from harmonize.evaluation.compare import compare
from harmonize.evaluation.evaluate import Evaluation, evaluate
from harmonize.evaluation.scores import Score
from harmonize.pipelines.train import quiet
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.predictions import predicted_rows, read_predictions
from harmonize.relation.recipe import Recipe
from harmonize.relation.run_files import TRAINING
from harmonize.relation.select.rows import rows_to_test
from harmonize.relation.train.training import train
from harmonize.writing.parquet import write_parquet
from harmonize.writing.replace import new_path

_SCORING = 20.0
"""Seconds that scoring may take before an evaluation has shown how long one takes."""
_CURVE = {"eval_pair_f": "pair_f", "eval_typed_f": "typed_f", "eval_loss": "loss"}


class Until(TrainerCallback):
    """Ends training, keeping what it has, when no more time is left than scoring takes.

    Attributes:
        cut: a training was ended.
    """

    def __init__(self, until: float) -> None:
        self._until, self._scoring = until, _SCORING
        self._is_ending = self.cut = False

    @property
    def is_over(self) -> bool:
        return time.time() > self._until - self._scoring

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._is_ending = False

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
        # At the end the development part is scored once more, and then the test part.
        self._scoring = max(self._scoring, 4 * float((metrics or {}).get("eval_runtime", 0.0)) + 10)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.is_over and not self._is_ending:
            self._is_ending = self.cut = control.should_training_stop = True
            control.should_evaluate = control.should_save = args.eval_strategy != "no"


class Curve(TrainerCallback):
    """Writes the scores of the development part as they come.

    Args:
        result: what is known of the entry beside.
    """

    def __init__(self, result: dict[str, Any], job: Job) -> None:
        self._result, self._path, self._begun = result, job.folder / RESULT, time.perf_counter()

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
        seconds = round(time.perf_counter() - self._begun, 1)
        place = {"epoch": round(state.epoch or 0.0, 3), "step": state.global_step, "seconds": seconds}
        scores = {name: metrics[key] for key, name in _CURVE.items() if key in (metrics or {})}
        self._result.setdefault("development", []).append({**place, **scores})
        write(self._result, self._path)


def trained(job: Job) -> None:
    """Train by the entry's recipe, once or once for each fold, and score the test rows."""
    quiet()
    started = time.perf_counter()
    recipe, until = job.recipe(), Until(job.until)
    result: dict[str, Any] = {"values": _values(recipe), "cut": True}
    write(result, job.folder / RESULT)
    tested: list[tuple[pa.Table, pa.Table]] = []
    folds = [recipe] if recipe.folds is None else [job.recipe(fold=fold) for fold in range(recipe.folds)]
    for place, each in enumerate(folds):
        if until.is_over:
            break
        run, callbacks = job.folder / f"run-{place}", [until, Curve(result, job)]
        train(job.union, each, run, device=job.device, callbacks=callbacks)
        gold = rows_to_test(job.union, each.evaluate_on, each.folds, each.fold)
        tested.append((gold, predicted_rows(Classifier.load(run, job.device), gold)))
        gold, predictions = (pa.concat_tables(tables) for tables in zip(*tested, strict=True))
        result |= _record(run) | scores(evaluate(gold, predictions, labels=recipe.labels))
        result |= {"cut": until.cut or len(tested) < len(folds), "folds": [len(tested), len(folds)]}
        result["seconds"] = round(time.perf_counter() - started, 1)
        write(result, job.folder / RESULT)
    if len(tested) == len(folds):
        # Jobs beside this one read it as soon as it is there.
        with new_path(job.folder / PREDICTIONS) as path:
            write_parquet(predictions, path)
        write({**result, "compared": _compared(job, gold, predictions, recipe)}, job.folder / RESULT)


def _values(recipe: Recipe) -> dict[str, Any]:
    """The values of a recipe but for paths of this machine."""
    return recipe.model_dump(mode="json", exclude={"encoder", "teacher", "pseudo"})


def _record(run: Path) -> dict[str, Any]:
    """What a run says of itself that a result keeps."""
    record = json.loads((run / TRAINING).read_text(encoding="utf-8"))
    return {name: record[name] for name in ("rows", "inputs", "steps", "best", "losses") if name in record}


def scores(evaluation: Evaluation) -> dict[str, Any]:
    """The scores that a result names, each with its interval."""
    biorex = evaluation.biorex
    return {
        "binary": _score(evaluation.all.overall.binary),
        "typed": _score(evaluation.all.overall.typed),
        "biorex": None if biorex is None else _score(biorex.overall.binary),
        "by_pair_type": {
            kind: {"binary": _score(section.binary), "typed": _score(section.typed)}
            for kind, section in evaluation.all.by_pair_type.items()
        },
        "by_label": {label: _score(score) for label, score in evaluation.by_label.items()},
        "auc": evaluation.ranking.auc.value,
    }


def _score(score: Score) -> dict[str, float | None]:
    numbers = {"precision": score.precision.value, "recall": score.recall.value, "f1": score.f1.value}
    return {**numbers, "low": score.f1.low, "high": score.f1.high}


def _compared(job: Job, gold: pa.Table, predictions: pa.Table, recipe: Recipe) -> dict[str, Any]:
    """F beside that of each other entry whose predictions are there, this one's minus the other's."""
    found: dict[str, Any] = {}
    for name in job.others:
        path = job.folder.parent / name / PREDICTIONS
        if path.is_file():
            tests = compare(gold, predictions, read_predictions(path), labels=recipe.labels)
            measures = {"binary": tests.binary, "typed": tests.typed, "biorex": tests.biorex}
            found[name] = {key: asdict(test) for key, test in measures.items() if test is not None}
    return found
