"""harmonize evaluate of a run that classifies sets of entities: the four scores, and what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harmonize.errors import HarmonizeError
from harmonize.writing.json_files import write_json
from harmonize.writing.markdown import LEFT, RIGHT, markdown_table, percent
from harmonize.writing.text import write_text

if TYPE_CHECKING:
    import pyarrow as pa

    from harmonize.evaluation.combinations import CombinationScore, CombinationScores
    from harmonize.relation.combinations import CombinationContext, Found, Members
    from harmonize.relation.model.classifier import Classifier

__all__ = ["TABLE", "check_asked", "evaluated_combinations"]

METRICS, PREDICTIONS, TABLE = "metrics.json", "predictions.jsonl", "evaluation.md"
ALL, KNOWING = "all", "without_parts_of_gold"
"""The candidates: every set; or, as the study's code has it, none that is a part of a gold combination."""

_ASKED_AT_ONCE = 20_000
_COLUMNS = ("candidates", "combination", "match", "precision", "recall", "F", "95 %")
_MARKS = (LEFT, LEFT, LEFT, RIGHT, RIGHT, RIGHT, LEFT)


class _Answered(NamedTuple):
    """What a run says of one context."""

    context: CombinationContext
    all: list[Found]
    knowing: list[Found]


def evaluated_combinations(
    run: Path,
    rows: pa.Table,
    union: Path,
    folder: Path,
    classifier: Classifier,
    progress: Callable[[int], None],
) -> str:
    """Score a run on contexts of nary/, and write into `folder` what was found.

    predictions.jsonl has the lines of the study's leaderboard: doc_id, drug_idxs and relation_label, 2 for a
    positive combination and 1 for another.

    Args:
        progress: is told how many documents are done.

    Returns:
        The scores as Markdown.
    """
    from harmonize.relation.combinations import combination_contexts
    from harmonize.relation.recipe import load_recipe
    from harmonize.relation.run_files import RECIPE
    from harmonize.spec import load_catalogue

    recipe = load_recipe(run / RECIPE)
    labels = load_catalogue().target.nary_labels
    contexts = combination_contexts(rows, union, labels, recipe.context_words)
    answered, documents = list[_Answered](), set[str]()
    for each in _answers(classifier, contexts):
        answered.append(each)
        documents.add(each.context.document_id)
        progress(len(documents))
    scores = {ALL: _scores(answered, "all"), KNOWING: _scores(answered, "knowing")}
    text = _markdown(scores)
    found = {"combinations": {name: each.as_dict() for name, each in scores.items()}}
    write_json(folder / METRICS, found, escaped=True)
    write_text(folder / TABLE, text)
    with (folder / PREDICTIONS).open("w", encoding="utf-8", newline="\n") as file:
        for line in _lines(answered):
            file.write(json.dumps(line) + "\n")
    return text


def _answers(classifier: Classifier, contexts: Sequence[CombinationContext]) -> Iterator[_Answered]:
    """Contexts are asked about together up to a number of candidates, so that memory stays flat."""
    from harmonize.relation.combinations import all_candidates

    waiting: list[tuple[CombinationContext, list[Members]]] = []
    for context in contexts:
        waiting.append((context, list(all_candidates(len(context.ids)))))
        if sum(len(candidates) for _, candidates in waiting) >= _ASKED_AT_ONCE:
            yield from _asked(classifier, waiting)
            waiting = []
    yield from _asked(classifier, waiting)


def _asked(
    classifier: Classifier, waiting: Sequence[tuple[CombinationContext, list[Members]]]
) -> Iterator[_Answered]:
    from harmonize.relation.combinations import Candidate, chosen, within_gold

    asked = [Candidate(context, members) for context, candidates in waiting for members in candidates]
    probabilities: Any = classifier.probabilities(asked) if asked else []  # type: ignore[arg-type]
    start = 0
    for context, candidates in waiting:
        own = probabilities[start : start + len(candidates)]
        start += len(candidates)
        left = [place for place, members in enumerate(candidates) if not within_gold(context, members)]
        yield _Answered(
            context,
            chosen(candidates, own, classifier.labels),
            chosen([candidates[place] for place in left], own[left], classifier.labels),
        )


def _scores(answered: Sequence[_Answered], candidates: str) -> CombinationScores:
    from harmonize.evaluation.combinations import score_combinations
    from harmonize.relation.combinations import as_sets

    gold, predicted, documents = {}, {}, {}
    for each in answered:
        name = each.context.instance_id
        found: list[Found] = getattr(each, candidates)
        gold[name] = as_sets(each.context, each.context.gold.items())
        predicted[name] = as_sets(each.context, [(one.members, one.label) for one in found])
        documents[name] = f"{each.context.corpus} {each.context.document_id}"
    return score_combinations(gold, predicted, documents=documents)


def _lines(answered: Sequence[_Answered]) -> Iterator[dict[str, Any]]:
    from harmonize.evaluation.combinations import POSITIVE

    for each in answered:
        for found in each.all:
            ids = [each.context.ids[place] for place in found.members]
            yield {
                "doc_id": each.context.document_id,
                "drug_idxs": [int(name) if name.isdecimal() else name for name in ids],
                "relation_label": 2 if found.label == POSITIVE else 1,
            }


def _markdown(scores: Mapping[str, CombinationScores]) -> str:
    first = next(iter(scores.values()))
    rows: list[list[str]] = []
    for candidates, found in scores.items():
        for measure in ("positive_exact", "positive_partial", "any_exact", "any_partial"):
            score: CombinationScore = getattr(found, measure)
            kind, _, match = measure.partition("_")
            numbers = (score.precision.value, score.recall.value, score.f1.value)
            interval = f"{percent(score.f1.low)} to {percent(score.f1.high)}"
            cells = [candidates.replace("_", " "), kind, match, *map(percent, numbers), interval]
            rows.append(cells)
    said = f"{first.contexts:,} contexts; 95 % intervals of {first.resamples:,} resamples of documents."
    return f"{said}\n\n{markdown_table(_COLUMNS, rows, _MARKS)}\n"


def check_asked(against: Path | None, measure: str, leave_out_leaks: bool) -> None:
    """Raises HarmonizeError for what can be asked of runs that classify pairs only."""
    if against is not None:
        raise HarmonizeError("--against: expected none with a run that classifies sets of entities")
    if measure != "all":
        raise HarmonizeError("--measure: expected all with a run that classifies sets of entities")
    if leave_out_leaks:
        raise HarmonizeError("--leave-out-leaks: expected none with a run that classifies sets of entities")
