"""What the runs of a folder are scored on, and what they predict: one run, or one for each fold."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harmonize.errors import HarmonizeError, MissingInput

if TYPE_CHECKING:
    import pyarrow as pa

    from harmonize.relation.labels import LabelKind
    from harmonize.relation.model.load import AnyClassifier
    from harmonize.relation.model.mean import KindOfClassifier
    from harmonize.union.documents import DocumentKey

__all__ = [
    "Done",
    "Predicted",
    "RunsToScore",
    "not_trained_on",
    "predicted",
    "runs_of",
    "runs_to_score",
    "same_rows",
    "without",
]


@dataclass(frozen=True)
class Predicted:
    """What the runs of a folder say of a part.

    Attributes:
        gold, predictions: of each fold that is scored; a single one of a run, or of the mean of several.
        labels: whose relation types are predicted.
        folds_missing: how many folds are not trained.
    """

    gold: list[pa.Table]
    predictions: list[pa.Table]
    labels: LabelKind
    folds_missing: int


@dataclass(frozen=True)
class RunsToScore:
    """The runs of a folder, and the rows that they are scored on.

    Attributes:
        model: the folder.
        runs: a run; or each fold's on its own rows; or several, whose mean is scored on the same rows.
        gold: the rows.
        seen: documents among them that were trained on or repeat one that was -> that one.
        folds_missing: see Predicted.
    """

    model: Path
    runs: list[Path]
    gold: list[pa.Table]
    seen: dict[str, DocumentKey]
    folds_missing: int

    def without(self, documents: Collection[str]) -> RunsToScore:
        """The same with some documents left out.

        Raises:
            HarmonizeError: nothing is left.
        """
        if not documents:
            return self
        gold = [without(rows, documents) for rows in self.gold]
        kept = [place for place, rows in enumerate(gold) if rows.num_rows]
        if not kept:
            raise HarmonizeError(f"{self.model}: expected documents that it was not trained on, found none")
        runs = self.runs if len(self.gold) < len(self.runs) else [self.runs[place] for place in kept]
        return RunsToScore(self.model, runs, [gold[place] for place in kept], self.seen, self.folds_missing)


def runs_of(model: Path) -> list[Path]:
    """A run, or the runs of its folds in order.

    Raises:
        MissingInput: neither is there.
    """
    from harmonize.relation.run_files import TRAINING

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


def not_trained_on(run: Path, as_corpus: str, *, named: bool = False) -> str | None:
    """What to say of a run that is asked by a corpus' rules; None if it was trained on pairs made by them.

    Args:
        named: somebody named the corpus, and is only told if the run has read it and forgotten it since.
    """
    from harmonize.relation.run_files import FIRST, holds_run

    try:
        members = _members(run)
        corpora_read = [_corpora_read(member) for member in members]
    except HarmonizeError:  # what a run needs is told where it is loaded
        return None
    forgetful = [before for *before, last in corpora_read if not _answers(as_corpus, last)]
    forgotten = sum(any(_answers(as_corpus, corpora) for corpora in before) for before in forgetful)
    corpora = list(dict.fromkeys(name for *_, last in corpora_read for name in last))
    if forgotten and members != [run]:
        return (
            f"asked as {as_corpus}, which {forgotten} of its {len(members)} members read in the first of two "
            f"stages, and have mostly forgotten in the second"
        )
    if forgotten:
        remedy = f"; {run / FIRST} answers as {as_corpus}" if holds_run(run / FIRST) else ""
        return (
            f"asked as {as_corpus}, which the run read in the first of its two stages, and has mostly "
            f"forgotten in the second, on {', '.join(corpora)} alone{remedy}"
        )
    if named or len(forgetful) < len(members):
        return None
    return (
        f"asked as {as_corpus}, on which the run was not trained; "
        f"--as-corpus {' or '.join(corpora)} asks as it was trained"
    )


def _members(run: Path) -> list[Path]:
    """A run; or of an ensemble, the runs that it is the mean of, and of those that are ensembles theirs.

    Raises:
        MalformedInput: a broken ensemble.
    """
    from harmonize.relation.model.ensemble import Ensemble
    from harmonize.relation.run_files import ENSEMBLE_FILE

    if not (run / ENSEMBLE_FILE).is_file():
        return [run]
    return [each for member in Ensemble.read(run).folders(run) for each in _members(member)]


def _corpora_read(run: Path) -> list[tuple[str, ...]]:
    """The corpora that a run was trained on, in each of its stages.

    Raises:
        HarmonizeError: its recipe cannot be read.
    """
    from harmonize.relation.recipe import load_recipe, stages, trained_corpora
    from harmonize.relation.run_files import RECIPE

    return [trained_corpora(stage) for stage in stages(load_recipe(run / RECIPE))]


def _answers(as_corpus: str, corpora: Collection[str]) -> bool:
    """True if a corpus is among those that a stage names."""
    from harmonize.relation.recipe import ALL, OTHERS

    return not {as_corpus, ALL, OTHERS}.isdisjoint(corpora)


def runs_to_score(model: Path, union: Path, on: str) -> RunsToScore:
    """The rows of a part that the runs of a folder are scored on.

    Of the part that folds were made of, each fold's run is asked about its own rows; of another part, all are
    asked about all of them.

    Raises:
        HarmonizeError: no such run, or part.
    """
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.run_files import RECIPE
    from harmonize.relation.select.rows import rows_to_test
    from harmonize.relation.train.seen import seen_documents

    runs = runs_of(model)
    recipes = [load_recipe(run / RECIPE) for run in runs]
    if on == recipes[0].evaluate_on:
        gold = [rows_to_test(union, on, recipe.folds, recipe.fold) for recipe in recipes]
    else:
        gold = [rows_to_test(union, on)]
    seen: dict[str, DocumentKey] = {}
    for place, run in enumerate(runs):
        names = set(gold[place % len(gold)]["document_id"].to_pylist())
        seen |= {name: key for name, key in seen_documents(run, union, on).items() if name in names}
    missing = 0 if runs == [model] else (recipes[0].folds or len(runs)) - len(runs)
    return RunsToScore(model, runs, gold, dict(sorted(seen.items())), missing)


class Done:
    """Tells how many documents are done, of several predictions together."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self._progress, self._before, self._now = progress, 0, 0

    def __call__(self, documents: int) -> None:
        self._now = documents
        self._progress(self._before + documents)

    def next(self) -> None:
        """Another prediction begins."""
        self._before, self._now = self._before + self._now, 0


def predicted(what: RunsToScore, load: Callable[[Path], AnyClassifier], done: Done) -> Predicted:
    """What the runs say of the rows that they are asked about.

    Raises:
        HarmonizeError: runs of different labels.
    """
    from harmonize.relation.model.mean import MeanClassifier
    from harmonize.relation.predictions import predicted_rows

    if len(what.gold) < len(what.runs):
        mean = MeanClassifier([load(run) for run in what.runs], str(what.model))
        found = predicted_rows(mean, what.gold[0], done)
        done.next()
        return Predicted(what.gold, [found], mean.kind, what.folds_missing)
    predictions, kinds = [], set()
    for run, rows in zip(what.runs, what.gold, strict=True):
        classifier: KindOfClassifier = load(run)
        predictions.append(predicted_rows(classifier, rows, done))
        done.next()
        kinds.add(classifier.kind)
    if len(kinds) > 1:
        raise HarmonizeError(
            f"{what.model}: expected folds of the same labels, got {' and '.join(sorted(kinds))}"
        )
    return Predicted(what.gold, predictions, kinds.pop(), what.folds_missing)


def same_rows(one: RunsToScore, other: RunsToScore) -> None:
    """Raises HarmonizeError where two are scored on different rows: one lacks folds that the other has."""
    rows = [{name for gold in each.gold for name in gold["instance_id"].to_pylist()} for each in (one, other)]
    if rows[0] != rows[1]:
        fewer = min(one, other, key=lambda each: sum(gold.num_rows for gold in each.gold))
        raise HarmonizeError(
            f"--against: expected two runs that are scored on the same rows, {fewer.model} has "
            f"{len(rows[0] ^ rows[1]):,} fewer: {fewer.folds_missing} of its folds are not trained"
        )


def without(rows: pa.Table, documents: Collection[str]) -> pa.Table:
    """Rows, those of some documents left out."""
    import pyarrow as pa

    return rows.filter(pa.array([name not in documents for name in rows["document_id"].to_pylist()]))
