"""harmonize show: an instance as a reader wants it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from harmonize.errors import UnknownName
from harmonize.relation.encode.prompt import question, tag
from harmonize.union.manifest import split_counts

__all__ = ["check_relation", "chosen", "panel"]

_STYLES = {"head": "bold black on bright_cyan", "tail": "bold black on bright_yellow"}


def check_relation(manifest: dict[str, Any], relation: str | None) -> None:
    """Raises UnknownName for a label that no instance of the set has."""
    known = {label for part in split_counts(manifest) for label in part.labels}
    if relation is not None and known and relation not in known:
        raise UnknownName("relation", relation, sorted(known))


def chosen(
    table: pa.Table, *, relation: str | None, document: str | None, instance: str | None
) -> Iterator[dict[str, Any]]:
    """The rows that match every given value, in order; `instance` may be the beginning of an id."""
    keep = pa.array([True] * table.num_rows, pa.bool_())
    if relation is not None:
        keep = pc.and_(keep, pc.equal(table["relation"], relation))
    if document is not None:
        keep = pc.and_(keep, pc.equal(table["document_id"], document))
    if instance is not None:
        keep = pc.and_(keep, pc.starts_with(table["instance_id"], instance))
    for batch in table.filter(keep).to_batches():
        yield from batch.to_pylist()


def panel(row: Mapping[str, Any], tags: Mapping[str, str]) -> Panel:
    """Prompt, context with both entities coloured, labels and provenance."""
    context = Text(row["text"])
    for side in ("head", "tail"):
        for span in row[f"{side}_spans"]:
            context.stylize(_STYLES[side], span["start"], span["end"])
    prompt = question(
        row["task"],
        (row["head_name"], tag(row["head_type"], tags)),
        (row["tail_name"], tag(row["tail_type"], tags)),
    )
    return Panel(
        Group(Text(prompt, style="bold"), Text(), context, Text(), *_facts(row)),
        title=f"{row['corpus']}/{row['split']} {row['document_id']}",
        subtitle=row["instance_id"],
        title_align="left",
        subtitle_align="left",
    )


def _facts(row: Mapping[str, Any]) -> Iterator[Text]:
    source = ", ".join(row["source_relations"]) or "not annotated"
    yield _fact("relation", f"{', '.join(row['relations'])}  (source: {source})")
    for side in ("head", "tail"):
        line = _fact(side, "")
        line.append(row[f"{side}_name"], style=_STYLES[side])
        line.append(f" {row[f'{side}_id']}  {row[f'{side}_type']} (source: {row[f'source_{side}_type']})")
        yield line
    yield _fact(
        "rules", f"{' '.join(row['rules'])}  spans: {row['span_source']}  directed: {row['directed']}"
    )
    if row["novelty"] is not None:
        yield _fact("novelty", row["novelty"])
    if row["subject"] is not None:
        yield _fact("subject", row["subject"])
    if row["leaks_into"]:
        yield _fact("leaks into", ", ".join(row["leaks_into"]))
    yield _fact("licence", row["licence"])


def _fact(name: str, value: str) -> Text:
    return Text.assemble((f"{name:<11}", "dim"), value)
