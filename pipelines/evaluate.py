"""harmonize evaluate: a run and a part of a union set in, scores and figures out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize.errors import HarmonizeError, MissingInput, UnknownName
from harmonize.relation.recipe import part

from .combinations import TABLE, check_asked, evaluated_combinations

if TYPE_CHECKING:
    import pyarrow as pa

    from harmonize.evaluation.evaluate import Evaluation
    from harmonize.relation.model.load import AnyClassifier

__all__ = [
    "EVALUATION",
    "Predicted",
    "add_to_card",
    "check_measure",
    "compared_with",
    "evaluated",
    "evaluation_folder",
    "runs_of",
    "unusual",
    "write_scores",
]

EVALUATION, PREDICTIONS = "evaluation", "predictions.parquet"
COMPARISON, COMPARISON_TABLE, FOLDS = "comparison.json", "comparison.md", "folds.json"
SEEN, WITHOUT_LEAKS = "seen.json", "without-leaks"


_Load = Callable[[Path], "AnyClassifier"]


@dataclass(frozen=True)
class Predicted:
    """What the runs of a folder say of a part: one run, or one for each fold."""

    gold: list[pa.Table]
    predictions: list[pa.Table]
    labels: str
    folds_missing: int


def runs_of(model: Path) -> list[Path]:
    """A run, or the runs of its folds in order.

    Raises:
        MissingInput: neither is there.
    """
    from harmonize.relation.train.run import TRAINING

    if (model / TRAINING).is_file():
        return [model]
    folds = {
        int(number): record.parent
        for record in model.glob(f"fold-*/{TRAINING}")
        if (number := record.parent.name.removeprefix("fold-")).isdecimal()
    }
    if not folds:
        raise MissingInput(model, f"expected a run of `harmonize train`, found no {TRAINING}")
    return [folds[fold] for fold in sorted(folds)]


def evaluation_folder(
    model: Path, on: str, measure: str = "all", precision: str = "auto", *, leave_out_leaks: bool = False
) -> Path:
    """Where a run keeps its scores on a part."""
    return model / EVALUATION / "-".join([*part(on), *unusual(measure, precision, leave_out_leaks)])


def unusual(measure: str, precision: str, leave_out_leaks: bool) -> list[str]:
    """What an evaluation's folder is named by, beside what was scored."""
    others = [name for name, usual in ((measure, "all"), (precision, "auto")) if name != usual]
    return [WITHOUT_LEAKS, *others] if leave_out_leaks else others


def evaluated(
    model: Path,
    union: Path,
    on: str,
    against: Path | None,
    measure: str,
    device: str,
    precision: str = "auto",
    *,
    leave_out_leaks: bool = False,
) -> str:
    """Score a run, and keep what was found in its folder.

    Args:
        leave_out_leaks: do not score documents that one of the runs was trained on.

    Returns:
        The scores as Markdown, with the comparison where there is one.

    Raises:
        HarmonizeError: no such run, part, measure, device or precision, or two runs of different labels.
    """
    from harmonize.evaluation.evaluate import evaluate
    from harmonize.evaluation.markdown import evaluation_markdown, folds_markdown
    from harmonize.relation.model.load import load_classifier
    from harmonize.relation.train.seen import seen_documents
    from harmonize.writing.json_files import write_json
    from harmonize.writing.replace import new_folder

    _check(on, measure)
    runs = [run for each in (model, against) if each is not None for run in runs_of(each)]
    if _of_combinations(model):
        check_asked(against, measure, leave_out_leaks)
        return _combinations_evaluated(model, union, on, device, precision)
    load = partial(load_classifier, device=device, precision=precision)
    seen = seen_documents(runs, union, on)
    left_out = seen.keys() if leave_out_leaks else frozenset()
    own = _predicted(model, union, on, load, left_out)
    gold, predictions = _joined(own.gold), _joined(own.predictions)
    evaluation = evaluate(gold, predictions, labels=own.labels, measure=measure)  # type: ignore[arg-type]
    texts = [evaluation_markdown(evaluation)]
    kept = evaluation_folder(model, on, measure, precision, leave_out_leaks=leave_out_leaks)
    with new_folder(kept) as folder:
        write_scores(folder, evaluation, gold, predictions)
        if seen:
            write_json(folder / SEEN, {name: "/".join(key) for name, key in seen.items()})
            texts.append(_seen_markdown(list(seen), on, leave_out_leaks))
        if len(own.gold) > 1:
            texts.append(folds_markdown(_folds(folder, own, measure)))
        if own.folds_missing:
            texts.append(f"Not trained, and so not scored: {own.folds_missing} of the folds.\n")
        if against is not None:
            other = _predicted(against, union, on, load, left_out)
            texts.append(compared_with(folder, model, own, against, other))
    add_to_card(model)
    return "\n".join(texts)


def _seen_markdown(documents: Sequence[str], on: str, leave_out_leaks: bool) -> str:
    from harmonize.gold.documents import names_in_short

    fate = "left out" if leave_out_leaks else "scored all the same; `--leave-out-leaks` leaves them out"
    told = f"- {len(documents):,} documents of {on} were trained on, or repeat one that was; {fate}"
    return f"## Documents that were trained on\n\n{told}: {names_in_short(documents)}\n"


def _of_combinations(model: Path) -> bool:
    """True for a run that classifies sets of entities."""
    from harmonize.relation.combinations import COMBINATION
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.train.work_folder import RECIPE

    return load_recipe(runs_of(model)[0] / RECIPE).head == COMBINATION


def _combinations_evaluated(model: Path, union: Path, on: str, device: str, precision: str) -> str:
    """Score a run that classifies sets of entities, and keep what was found in its folder."""
    from harmonize.relation.model.classifier import Classifier
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.select.rows import rows_to_test
    from harmonize.relation.train.card import write_card
    from harmonize.relation.train.run import read_record
    from harmonize.relation.train.work_folder import RECIPE
    from harmonize.writing.replace import new_folder

    (run,) = runs_of(model)
    recipe = load_recipe(run / RECIPE)
    fold = (recipe.folds, recipe.fold) if on == recipe.evaluate_on else (None, None)
    rows = rows_to_test(union, on, *fold, nary=True)
    classifier = Classifier.load(run, device, precision)
    with new_folder(evaluation_folder(model, on, precision=precision)) as folder:
        text = evaluated_combinations(run, rows, union, folder, classifier)
    parts = sorted(model.glob(f"{EVALUATION}/*/{TABLE}"))
    lines = [
        line for path in parts for line in (f"{path.parent.name}:", "", path.read_text(encoding="utf-8"))
    ]
    write_card(model, recipe, read_record(model), lines)
    return text


def _check(on: str, measure: str) -> None:
    try:
        part(on)
    except ValueError as error:
        raise HarmonizeError(f"--on: {error}") from None
    check_measure(measure)


def check_measure(measure: str) -> None:
    """Raises UnknownName for a measure that is none."""
    from harmonize.evaluation.rows import MEASURES

    if measure not in MEASURES:
        raise UnknownName("measure", measure, MEASURES)


def _predicted(model: Path, union: Path, on: str, load: _Load, left_out: Collection[str]) -> Predicted:
    """The rows of a part that each run of a folder is to be tested on, and what it predicts.

    Args:
        left_out: ids of documents whose rows are not.
    """
    from harmonize.relation.predictions import predicted_rows
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.select.rows import rows_to_test
    from harmonize.relation.train.work_folder import RECIPE

    gold, predictions, kinds = [], [], set()
    for run in runs_of(model):
        recipe = load_recipe(run / RECIPE)
        fold = (recipe.folds, recipe.fold) if on == recipe.evaluate_on else (None, None)
        rows = _without(rows_to_test(union, on, *fold), left_out)
        if left_out and not rows.num_rows:
            raise HarmonizeError(f"--on {on}: expected documents that {run} was not trained on, found none")
        classifier = load(run)
        gold.append(rows)
        predictions.append(predicted_rows(classifier, rows))
        kinds.add(classifier.kind)
    if len(kinds) > 1:
        raise HarmonizeError(f"{model}: expected folds of the same labels, got {' and '.join(sorted(kinds))}")
    missing = 0 if recipe.folds is None or len(gold) == 1 else recipe.folds - len(gold)
    return Predicted(gold, predictions, kinds.pop(), missing)


def _without(rows: pa.Table, documents: Collection[str]) -> pa.Table:
    """Rows, those of some documents left out."""
    import pyarrow as pa

    if not documents:
        return rows
    return rows.filter(pa.array([name not in documents for name in rows["document_id"].to_pylist()]))


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(tables)


def write_scores(folder: Path, evaluation: Evaluation, gold: pa.Table, predictions: pa.Table) -> None:
    from harmonize.evaluation.write import write_evaluation
    from harmonize.writing.parquet import write_parquet

    write_evaluation(folder, evaluation, gold, predictions)
    write_parquet(predictions, folder / PREDICTIONS)


def _folds(folder: Path, own: Predicted, measure: str) -> Any:
    """Mean and deviation over the folds, beside the scores of all folds pooled."""
    from dataclasses import asdict

    from harmonize.evaluation.evaluate import evaluate
    from harmonize.evaluation.folds import summary_over_folds
    from harmonize.writing.json_files import write_json

    each = [
        evaluate(gold, predictions, labels=own.labels, measure=measure, bootstrap=0)  # type: ignore[arg-type]
        for gold, predictions in zip(own.gold, own.predictions, strict=True)
    ]
    summary = summary_over_folds(each)
    write_json(folder / FOLDS, asdict(summary), escaped=True)
    return summary


def compared_with(folder: Path, model: Path, own: Predicted, against: Path, other: Predicted) -> str:
    """The paired test of two runs on the same rows, as Markdown."""
    from dataclasses import asdict

    from harmonize.evaluation.compare import compare
    from harmonize.evaluation.markdown import comparison_markdown
    from harmonize.writing.json_files import write_json
    from harmonize.writing.text import write_text

    if other.labels != own.labels:
        raise HarmonizeError(
            f"{against}: expected labels of the same kind ({own.labels}), got {other.labels}"
        )
    comparison = compare(
        _joined(own.gold),
        _joined(own.predictions),
        _joined(other.predictions),
        labels=own.labels,  # type: ignore[arg-type]
    )
    text = comparison_markdown(comparison, model.name, against.name)
    write_json(folder / COMPARISON, asdict(comparison), escaped=True)
    write_text(folder / COMPARISON_TABLE, text)
    return text


def add_to_card(model: Path) -> None:
    """Say in the run's card what it scores on every part that it was evaluated on."""
    import json

    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.train.card import write_card
    from harmonize.relation.train.run import TRAINING, read_record
    from harmonize.relation.train.work_folder import RECIPE
    from harmonize.writing.markdown import markdown_table

    if not (model / TRAINING).is_file():
        return
    rows: list[list[str]] = []
    for path in sorted(model.glob(f"{EVALUATION}/*/metrics.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        overall = found["all"]["overall"]
        cells = [f"{path.parent.name}", found["measure"]]
        for score in ("binary", "typed"):
            f1 = overall[score]["f1"]
            cells += [_percent(f1["value"]), f"{_percent(f1['low'])} - {_percent(f1['high'])}"]
        rows.append(cells)
    table = markdown_table(("part", "measure", "F, pair", "95 %", "F, typed", "95 %"), rows)
    write_card(model, load_recipe(model / RECIPE), read_record(model), table.split("\n"))


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
