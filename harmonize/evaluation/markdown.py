"""Evaluations as Markdown for people: percent with one decimal, the interval beside it.

A dash stands where there is no number; the reasons stand below the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from harmonize.evaluation.compare import Comparison, Difference, RankingDifference
from harmonize.evaluation.evaluate import Breakdown, Confusion, Evaluation, Further
from harmonize.evaluation.folds import FoldSummary, Spread
from harmonize.evaluation.ranking import Ranking
from harmonize.evaluation.scores import Estimate, Score, Section
from harmonize.evaluation.standings import Standings
from harmonize.evaluation.thresholds import KeptRows, ThresholdTable
from harmonize.writing.markdown import ABSENT, LEFT, RIGHT, markdown_table, percent
from harmonize.writing.text import counted

__all__ = [
    "comparison_markdown",
    "evaluation_markdown",
    "folds_markdown",
    "scores_table",
    "standings_markdown",
    "thresholds_markdown",
]

_COUNTS = ("rows", "relations", "TP", "FP", "FN")
_RATIOS = ("precision", "recall", "F1")
_LABELS = {"harmonized": "the harmonized labels", "source": "the corpus' own types"}
_MEASURES = {"all": "all rows", "biorex": "the rows of the BioREx measure"}


def evaluation_markdown(evaluation: Evaluation) -> str:
    """An evaluation with a table for the scores, the labels, the ranking and the confusion matrix."""
    parts = (
        _head("Evaluation", evaluation),
        _said(evaluation),
        *_titled("Scores", _scores(_overall(evaluation))),
        *_titled("By pair type", _scores(_by_pair_type(evaluation))),
        *_by_mentions(evaluation),
        *_by_sentence(evaluation),
        *_titled("By label", _by_label(evaluation)),
        *(part for column, found in evaluation.said.items() for part in _further(column, found)),
        *_titled("Probabilities", _probabilities(evaluation.ranking)),
        "## Confusion",
        "A row for each gold label, a column for each predicted one.",
        _confusion(evaluation.confusion),
    )
    return "\n\n".join(parts) + "\n"


def comparison_markdown(comparison: Comparison, a: str = "A", b: str = "B") -> str:
    """A comparison as one table; `a` and `b` are the systems' names."""
    measured = {"binary": comparison.binary, "typed": comparison.typed, "BioREx measure": comparison.biorex}
    ranked = comparison.ranking
    differences: list[tuple[str, tuple[float | None, float | None], Difference | RankingDifference]] = [
        (f"F1, {name}", (each.f1_a, each.f1_b), each) for name, each in measured.items() if each is not None
    ]
    precisions = (ranked.average_precision_a, ranked.average_precision_b)
    differences.append(("average precision", precisions, ranked))
    rows = [(name, *map(percent, both), *_tested(each)) for name, both, each in differences]
    table = _table(("measure", a, b, f"{a} − {b}", "p"), rows, numbers=4)
    runs = f" {comparison.runs} runs of each system." if comparison.runs > 1 else ""
    said = (
        f"{comparison.documents:,} documents, {comparison.rows:,} rows.{runs} "
        f"In brackets 95 % intervals of {comparison.resamples:,} resamples of documents; "
        f"p by approximate randomization of documents, {comparison.trials:,} trials."
    )
    reasons = _reasons((name, [each.difference]) for name, _, each in differences)
    return "\n\n".join([_head("Comparison", comparison), said, table, *reasons]) + "\n"


def standings_markdown(found: Standings) -> str:
    """Many systems as one table, the best first."""
    rows = [
        (
            one.name,
            f"{one.seeds}",
            percent(one.precision.value),
            percent(one.recall.value),
            _estimate(one.f1),
            _spread_of(one.f1_by_seed),
            _estimate(one.typed),
            *(("", "", "") if one.difference is None else (*_tested(one.difference), _p(one.p_holm))),
        )
        for one in found.systems
    ]
    header = ("system", "seeds", *_RATIOS, "F1 by seed", "typed F1", f"− {found.against}", "p", "p, Holm")
    said = (
        f"{found.documents:,} documents, {found.rows:,} rows, {found.positive:,} with a relation. "
        f"In brackets 95 % intervals of {found.resamples:,} resamples of documents; p by approximate "
        f"randomization of documents, {found.trials:,} trials, and corrected for the number of tests (Holm)."
    )
    if found.rank_by == "types":
        said += " Ranked and tested by F with the type."
    title = f"# Systems: {', '.join(found.corpora)} ({', '.join(found.splits)})"
    reasons = _reasons((one.name, [one.precision, one.recall, one.f1]) for one in found.systems)
    return "\n\n".join([title, said, _table(header, rows, numbers=len(header) - 1), *reasons]) + "\n"


def _tested(difference: Difference | RankingDifference) -> tuple[str, str]:
    return _estimate(difference.difference), _p(difference.p)


def _spread_of(values: Sequence[float | None]) -> str:
    return "" if len(values) < 2 else ", ".join(map(percent, values))


def folds_markdown(summary: FoldSummary) -> str:
    """Means and standard deviations over folds as one table."""
    named = {"binary": summary.binary, "typed": summary.typed, "BioREx measure": summary.biorex}
    rows = [
        (name, _spread(each.precision), _spread(each.recall), _spread(each.f1))
        for name, each in named.items()
        if each is not None
    ]
    areas = [
        ("AUC-ROC", _spread(summary.auc), "", ""),
        ("average precision", _spread(summary.average_precision), "", ""),
    ]
    said = f"Mean ± standard deviation over {summary.folds} folds of {_listed(summary.rows)} rows."
    tables = (
        _table(("scores", *_RATIOS), rows, numbers=3),
        _table(("ranking", "mean"), [area[:2] for area in areas], numbers=1),
    )
    return "\n\n".join(["# Folds", said, *tables]) + "\n"


def thresholds_markdown(found: ThresholdTable, chosen: float) -> str:
    """What thresholds keep as one table, the chosen one's in bold."""

    def cells(kept: KeptRows) -> tuple[str, ...]:
        return f"{kept.rows:,}", f"{kept.right:,}", _estimate(kept.precision)

    rows = [
        (
            f"**{one.threshold:g}**" if one.threshold == chosen else f"{one.threshold:g}",
            *cells(one.positive),
            *cells(one.negative),
            _estimate(one.all.precision),
        )
        for one in found.kept
    ]
    columns = [f"{which}{what}" for which in ("with relation", "without") for what in ("", ", right", ", %")]
    said = (
        f"{found.documents:,} documents of {', '.join(found.corpora)}, {found.rows:,} rows, "
        f"{found.with_relation:,} with a relation; types by {_LABELS[found.labels]}. Rows that are kept, "
        f"those of them with gold's label, and their share in percent with the 95 % interval of "
        f"{found.resamples:,} resamples of documents."
    )
    table = _table(("threshold", *columns, "all, %"), rows, numbers=len(columns) + 2)
    return "\n\n".join([said, table]) + "\n"


def _head(title: str, of: Evaluation | Comparison) -> str:
    return f"# {title}: {', '.join(of.corpora)} ({', '.join(of.splits)})"


def _said(evaluation: Evaluation) -> str:
    overall = evaluation.all.overall
    lines = (
        f"- {_MEASURES[evaluation.measure]}, types by {_LABELS[evaluation.labels]}",
        f"- {counted(evaluation.documents, 'document')}, {counted(overall.rows, 'row')}, "
        f"{overall.positive:,} with a relation",
        f"- {counted(evaluation.without_prediction, 'row')} without prediction, counted as no relation",
        f"- in brackets 95 % intervals of {evaluation.resamples:,} resamples of documents "
        f"(seed {evaluation.seed})",
    )
    return "\n".join(lines)


def _titled(title: str, parts: Iterable[str]) -> Iterator[str]:
    yield f"## {title}"
    yield from parts


def _scores(sections: Iterable[tuple[str, Section]]) -> Iterator[str]:
    scored = {
        f"{name}, {kind}": (section, score)
        for name, section in sections
        for kind, score in (("binary", section.binary), ("typed", section.typed))
    }
    rows = [
        (name, f"{section.rows:,}", f"{section.positive:,}", *_score(score))
        for name, (section, score) in scored.items()
    ]
    yield _table(("rows, score", *_COUNTS, *_RATIOS), rows, numbers=len(_COUNTS) + len(_RATIOS))
    yield from _reasons((name, _ratios(score)) for name, (_, score) in scored.items())


def _overall(evaluation: Evaluation) -> Iterator[tuple[str, Section]]:
    for name, breakdown in _breakdowns(evaluation):
        yield name, breakdown.overall
    yield f"baseline: every row {evaluation.majority.label}", evaluation.majority.scores
    if evaluation.all_positive is not None and evaluation.all_positive.label != evaluation.majority.label:
        yield f"baseline: every row {evaluation.all_positive.label}", evaluation.all_positive.scores


def _by_pair_type(evaluation: Evaluation) -> Iterator[tuple[str, Section]]:
    for name, breakdown in _breakdowns(evaluation):
        for pair_type, section in breakdown.by_pair_type.items():
            yield f"{name}, {pair_type}", section


def _by_mentions(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.by_mentions:
        yield "## By mentions"
        yield "How many mentions the entity with the fewer has in the row's text."
        yield from _scores(evaluation.by_mentions.items())


def _by_sentence(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.by_sentence:
        yield "## By sentence"
        yield "Whether one sentence has mentions of both entities."
        yield from _scores(evaluation.by_sentence.items())


def _breakdowns(evaluation: Evaluation) -> Iterator[tuple[str, Breakdown]]:
    named = {
        "all": evaluation.all,
        "BioREx measure": evaluation.biorex,
        "without variants": evaluation.without_variants,
        "variants only": evaluation.variants_only,
    }
    yield from ((name, breakdown) for name, breakdown in named.items() if breakdown is not None)


def _by_label(evaluation: Evaluation) -> Iterator[str]:
    yield from scores_table("label", evaluation.by_label)


def scores_table(title: str, named: Mapping[str, Score]) -> Iterator[str]:
    """A row for each score, and why numbers are missing; `title` is that of the names."""
    rows = [(name, *_score(score)) for name, score in named.items()]
    yield _table((title, *_COUNTS[2:], *_RATIOS), rows, numbers=6)
    yield from _reasons((name, _ratios(score)) for name, score in named.items())


def _further(column: str, found: Further) -> Iterator[str]:
    """What is said of relations beside their type, as BioCreative VIII's BioRED track scores it."""
    every = f"all {found.constant.lower()}"
    scored = {
        "pair": found.pair,
        "pair and type": found.typed,
        f"pair and {column}": found.with_value,
        f"pair and {column}, {every}": found.constant_with_value,
        f"pair, type and {column}": found.all,
        f"pair, type and {column}, {every}": found.constant_all,
    }
    rows = [(name, *_score(score)) for name, score in scored.items()]
    yield f"## {column.capitalize()}"
    yield (
        f'{found.rows:,} rows, {found.positive:,} with a relation. In "{every}" every relation that is found '
        f"is taken for {found.constant}."
    )
    yield _table(("right is", *_COUNTS[2:], *_RATIOS), rows, numbers=6)
    yield from _reasons((name, _ratios(score)) for name, score in scored.items())


def _probabilities(ranking: Ranking) -> Iterator[str]:
    named = {
        "AUC-ROC of `related`": ranking.auc,
        "average precision of `related`": ranking.average_precision,
        "expected calibration error of `related`": ranking.related.error,
        "expected calibration error of `confidence`": ranking.confidence.error,
    }
    yield _table(("measure", "value"), [(name, _estimate(of)) for name, of in named.items()], numbers=1)
    yield from _reasons((name, [of]) for name, of in named.items())


def _confusion(confusion: Confusion) -> str:
    rows = [
        (label, *(f"{count:,}" for count in counts))
        for label, counts in zip(confusion.labels, confusion.counts, strict=True)
    ]
    return _table(("gold \\ predicted", *confusion.labels), rows, numbers=len(confusion.labels))


def _score(score: Score) -> tuple[str, ...]:
    counts = (f"{count:,}" for count in (score.tp, score.fp, score.fn))
    return (*counts, *(_estimate(of) for of in _ratios(score)))


def _ratios(score: Score) -> tuple[Estimate, Estimate, Estimate]:
    return score.precision, score.recall, score.f1


def _estimate(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return percent(estimate.value)
    return f"{percent(estimate.value)} ({percent(estimate.low)} to {percent(estimate.high)})"


def _spread(spread: Spread) -> str:
    mean = percent(spread.mean)
    return mean if spread.deviation is None else f"{mean} ± {percent(spread.deviation)}"


def _p(p: float | None) -> str:
    return ABSENT if p is None else f"{p:.4f}"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


def _reasons(named: Iterable[tuple[str, Iterable[Estimate]]]) -> Iterator[str]:
    """Each reason once, with what lacks a number for it."""
    lacking: dict[str, dict[str, None]] = {}
    for name, estimates in named:
        for estimate in estimates:
            if estimate.reason is not None:
                lacking.setdefault(estimate.reason, {})[name] = None
    if lacking:
        yield "\n".join(f"- {ABSENT} {reason}: {_few(names)}" for reason, names in lacking.items())


def _few(names: Mapping[str, None], most: int = 4) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return "; ".join(listed[:most]) + more


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: int) -> str:
    """A table whose last `numbers` columns hold numbers."""
    marks = [LEFT] * (len(header) - numbers) + [RIGHT] * numbers
    return markdown_table(header, rows, marks)
