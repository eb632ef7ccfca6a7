"""Everything that is measured of one system's predictions for one gold table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from harmonize.errors import HarmonizeError
from harmonize.evaluation.ranking import Ranking, ranking
from harmonize.evaluation.rows import BIOREX_PAIR_TYPES, IntArray, Measure, Rows, joined
from harmonize.evaluation.scores import (
    Bootstrap,
    Judge,
    Score,
    Section,
    has_label,
    pair_found,
    pair_with_type,
    with_value,
)
from harmonize.relation.labels import LabelKind
from harmonize.relation.said import VALUES

__all__ = ["Baseline", "Breakdown", "Confusion", "Evaluation", "Further", "evaluate", "refusal"]

_TOGETHER = {"one sentence": 1, "several sentences": 0, "unknown": -1}
MANY_MENTIONS = 4
"""From here on numbers of mentions are not told apart."""


@dataclass(frozen=True)
class Breakdown:
    """The scores of some rows, and of those of each pair type.

    Attributes:
        by_pair_type: by unordered entity types after rule e, e.g. "C-D", or "BC5CDR-Chem / BC5CDR-Disease"
            for types without a letter of their own.
    """

    overall: Section
    by_pair_type: dict[str, Section]


@dataclass(frozen=True)
class Baseline:
    """What one label for every row would score.

    Attributes:
        label: the label; "None" is no relation.
    """

    label: str
    scores: Section


@dataclass(frozen=True)
class Further:
    """The scores of what is said of relations beside their type, as BioCreative VIII's BioRED track has them.

    Attributes:
        rows, positive: of these, rows whose gold relation says nothing are left out.
        pair, typed: as in Section, of these rows.
        with_value: a relation is found, and what is said of it; whatever its type.
        all: it is found with its type and what is said of it.
        constant: the value that stands for no knowledge, such as Novel.
        constant_with_value, constant_all: the same as the two, if every relation found had that value.
    """

    rows: int
    positive: int
    pair: Score
    typed: Score
    with_value: Score
    all: Score
    constant: str
    constant_with_value: Score
    constant_all: Score


@dataclass(frozen=True)
class Confusion:
    """How many rows have which labels.

    Attributes:
        labels: "None" first.
        counts: a row for each gold label, a column for each predicted one.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Evaluation:
    """The scores of one system.

    Attributes:
        corpora, splits: those of the gold rows.
        labels: whose relation types are compared.
        measure: "biorex" where only the rows of the BioREx measure were evaluated.
        documents, without_prediction: gold documents; rows that count as predicted "None".
        resamples, seed: of the intervals.
        all: every row.
        without_variants, variants_only: without and with an entity of type SequenceVariant; None where no
            row has one.
        biorex: the BioREx measure, whose binary F the paper reports: five pair types, without variants. None
            where gold holds fewer than two of the five, so that it has nothing to do with BioRED.
        by_mentions: by how many mentions the entity with the fewer has in the text: "0" (a relation
            that no pair can show), "1", "2", "3", "4 or more". Empty where gold has no columns of spans.
        by_sentence: "one sentence" has mentions of both entities, or they stand in "several sentences";
            "unknown" where gold does not tell. Empty where it never does.
        by_label: each label of gold or predictions but "None".
        said: of what gold and predictions both say beside the type, by column (novelty, subject).
        ranking: of the probability that there is a relation.
        confusion: of labels.
        majority: the most frequent gold label for every row.
        all_positive: the most frequent gold relation for every row; None where gold has no relation.
    """

    corpora: tuple[str, ...]
    splits: tuple[str, ...]
    labels: LabelKind
    measure: Measure
    documents: int
    without_prediction: int
    resamples: int
    seed: int
    all: Breakdown
    without_variants: Breakdown | None
    variants_only: Breakdown | None
    biorex: Breakdown | None
    by_mentions: dict[str, Section]
    by_sentence: dict[str, Section]
    by_label: dict[str, Score]
    said: dict[str, Further]
    ranking: Ranking
    confusion: Confusion
    majority: Baseline
    all_positive: Baseline | None

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them, numbers unrounded."""
        return asdict(self)


def evaluate(
    gold: pa.Table,
    predictions: pa.Table,
    *,
    labels: LabelKind = "harmonized",
    measure: Measure = "all",
    bootstrap: int = 1_000,
    seed: int = 0,
) -> Evaluation:
    """Score predictions, each row of gold being one instance, micro-averaged.

    Args:
        gold: rows of the union set with at least instance_id, corpus, split, document_id, head_type,
            tail_type, source_head_type, source_tail_type, relation and source_relations; novelty and subject
            are scored where predictions have them too; scores by mentions need head_spans and tail_spans,
            those by sentence also sentences.
        predictions: instance_id; label, where any that begins with "None" is no relation; related, the
            probability that there is any relation; confidence, that of the label. Other columns are ignored.
            A gold row without prediction counts as predicted "None" with related 0.
        labels: "harmonized" compares with `relation`, "source" with the first of `source_relations`.
        measure: "biorex" leaves out all rows that the BioREx measure does not count.
        bootstrap: how many resamples of documents the 95 % intervals are of; 0 for none.
        seed: of the resamples.

    Raises:
        UnknownName: no such labels or measure.
        HarmonizeError: the tables do not fit each other or are not as described (see `rows.joined`), or
            `bootstrap` or `seed` is negative.
    """
    for name, number in (("bootstrap", bootstrap), ("seed", seed)):
        if number < 0:
            raise HarmonizeError(f"{name}: expected a number from 0, got {number}")
    rows = joined(gold, predictions, labels, measure)
    resamples = Bootstrap(rows.documents, bootstrap, seed)
    judge = Judge(resamples, refusal(rows))
    variants = bool(rows.variant.any())
    return Evaluation(
        corpora=rows.corpora,
        splits=rows.splits,
        labels=labels,
        measure=measure,
        documents=len(np.unique(rows.document)),
        without_prediction=int((~rows.answered).sum()),
        resamples=bootstrap,
        seed=seed,
        all=_breakdown(rows, judge),
        without_variants=_breakdown(rows.where(~rows.variant), judge) if variants else None,
        variants_only=_breakdown(rows.where(rows.variant), judge) if variants else None,
        biorex=_biorex(rows, judge),
        by_mentions=_by_mentions(rows, judge),
        by_sentence=_by_sentence(rows, judge),
        by_label={label: judge.score(rows, has_label(code)) for code, label in _relations(rows)},
        said={column: _further(rows, judge, column) for column in rows.said},
        ranking=ranking(rows, resamples),
        confusion=_confusion(rows),
        majority=_baseline(rows, judge, 0),
        all_positive=_baseline(rows, judge, 1) if rows.positive.any() else None,
    )


def _further(rows: Rows, judge: Judge, column: str) -> Further:
    rows = rows.where(~rows.positive | (rows.said[column][0] >= 0))
    gold, found = rows.said[column]
    constant = replace(rows, said={column: (gold, np.zeros_like(found))})
    return Further(
        rows=len(rows),
        positive=int(rows.positive.sum()),
        pair=judge.score(rows, pair_found),
        typed=judge.score(rows, pair_with_type),
        with_value=judge.score(rows, with_value(column, typed=False)),
        all=judge.score(rows, with_value(column, typed=True)),
        constant=VALUES[column][0],
        constant_with_value=judge.score(constant, with_value(column, typed=False)),
        constant_all=judge.score(constant, with_value(column, typed=True)),
    )


def refusal(rows: Rows) -> str | None:
    """Why rows allow no precision, None where they do: nothing can be wrong in a corpus of rule c3."""
    if not rows.without_negatives:
        return None
    return (
        f"gold has no negatives ({', '.join(rows.without_negatives)}): "
        "what is wrong cannot be told from what nobody annotated"
    )


def _breakdown(rows: Rows, judge: Judge) -> Breakdown:
    kinds = {name: rows.where(rows.pair_type == code) for code, name in enumerate(rows.pair_types)}
    return Breakdown(judge.section(rows), {name: judge.section(of) for name, of in kinds.items() if len(of)})


def _by_mentions(rows: Rows, judge: Judge) -> dict[str, Section]:
    counted = {str(count): rows.mentions == count for count in range(MANY_MENTIONS)}
    counted[f"{MANY_MENTIONS} or more"] = rows.mentions >= MANY_MENTIONS
    return {name: judge.section(rows.where(mask)) for name, mask in counted.items() if mask.any()}


def _by_sentence(rows: Rows, judge: Judge) -> dict[str, Section]:
    if (rows.together < 0).all():
        return {}
    kinds = {name: rows.together == code for name, code in _TOGETHER.items()}
    return {name: judge.section(rows.where(mask)) for name, mask in kinds.items() if mask.any()}


def _biorex(rows: Rows, judge: Judge) -> Breakdown | None:
    if len(set(BIOREX_PAIR_TYPES).intersection(rows.pair_types)) < 2:
        return None
    return _breakdown(rows.where(rows.of_biorex_measure()), judge)


def _relations(rows: Rows) -> list[tuple[int, str]]:
    """(code, label) of the relations that stand in the rows."""
    codes = np.union1d(rows.gold, rows.predicted)
    return [(code, label) for code, label in enumerate(rows.labels) if code and code in codes]


def _confusion(rows: Rows) -> Confusion:
    shown = [0, *(code for code, _ in _relations(rows))]
    size = len(rows.labels)
    counts = np.bincount(rows.gold * size + rows.predicted, minlength=size * size).reshape(size, size)
    listed = counts[np.ix_(shown, shown)].tolist()
    return Confusion(tuple(rows.labels[code] for code in shown), tuple(tuple(line) for line in listed))


def _baseline(rows: Rows, judge: Judge, first: int) -> Baseline:
    """The most frequent gold label from code `first` on, the first of equals, for every row."""
    counts: IntArray = np.bincount(rows.gold, minlength=first + 1)
    code = first + int(np.argmax(counts[first:]))
    predicted = np.full(len(rows), code, dtype=np.int64)
    return Baseline(rows.labels[code], judge.section(replace(rows, predicted=predicted)))
