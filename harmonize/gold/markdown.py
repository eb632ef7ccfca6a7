"""A file's score as Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harmonize.evaluation.markdown import scores_table
from harmonize.evaluation.scores import Score
from harmonize.gold.score import NO_NOVELTY, FileScore, Part
from harmonize.gold.statements import Statements
from harmonize.names import names_in_short
from harmonize.writing.text import counted

__all__ = ["score_markdown"]


def score_markdown(found: FileScore, gold: Statements, other: Statements, name: str, gold_name: str) -> str:
    """A table of scores, by pair type and by relation type, and what the files hold.

    Args:
        gold, other: what was scored.
        name, gold_name: the files.
    """
    parts = {"all": found.all, "without variants": found.without_variants}
    parts["variants only"] = found.variants_only
    blocks = [
        f"# Score: {name}",
        "\n".join(_said(found, gold, other, name, gold_name)),
        "## Scores",
        *_tables("pairs, measure", {key: part for key, part in parts.items() if part is not None}),
        "## By pair type",
        *_tables("pair type, measure", found.by_pair_type),
        "## By relation type",
        *scores_table("type", found.by_type),
    ]
    return "\n\n".join(blocks) + "\n"


def _tables(title: str, parts: Mapping[str, Part]) -> Iterator[str]:
    named: dict[str, Score] = {
        f"{name}, {measure}": score
        for name, part in parts.items()
        for measure, score in part.measures.items()
    }
    yield from scores_table(title, named)


def _said(found: FileScore, gold: Statements, other: Statements, name: str, gold_name: str) -> Iterator[str]:
    scored = found.documents - len(found.only_in_gold)
    for which, documents, relations, note in (
        (f"gold: {gold_name}", found.documents, gold.relations, ""),
        (name, len(other.documents), other.relations, f"; {counted(scored, 'document')} of gold's"),
    ):
        yield f"- {which}: {counted(documents, 'document')}, {counted(relations, 'relation')}{note}"
    if found.only_in_gold:
        yield (
            f"- {counted(len(found.only_in_gold), 'document')} only in gold, whose relations are missed: "
            f"{names_in_short(found.only_in_gold)}"
        )
    if found.only_in_other:
        yield (
            f"- {counted(len(found.only_in_other), 'document')} not in gold, of which nothing is scored: "
            f"{names_in_short(found.only_in_other)}"
        )
    for which, said in (("gold", gold), (name, other)):
        yield from (f"- {which}: {line}" for line in _oddities(said))
    if found.unknown_types:
        types = ", ".join(f"{kind or 'no type'} {count:,}" for kind, count in found.unknown_types.items())
        yield f"- types that gold does not have: {types}"
    if found.unknown_novelty:
        yield f"- {found.unknown_novelty:,} relations have something else than Novel or No as novelty"
    if len(found.all.measures) == 2:
        yield f"- {NO_NOVELTY}: it is not scored"
    if found.resamples:
        resamples = f"{found.resamples:,} resamples of documents (seed {found.seed})"
        yield f"- in brackets 95 % intervals of {resamples}"


def _oddities(said: Statements) -> Iterator[str]:
    for count, what in (
        (said.skipped, "documents cannot be read"),
        (said.repeated, "relations repeat another of the pair"),
        (said.unrelated, "relations are of types that stand for no relation"),
        (said.without_entities, "relations do not tell two entities, and can match nothing"),
        (said.unknown_entities, "relations name an entity that gold does not annotate there"),
    ):
        if count:
            yield f"{count:,} {what}"
