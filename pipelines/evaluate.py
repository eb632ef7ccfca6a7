"""harmonize evaluate: a run and a part of a union set in, scores and figures out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonize.errors import HarmonizeError, MalformedInput, UnknownName
from harmonize.names import names_in_short
from harmonize.relation.recipe import part
from harmonize.writing.replace import check_place, folder_place
from harmonize.writing.text import counted

from .evaluate_combinations import TABLE, check_asked, evaluated_combinations
from .predicted import Done, Predicted, RunsToScore, predicted, runs_of, runs_to_score, same_rows, without

if TYPE_CHECKING:
    import pyarrow as pa

    from harmonize.evaluation.evaluate import Evaluation
    from harmonize.evaluation.rows import Measure

__all__ = [
    "EVALUATION",
    "add_to_card",
    "check_kept",
    "compared_with",
    "evaluated",
    "evaluation_folder",
    "measure_named",
    "unusual",
    "write_scores",
]

EVALUATION, PREDICTIONS = "evaluation", "predictions.parquet"
COMPARISON, COMPARISON_TABLE, FOLDS = "comparison.json", "comparison.md", "folds.json"
SEEN, WITHOUT_LEAKS = "seen.json", "without-leaks"


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
    progress: Callable[[int], None] = lambda documents: None,
) -> str:
    """Score a run, and keep what was found in its folder.

    Args:
        progress: is told how many documents are done.
        leave_out_leaks: do not score documents that the run was trained on, nor compare the two on those that
            the other one was.

    Returns:
        The scores as Markdown, with the comparison where there is one.

    Raises:
        HarmonizeError: no such run, part, measure, device or precision, or two runs of different labels.
    """
    from harmonize.evaluation.evaluate import evaluate
    from harmonize.evaluation.markdown import evaluation_markdown, folds_markdown
    from harmonize.writing.json_files import write_json
    from harmonize.writing.replace import new_folder

    chosen = measure_named(measure)
    on = _part_held(union, on)
    kept = evaluation_folder(model, on, measure, precision, leave_out_leaks=leave_out_leaks)
    check_kept(model, kept)
    if _of_combinations(model):
        check_asked(against, measure, leave_out_leaks)
        return _combinations_evaluated(model, union, on, device, precision, progress)
    own = runs_to_score(model, union, on)
    other = None if against is None else runs_to_score(against, union, on)
    if other is not None:
        same_rows(own, other)
    from harmonize.relation.model.load import load_classifier  # torch, when all else is known to be there

    load = partial(load_classifier, device=device, precision=precision)
    done = Done(progress)
    found = predicted(own.without(own.seen if leave_out_leaks else ()), load, done)
    gold, predictions = _joined(found.gold), _joined(found.predictions)
    evaluation = evaluate(gold, predictions, labels=found.labels, measure=chosen)
    texts = [evaluation_markdown(evaluation)]
    with new_folder(kept) as folder:
        write_scores(folder, evaluation, gold, predictions)
        if own.seen:
            write_json(folder / SEEN, {name: "/".join(key) for name, key in own.seen.items()})
        texts += [_seen_markdown(each, on, leave_out_leaks) for each in (own, other) if each and each.seen]
        if len(found.gold) > 1:
            texts.append(folds_markdown(_folds(folder, found, chosen)))
        if found.folds_missing:
            texts.append(f"Not trained, and so not asked: {found.folds_missing} of the folds.\n")
        if other is not None:
            both = own.seen | other.seen if leave_out_leaks else {}
            compared = predicted(other.without(both), load, done)
            texts.append(compared_with(folder, model, _only(found, both), other.model, compared))
    add_to_card(model)
    return "\n".join(texts)


def check_kept(model: Path, folder: Path) -> None:
    """What stands in the way of keeping an evaluation is told before a classifier is asked.

    Raises:
        HarmonizeError: there is no such run, nothing can be written, or an earlier evaluation, which the card
            lists too, is broken.
    """
    from harmonize.relation.run_files import MODEL_CARD

    runs_of(model)
    folder_place(folder)
    for place in (folder, model / MODEL_CARD):
        check_place(place, "the scores")
    if not _of_combinations(model):  # whose card is another
        for path in _all_kept(model):
            if path.parent != folder:
                _card_row(path)


def _seen_markdown(what: RunsToScore, on: str, leave_out_leaks: bool) -> str:
    fate = "left out" if leave_out_leaks else "scored all the same; `--leave-out-leaks` leaves them out"
    told = f"- trained on, or repeats of such: {counted(len(what.seen), 'document')} of {on}; {fate}"
    names = names_in_short(list(what.seen))
    return f"## Documents that {what.model.name} was trained on\n\n{told}: {names}\n"


def _only(found: Predicted, left_out: Collection[str]) -> Predicted:
    """What is said of the documents that are not left out."""
    if not left_out:
        return found
    gold, predictions = _joined(found.gold), _joined(found.predictions)
    return replace(found, gold=[without(gold, left_out)], predictions=[without(predictions, left_out)])


def _of_combinations(model: Path) -> bool:
    """True for a run that classifies sets of entities."""
    from harmonize.relation.combinations import COMBINATION
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.run_files import RECIPE

    return load_recipe(runs_of(model)[0] / RECIPE).head == COMBINATION


def _combinations_evaluated(
    model: Path, union: Path, on: str, device: str, precision: str, progress: Callable[[int], None]
) -> str:
    """Score a run that classifies sets of entities, and keep what was found in its folder."""
    from harmonize.relation.model.classifier import Classifier
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.run_files import RECIPE, TrainingRecord
    from harmonize.relation.select.rows import rows_to_test
    from harmonize.relation.train.card import write_card
    from harmonize.relation.train.seen import seen_documents
    from harmonize.writing.json_files import write_json
    from harmonize.writing.replace import new_folder

    if runs_of(model) != [model]:
        raise HarmonizeError(f"{model}: expected a run, got folds of runs that classify sets of entities")
    recipe = load_recipe(model / RECIPE)
    fold = (recipe.folds, recipe.fold) if on == recipe.evaluate_on else (None, None)
    rows = rows_to_test(union, on, *fold, nary=True)
    names = set(rows["document_id"].to_pylist())
    seen = {name: key for name, key in seen_documents(model, union, on).items() if name in names}
    classifier = Classifier.load(model, device, precision)
    with new_folder(evaluation_folder(model, on, precision=precision)) as folder:
        text = evaluated_combinations(model, rows, union, folder, classifier, progress)
        if seen:
            write_json(folder / SEEN, {name: "/".join(key) for name, key in seen.items()})
            text += "\n" + _seen_markdown(
                RunsToScore(model, [model], [rows], seen, 0), on, leave_out_leaks=False
            )
    parts = sorted(model.glob(f"{EVALUATION}/*/{TABLE}"))
    lines = [
        line for path in parts for line in (f"{path.parent.name}:", "", path.read_text(encoding="utf-8"))
    ]
    write_card(model, recipe, TrainingRecord.read(model), lines)
    return text


def _part_held(union: Path, on: str) -> str:
    """What --on names, by the corpus' key in the set."""
    from harmonize.relation.select.places import part_held
    from harmonize.union.manifest import read_manifest

    try:
        part(on)
    except ValueError as error:
        raise HarmonizeError(f"--on: {error}") from None
    return part_held(read_manifest(union), on)


def measure_named(name: str) -> Measure:
    """The measure of a name.

    Raises:
        UnknownName: none has it.
    """
    from harmonize.evaluation.rows import MEASURES

    for measure in MEASURES:
        if measure == name:
            return measure
    raise UnknownName("measure", name, MEASURES)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(tables)


def write_scores(folder: Path, evaluation: Evaluation, gold: pa.Table, predictions: pa.Table) -> None:
    from harmonize.evaluation.write import write_evaluation
    from harmonize.writing.parquet import write_parquet

    write_evaluation(folder, evaluation, gold, predictions)
    write_parquet(predictions, folder / PREDICTIONS)


def _folds(folder: Path, own: Predicted, measure: Measure) -> Any:
    """Mean and deviation over the folds, beside the scores of all folds pooled."""
    from dataclasses import asdict

    from harmonize.evaluation.evaluate import evaluate
    from harmonize.evaluation.folds import summary_over_folds
    from harmonize.writing.json_files import write_json

    each = [
        evaluate(gold, predictions, labels=own.labels, measure=measure, bootstrap=0)
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
        labels=own.labels,
    )
    text = comparison_markdown(comparison, model.name, against.name)
    write_json(folder / COMPARISON, asdict(comparison), escaped=True)
    write_text(folder / COMPARISON_TABLE, text)
    return text


def _all_kept(model: Path) -> list[Path]:
    """The scores of a run's evaluations."""
    return sorted(model.glob(f"{EVALUATION}/*/metrics.json"))


def _card_row(path: Path) -> list[str]:
    """What a card says of an evaluation.

    Raises:
        MalformedInput: the file does not hold one's scores.
    """
    import json

    from harmonize.writing.markdown import percent

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        overall = found["all"]["overall"]
        cells = [f"{path.parent.name}", str(found["measure"])]
        for score in ("binary", "typed"):
            f1 = overall[score]["f1"]
            cells += [percent(f1["value"]), f"{percent(f1['low'])} - {percent(f1['high'])}"]
    except (ValueError, LookupError, TypeError):
        raise MalformedInput(path, "expected the scores of an evaluation; remove its folder") from None
    return cells


def add_to_card(model: Path) -> None:
    """Say in the run's card what it scores on every part that it was evaluated on."""
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.run_files import RECIPE, TRAINING, TrainingRecord
    from harmonize.relation.train.card import write_card
    from harmonize.writing.markdown import markdown_table

    if not (model / TRAINING).is_file():
        return
    rows = [_card_row(path) for path in _all_kept(model)]
    table = markdown_table(("part", "measure", "F, pair", "95 %", "F, typed", "95 %"), rows)
    write_card(model, load_recipe(model / RECIPE), TrainingRecord.read(model), table.split("\n"))
