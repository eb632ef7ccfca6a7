"""README.md of a set: the dataset card, made from the manifest and the set's repeats alone.

It begins with the front matter of the Hugging Face Hub, by which `datasets.load_dataset(folder)` finds the
splits; the text stands in templates/card.md.j2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from harmonize.model import is_negative
from harmonize.text.sentences import RULE_BASED
from harmonize.union.columns import COLUMNS, type_name
from harmonize.union.description import bibtex, licence_statement, listed, summary, title
from harmonize.union.front_matter import SPLIT_NAMES, front_matter
from harmonize.union.leaks import Repeat, leaks_into
from harmonize.union.manifest import SplitCounts, nary_files, papers, published_counts, split_counts
from harmonize.union.schema import SCHEMA
from harmonize.writing.markdown import LEFT, markdown_table
from harmonize.writing.text import one_line

__all__ = ["card"]


_MANY_FILES, _DIGITS = 8, 12

Row = Sequence[object]


def card(manifest: dict[str, Any], repeats: Sequence[Repeat]) -> str:
    """The card as Markdown; the same for the same set.

    Args:
        manifest: of the set.
        repeats: its pairs of documents that repeat each other.
    """
    template = _ENVIRONMENT.get_template("card.md.j2")
    counts = list(split_counts(manifest))
    corpora = manifest["corpora"].values()
    return template.render(
        front_matter=yaml.safe_dump(
            front_matter(manifest, counts), sort_keys=False, allow_unicode=True, width=1_000
        ),
        title=title(manifest),
        summary=summary(manifest),
        manifest=manifest,
        first=_first(manifest),
        row_counts=_row_counts(counts),
        label_counts=_label_counts(counts),
        nary=_nary(manifest),
        said_counts=_said_counts(counts),
        licences=_licences(manifest),
        licence_statement=licence_statement(manifest),
        sources=_sources(manifest),
        published=_published(manifest, counts),
        table2=papers(manifest).table2,
        further=listed(papers(manifest).further),
        dropped=_dropped(counts),
        repeats=repeats,
        overlap=_overlap(counts, repeats),
        target=_evaluated(counts, repeats),
        columns=[(f"`{f.name}`", type_name(f.type), COLUMNS[f.name]) for f in SCHEMA],
        rules=[(f"`{key}`", *entry["rules"]) for key, entry in manifest["corpora"].items()],
        used=lambda *rules: listed(e["name"] for e in corpora if not set(rules).isdisjoint(e["rules"])),
        internal=listed(
            f"`None-{entry['task']}`"
            for entry in corpora
            if "c1" in entry["rules"] or _listed_negatives(entry)
        ),
        some_listed=listed(entry["name"] for entry in corpora if _listed_negatives(entry)),
        none_listed=listed(
            entry["name"] for entry in corpora if "c3" in entry["rules"] and not _listed_negatives(entry)
        ),
        rule_based=RULE_BASED,
        bibtex=bibtex(manifest),
        without_bibtex=[entry for entry in corpora if entry["citation"] and not entry["bibtex"]],
    )


def _listed_negatives(entry: dict[str, Any]) -> bool:
    """True for a corpus that lists some pairs as unrelated and says nothing of those it does not list."""
    return "c3" in entry["rules"] and bool(entry.get("unrelated"))


def _first(manifest: dict[str, Any]) -> dict[str, str] | None:
    """The part to show loading with, None in a set without rows."""
    for corpus, entry in manifest["corpora"].items():
        for split, part in entry["splits"].items():
            if part["file"] is not None:
                return {"corpus": corpus, "split": split, "name": SPLIT_NAMES[split]}
    return None


def _row_counts(counts: Sequence[SplitCounts]) -> list[Row]:
    numbers = [(p.documents, p.instances, p.positive, p.instances - p.positive) for p in counts]
    rows = [(f"`{p.corpus}`", p.split, *of) for p, of in zip(counts, numbers, strict=True)]
    return [*rows, ("all", "", *(sum(column) for column in zip(*numbers, strict=True)))]


def _label_counts(counts: Sequence[SplitCounts]) -> list[Row]:
    labels: Counter[str] = Counter()
    for part in counts:
        labels.update(part.labels)
    ordered = sorted(labels.items(), key=lambda item: (is_negative(item[0]), -item[1], item[0]))
    return [
        (f"`{label}`", number, ", ".join(dict.fromkeys(p.corpus for p in counts if label in p.labels)))
        for label, number in ordered
    ]


def _nary(manifest: dict[str, Any]) -> list[Row]:
    """Contexts and relations of the corpora that relate any number of entities."""
    return [
        (
            f"`{corpus}`",
            split,
            part["rows"],
            *(
                ", ".join(f"{key} {count:,}" for key, count in part[of].items())
                for of in ("labels", "arguments")
            ),
        )
        for corpus, split, part in nary_files(manifest)
    ]


def _said_counts(counts: Sequence[SplitCounts]) -> list[Row]:
    rows: Counter[tuple[str, str]] = Counter()
    corpora: dict[tuple[str, str], dict[str, None]] = {}
    for part in counts:
        for column, values in part.said.items():
            for value, number in values.items():
                rows[column, value] += number
                corpora.setdefault((column, value), {})[part.corpus] = None
    return [
        (f"`{column}`", value, number, ", ".join(corpora[column, value]))
        for (column, value), number in sorted(rows.items(), key=lambda item: (item[0][0], -item[1]))
    ]


def _licences(manifest: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for entry in manifest["corpora"].values():
        licence = entry["licence"]
        link = f"[{licence['name']}]({licence['url']})" if licence["url"] else licence["name"]
        copies = "no"
        if licence["redistributable"]:
            copies = "noncommercially" if licence["noncommercial"] else "yes"
        rows.append((entry["name"], link, copies, "yes" if licence["accept"] else "no"))
    return rows


def _sources(manifest: dict[str, Any]) -> list[Row]:
    return [
        (entry["name"], _address(entry["home"]), f"`{entry['source']}`", _files(entry["source_files"]))
        for entry in manifest["corpora"].values()
    ]


def _address(home: str) -> str:
    return f"<{home}>" if re.fullmatch(r"https?://[^\s<>]+", home) else home


def _files(hashes: dict[str, str]) -> str:
    shown = [f"`{name}` {digest[:_DIGITS]}" for name, digest in list(hashes.items())[:_MANY_FILES]]
    more = len(hashes) - len(shown)
    return "; ".join(shown) + (f"; and {more:,} more" if more else "")


def _published(manifest: dict[str, Any], counts: Sequence[SplitCounts]) -> list[Row]:
    return [
        (manifest["corpora"][corpus]["name"], *numbers)
        for corpus, *numbers in published_counts(manifest, counts)
    ]


def _dropped(counts: Sequence[SplitCounts]) -> list[Row]:
    numbers: Counter[tuple[str, str]] = Counter()
    corpora: dict[tuple[str, str], dict[str, None]] = {}
    for part in counts:
        for (_, unit, reason), number in part.dropped.items():
            numbers[unit, reason] += number
            corpora.setdefault((unit, reason), {})[part.corpus] = None
    return [
        (unit, reason, number, ", ".join(corpora[unit, reason]))
        for (unit, reason), number in sorted(numbers.items(), key=lambda n: (n[0][0], -n[1], n[0]))
    ]


def _overlap(counts: Sequence[SplitCounts], repeats: Sequence[Repeat]) -> list[Row]:
    """A header and rows: how many documents of a part repeat one of each evaluated part."""
    marked = Counter(
        (f"{key.corpus}/{key.split}", target)
        for key, targets in leaks_into(repeats).items()
        for target in targets
    )
    parts = [f"{part.corpus}/{part.split}" for part in counts]
    evaluated = [part for part in parts if any(target == part for _, target in marked)]
    rows: list[Row] = [
        (part, *(marked[part, target] or "" for target in evaluated))
        for part in parts
        if any(marked[part, target] for target in evaluated)
    ]
    return [("documents of", *evaluated), *rows] if rows else []


def _evaluated(counts: Sequence[SplitCounts], repeats: Sequence[Repeat]) -> str | None:
    """The part to show the leaving out with: the one that most training documents repeat."""
    parts = [f"{p.corpus}/{p.split}" for p in counts if p.split != "train" and p.instances]
    if not parts or not any(p.split == "train" and p.instances for p in counts):
        return None
    leaking = Counter(
        target for key, names in leaks_into(repeats).items() if key.split == "train" for target in names
    )
    return max(parts, key=lambda part: leaking[part])


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return one_line(text)


def _table(header: Row, rows: Iterable[Row]) -> str:
    """A table of Markdown; columns that hold numbers are set right."""
    lines = list(rows)
    numeric = [any(isinstance(cell, int) for cell in column) for column in zip(*lines, strict=True)]
    marks = ["---:" if right else LEFT for right in numeric]
    return markdown_table(list(map(_cell, header)), (list(map(_cell, line)) for line in lines), marks)


_ENVIRONMENT = Environment(
    loader=PackageLoader("harmonize.union"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)
_ENVIRONMENT.globals["table"] = _table
_ENVIRONMENT.globals["listed"] = listed
