"""Many systems on the same rows: each one's F with its interval, and a paired test against one of them.

A system may have been trained with several seeds. Its counts are then added up, document by document: F is
micro over all of them, and intervals and tests are of documents as elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from harmonize.errors import UnknownName
from harmonize.evaluation.compare import Difference, PairedTest
from harmonize.evaluation.evaluate import refusal
from harmonize.evaluation.rows import Rows, joined
from harmonize.evaluation.scores import (
    Bootstrap,
    Estimate,
    Outcome,
    by_document,
    pair_found,
    pair_with_type,
    ratios,
)
from harmonize.relation.labels import LabelKind

__all__ = ["RankBy", "Standing", "Standings", "standings"]

RankBy = Literal["pairs", "types"]
"""What counts: that a pair is found, or that it is found with its type."""
_OUTCOMES: Mapping[RankBy, Outcome] = {"pairs": pair_found, "types": pair_with_type}


@dataclass(frozen=True)
class Standing:
    """One system.

    Attributes:
        seeds: how often it was trained.
        precision, recall, f1: of the pairs found, with intervals.
        typed: F of the pairs found with their type.
        f1_by_seed: the F that systems are ranked by, of each seed.
        difference: in the F that systems are ranked by, to the one that all are tested against; None for
            itself.
        p_holm: the difference's p, corrected for the number of tests (Holm 1979).
    """

    name: str
    seeds: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    typed: Estimate
    f1_by_seed: tuple[float | None, ...]
    difference: Difference | None
    p_holm: float | None


@dataclass(frozen=True)
class Standings:
    """Systems on one gold table, the best F first.

    Attributes:
        against: the system that all others are tested against.
        rank_by: which F they are ranked and tested by.
        corpora, splits, labels: as in Evaluation.
        documents, rows, positive: what all were scored on.
    """

    against: str
    rank_by: RankBy
    corpora: tuple[str, ...]
    splits: tuple[str, ...]
    labels: LabelKind
    documents: int
    rows: int
    positive: int
    resamples: int
    trials: int
    systems: tuple[Standing, ...]

    def ranked(self, system: Standing) -> Estimate:
        """The F of a system that it is ranked by."""
        return _ranked(system, self.rank_by)

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def standings(
    gold: pa.Table,
    systems: Mapping[str, Sequence[pa.Table]],
    against: str,
    *,
    labels: LabelKind = "harmonized",
    rank_by: RankBy = "pairs",
    bootstrap: int = 1_000,
    trials: int = 10_000,
    seed: int = 0,
) -> Standings:
    """Score systems and test each against one of them.

    Args:
        gold: as for `evaluate`.
        systems: name -> its predictions, as for `evaluate`, one table for each seed.
        against: the name of one.
        rank_by: which F they are ranked and tested by.

    Raises:
        UnknownName: `against` is none of the systems.
        HarmonizeError: tables that do not fit gold.
    """
    if against not in systems:
        raise UnknownName("system", against, systems)
    rows = {
        name: [joined(gold, table, labels, "all") for table in tables] for name, tables in systems.items()
    }
    first = rows[against][0]
    resamples = Bootstrap(first.documents, bootstrap, seed)
    test = PairedTest(resamples, trials, seed)
    outcome = _OUTCOMES[rank_by]
    tested = {
        name: None if name == against else test.difference(own, rows[against], outcome)
        for name, own in rows.items()
    }
    found = _corrected([_standing(name, rows[name], resamples, outcome, tested[name]) for name in rows])
    return Standings(
        against=against,
        rank_by=rank_by,
        corpora=first.corpora,
        splits=first.splits,
        labels=labels,
        documents=len(np.unique(first.document)),
        rows=len(first),
        positive=int(first.positive.sum()),
        resamples=bootstrap,
        trials=trials,
        systems=tuple(sorted(found, key=lambda one: -(_ranked(one, rank_by).value or 0.0))),
    )


def _ranked(system: Standing, rank_by: RankBy) -> Estimate:
    return system.typed if rank_by == "types" else system.f1


def _standing(
    name: str,
    rows: Sequence[Rows],
    resamples: Bootstrap,
    ranked: Outcome,
    difference: Difference | None,
) -> Standing:
    precision, recall, f1 = _estimates(rows, resamples, pair_found)
    *_, typed = _estimates(rows, resamples, pair_with_type)
    by_seed = [ratios(by_document(each, ranked).sum(axis=0))[2] for each in rows]
    return Standing(
        name=name,
        seeds=len(rows),
        precision=precision,
        recall=recall,
        f1=f1,
        typed=typed,
        f1_by_seed=tuple(None if np.isnan(value) else float(value) for value in by_seed),
        difference=difference,
        p_holm=None,
    )


def _estimates(rows: Sequence[Rows], resamples: Bootstrap, outcome: Outcome) -> list[Estimate]:
    """Precision, recall and F."""
    reason = refusal(rows[0])
    counts = np.sum([by_document(each, outcome) for each in rows], axis=0)
    estimates = []
    for value, samples in zip(ratios(counts.sum(axis=0)), ratios(resamples.weights @ counts), strict=True):
        if reason is not None:
            estimates.append(Estimate(None, reason=reason))
        elif np.isnan(value):
            estimates.append(Estimate(None, reason="no relation is there, or none is predicted"))
        else:
            estimates.append(resamples.estimate(float(value), samples))
    return estimates


def _corrected(found: Sequence[Standing]) -> list[Standing]:
    """With Holm's step-down correction: the k-th smallest of n values of p times n - k + 1, never falling."""
    ranked = sorted(
        (one.difference.p, place)
        for place, one in enumerate(found)
        if one.difference is not None and one.difference.p is not None
    )
    corrected: dict[int, float] = {}
    highest = 0.0
    for rank, (p, place) in enumerate(ranked):
        highest = max(highest, min(1.0, p * (len(ranked) - rank)))
        corrected[place] = highest
    return [replace(one, p_holm=corrected.get(place)) for place, one in enumerate(found)]
