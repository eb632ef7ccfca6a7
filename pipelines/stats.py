"""harmonize stats: what a union set holds, beside what the paper says, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from harmonize.ledger import READ
from harmonize.union.manifest import Papers, SplitCounts, nary_files, papers, published_counts, split_counts

__all__ = ["tables"]


def tables(manifest: dict[str, Any]) -> Iterator[Table]:
    """Tables for the terminal: counts, labels, the paper's counts, drops, and the funnels of repositories."""
    counts = list(split_counts(manifest))
    yield _counts(counts)
    yield _labels(counts)
    if nary_files(manifest):
        yield _nary(manifest)
    if any(part.said for part in counts):
        yield _said(counts)
    held_against = papers(manifest)
    if any(held_against) and not manifest.get("sample"):
        yield _published(manifest, counts, held_against)
    yield _dropped(counts)
    for corpus, entry in manifest["corpora"].items():
        if entry["rules"][0] != "a1":
            yield _funnel(corpus, entry)


def _table(title: str, *columns: str, numbers: int) -> Table:
    """A table whose last `numbers` columns hold numbers."""
    table = Table(title=title, title_justify="left")
    for position, column in enumerate(columns):
        numeric = position >= len(columns) - numbers
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    return table


def _counts(counts: list[SplitCounts]) -> Table:
    table = _table(
        "Documents, mentions and relations as read; instances as written",
        *("corpus", "split", "documents", "mentions", "relations", "instances", "positive"),
        numbers=5,
    )
    for part in counts:
        numbers = (part.documents, part.mentions, part.relations, part.instances, part.positive)
        table.add_row(part.corpus, part.split, *(f"{number:,}" for number in numbers))
    table.add_section()
    totals = (
        sum(part.documents for part in counts),
        sum(part.mentions for part in counts),
        sum(part.relations for part in counts),
        sum(part.instances for part in counts),
        sum(part.positive for part in counts),
    )
    table.add_row("all", "", *(f"{number:,}" for number in totals))
    return table


def _labels(counts: list[SplitCounts]) -> Table:
    table = _table("Instances by label", "corpus", "split", "label", "instances", numbers=1)
    for part in counts:
        for label, number in sorted(part.labels.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(part.corpus, part.split, label, f"{number:,}")
    return table


def _nary(manifest: dict[str, Any]) -> Table:
    title = "Relations of any number of entities, by label and by how many entities they relate"
    table = _table(title, "corpus", "split", "contexts", "relations", "labels", "entities", numbers=0)
    for corpus, split, part in nary_files(manifest):
        labels, arguments = (
            ", ".join(f"{name} {count:,}" for name, count in part[of].items())
            for of in ("labels", "arguments")
        )
        related = sum(part["labels"].values())
        table.add_row(corpus, split, f"{part['rows']:,}", f"{related:,}", labels, arguments)
    return table


def _said(counts: list[SplitCounts]) -> Table:
    title = "Related instances by novelty and subject, of the corpora that say so"
    table = _table(title, "corpus", "split", "column", "value", "instances", numbers=1)
    for part in counts:
        for column, values in part.said.items():
            for value, number in sorted(values.items(), key=lambda item: (-item[1], item[0])):
                table.add_row(part.corpus, part.split, column, value, f"{number:,}")
    return table


def _published(manifest: dict[str, Any], counts: list[SplitCounts], held_against: Papers) -> Table:
    further = [f"{name} beside its own paper" for name in held_against.further]
    table2 = ["Table 2 of the paper"] if held_against.table2 else []
    title = "; ".join(table2 + further)
    table = Table(title=f"Measured beside {title}" if table2 else f"Measured: {title}", title_justify="left")
    for column in ("corpus", "documents", "paper", "relations", "paper"):
        table.add_column(column, justify="left" if column == "corpus" else "right")
    table.add_column("why they differ", overflow="fold")
    for corpus, *numbers, why in published_counts(manifest, counts):
        table.add_row(corpus, *(f"{number:,}" for number in numbers), why)
    return table


def _dropped(counts: list[SplitCounts]) -> Table:
    table = _table("Dropped, by reason", "corpus", "split", "step", "unit", "reason", "count", numbers=1)
    for part in counts:
        dropped: Counter[tuple[str, str, str]] = part.dropped
        for (step, unit, reason), number in dropped.items():
            table.add_row(part.corpus, part.split, step, unit, reason, f"{number:,}")
    return table


def _funnel(corpus: str, entry: dict[str, Any]) -> Table:
    """How many of a repository's relations are left after each reason to drop one."""
    title = f"From {corpus}'s relations to instances (source {entry['source']})"
    table = _table(title, "split", "step", "reason", "count", "left", numbers=2)
    for split, part in entry["splits"].items():
        steps = part["steps"]
        left = steps[READ]["relations"]["in"]
        table.add_row(split, "", "in the source", "", f"{left:,}")
        for step, units in steps.items():
            for reason, count in units.get("relations", {"dropped": {}})["dropped"].items():
                left -= count
                table.add_row(split, step, reason, f"-{count:,}", f"{left:,}")
        table.add_row(split, "", "instances of these, one a sentence", f"{part.get('rows', 0):,}", "")
        table.add_section()
    for kind, count in entry["own_ids"].items():
        table.add_row("", "", f"{kind} ids kept, having no counterpart", f"{count:,}", "")
    return table
