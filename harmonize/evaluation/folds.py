"""What cross-validation adds to an evaluation of all folds together: how much the folds differ.

The score of all folds together is `evaluate` on the concatenated tables: each document is tested once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from harmonize.errors import HarmonizeError
from harmonize.evaluation.evaluate import Evaluation
from harmonize.evaluation.scores import Score, Section

__all__ = ["FoldSummary", "Spread", "SpreadScore", "summary_over_folds"]


@dataclass(frozen=True)
class Spread:
    """A number over folds.

    Attributes:
        values: of each fold, None where it has none.
        mean: of those that are not None; None where all are.
        deviation: their standard deviation, n - 1 in the denominator; None with fewer than two.
    """

    values: tuple[float | None, ...]
    mean: float | None
    deviation: float | None


@dataclass(frozen=True)
class SpreadScore:
    """Precision, recall and F over folds."""

    precision: Spread
    recall: Spread
    f1: Spread


@dataclass(frozen=True)
class FoldSummary:
    """Scores over folds, in the order of the evaluations.

    Attributes:
        folds: how many there are.
        rows: of each.
        binary, typed: on all rows of a fold.
        biorex: binary, on the rows of the BioREx measure; None unless every fold has it.
        auc, average_precision: of the ranking by `related`.
    """

    folds: int
    rows: tuple[int, ...]
    binary: SpreadScore
    typed: SpreadScore
    biorex: SpreadScore | None
    auc: Spread
    average_precision: Spread

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def summary_over_folds(evaluations: Sequence[Evaluation]) -> FoldSummary:
    """Mean and standard deviation over the evaluations of single folds.

    Raises:
        HarmonizeError: there is no evaluation, or they are not of the same labels and measure.
    """
    kinds = sorted({(each.labels, each.measure) for each in evaluations})
    if len(kinds) != 1:
        found = ", ".join(" ".join(kind) for kind in kinds) or "none"
        raise HarmonizeError(f"folds: expected evaluations of the same labels and measure, got {found}")
    sections = [each.all.overall for each in evaluations]
    measured = [each.biorex.overall for each in evaluations if each.biorex is not None]
    return FoldSummary(
        folds=len(evaluations),
        rows=tuple(section.rows for section in sections),
        binary=_scores(sections, lambda section: section.binary),
        typed=_scores(sections, lambda section: section.typed),
        biorex=_scores(measured, lambda section: section.binary) if len(measured) == len(sections) else None,
        auc=_spread([each.ranking.auc.value for each in evaluations]),
        average_precision=_spread([each.ranking.average_precision.value for each in evaluations]),
    )


def _scores(sections: Sequence[Section], of: Callable[[Section], Score]) -> SpreadScore:
    scores = [of(section) for section in sections]
    return SpreadScore(
        precision=_spread([score.precision.value for score in scores]),
        recall=_spread([score.recall.value for score in scores]),
        f1=_spread([score.f1.value for score in scores]),
    )


def _spread(values: Sequence[float | None]) -> Spread:
    defined = [value for value in values if value is not None]
    return Spread(
        values=tuple(values),
        mean=fmean(defined) if defined else None,
        deviation=stdev(defined) if len(defined) > 1 else None,
    )
