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

from harmonize.model import SPLITS
from harmonize.text.sentences import RULE_BASED
from harmonize.union.columns import COLUMNS, type_name
from harmonize.union.leaks import Repeat, leaks_into
from harmonize.union.manifest import SplitCounts, nary_files, papers, split_counts
from harmonize.union.schema import DATA, SCHEMA

__all__ = ["KEYWORDS", "bibtex", "card", "licence_id", "licence_statement", "listed", "summary", "title"]

KEYWORDS = ("biology", "biomedical", "medical", "pubmed", "relation-extraction", "BioRED", "BioREx")

_BIOREX = """\
@article{lai2023biorex,
  author = {Lai, Po-Ting and Wei, Chih-Hsuan and Luo, Ling and Chen, Qingyu and Lu, Zhiyong},
  title = {{BioREx}: Improving biomedical relation extraction by leveraging heterogeneous datasets},
  journal = {Journal of Biomedical Informatics},
  volume = {146}, pages = {104487}, year = {2023},
  doi = {10.1016/j.jbi.2023.104487}
}
"""

_SPLIT_NAMES = {"train": "train", "dev": "validation", "test": "test"}  # as `datasets` calls them
_KNOWN_LICENCE = re.compile(r"cc-by(-nc)?(-sa|-nd)?-[34]\.0|cc0-1\.0|mit|apache-2\.0|odc-by|odbl|pddl")
_MANY_NAMES, _MANY_FILES = 3, 8
_DIGITS = 12

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
            _front_matter(manifest, counts), sort_keys=False, allow_unicode=True, width=1_000
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


def title(manifest: dict[str, Any]) -> str:
    """The set's name in a few words."""
    names = [entry["name"] for entry in manifest["corpora"].values()]
    held = listed(names) if len(names) <= _MANY_NAMES else f"{len(names)} corpora"
    return f"Biomedical relations of {held}" + (" (sample)" if manifest.get("sample") else "")


def summary(manifest: dict[str, Any]) -> str:
    """What the set is, in a few sentences."""
    counts = list(split_counts(manifest))
    names = [entry["name"] for entry in manifest["corpora"].values()]
    held = f"{len(names)} corpora: {listed(names)}" if len(names) > 1 else listed(names)
    return (
        "Pairs of entities (genes or proteins, chemicals, diseases) in biomedical texts, each with the "
        f"relation that its corpus annotates, from {held}. Each of the "
        f"{sum(part.instances for part in counts):,} rows is one pair in one context, an abstract or a "
        "sentence. Labels, entity types and contexts were brought to those of BioRED by the adjustment rules "
        "of BioREx (Lai et al. 2023, https://doi.org/10.1016/j.jbi.2023.104487)."
    )


def licence_statement(manifest: dict[str, Any]) -> str:
    """What the licences of its corpora mean for the set as a whole."""
    corpora = [(entry["name"], entry["licence"]) for entry in manifest["corpora"].values()]
    closed = [name for name, licence in corpora if not licence["redistributable"]]
    limited = [name for name, licence in corpora if licence["redistributable"] and licence["noncommercial"]]
    alike = {name: licence["name"] for name, licence in corpora if "-sa-" in (licence_id(licence) or "")}
    statements = []
    if closed:
        statements.append(
            f"Copies of this set may not be redistributed: no licence allows it for {listed(closed)}."
        )
        if len(closed) < len(corpora):
            statements.append("Copies of the rows whose `redistributable` is true may.")
        if limited:
            statements.append(
                f"{listed(limited)} may be used and redistributed for noncommercial purposes only."
            )
    elif limited:
        statements.append(
            "This set may be used and redistributed for noncommercial purposes only, because of "
            f"{listed(limited)}."
        )
    else:
        statements.append("Copies of this set may be redistributed, under the licences of its corpora.")
    if alike:
        statements.append(
            f"What is made from {listed(alike)} and redistributed has to carry the same licence."
        )
    if len(set(alike.values())) > 1:
        statements.append("As these licences differ, what is made from all of them cannot meet each.")
    return " ".join(statements)


def licence_id(licence: dict[str, Any]) -> str | None:
    """The Hugging Face Hub's name of a licence, None for one that it does not know."""
    name = "-".join(licence["name"].casefold().split())
    name = "cc0-1.0" if name == "cc0" else name
    return name if _KNOWN_LICENCE.fullmatch(name) else None


def bibtex(manifest: dict[str, Any]) -> str:
    """BioREx and the corpora that have an entry, each once."""
    entries = [_BIOREX, *(entry["bibtex"] for entry in manifest["corpora"].values())]
    return "\n\n".join(dict.fromkeys(entry.strip() for entry in entries if entry.strip())) + "\n"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: "A, B and C"."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _front_matter(manifest: dict[str, Any], counts: Sequence[SplitCounts]) -> dict[str, Any]:
    found = any(entry["rules"][0] != "a1" for entry in manifest["corpora"].values())
    return {
        "pretty_name": title(manifest),
        **_front_licence([entry["licence"] for entry in manifest["corpora"].values()]),
        "language": ["en"],
        "task_categories": ["text-classification"],
        "tags": list(KEYWORDS),
        "size_categories": [_size_category(sum(part.instances for part in counts))],
        "annotations_creators": ["expert-generated", *(["machine-generated"] if found else [])],
        "source_datasets": [f"extended|other-{key}" for key in manifest["corpora"]],
        "configs": _configs(manifest),
    }


def _front_licence(licences: Sequence[dict[str, Any]]) -> dict[str, str]:
    by_name = {licence["name"]: licence for licence in licences}
    if len(by_name) > 1:
        return {"license": "other", "license_name": "one-per-corpus", "license_link": "README.md#licences"}
    (licence,) = by_name.values()
    known = licence_id(licence)
    if known is not None:
        return {"license": known}
    return {
        "license": "other",
        "license_name": re.sub(r"[^a-z0-9.]+", "-", licence["name"].casefold()).strip("-"),
        "license_link": licence["url"] or "README.md#licences",
    }


def _size_category(rows: int) -> str:
    bounds = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
    for number, bound in enumerate(bounds):
        if rows < 1_000 * 10**number:
            return f"{bounds[number - 1]}<n<{bound}" if number else f"n<{bound}"
    return "n>1B"


def _configs(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """What `datasets` loads: everything by default, or a corpus by name; only splits that have rows."""
    held = {
        key: [split for split in SPLITS if entry["splits"].get(split, {}).get("file")]
        for key, entry in manifest["corpora"].items()
    }
    of_all = [split for split in SPLITS if any(split in splits for splits in held.values())]
    configs = [("default", "*", of_all), *((key, key, splits) for key, splits in held.items())]
    return [
        {
            "config_name": name,
            "data_files": [
                {"split": _SPLIT_NAMES[split], "path": f"{DATA}/corpus={pattern}/split={split}/*.parquet"}
                for split in splits
            ],
        }
        for name, pattern, splits in configs
        if splits
    ]


def _first(manifest: dict[str, Any]) -> dict[str, str] | None:
    """The part to show loading with, None in a set without rows."""
    for corpus, entry in manifest["corpora"].items():
        for split, part in entry["splits"].items():
            if part["file"] is not None:
                return {"corpus": corpus, "split": split, "name": _SPLIT_NAMES[split]}
    return None


def _row_counts(counts: Sequence[SplitCounts]) -> list[Row]:
    numbers = [(p.documents, p.instances, p.positive, p.instances - p.positive) for p in counts]
    rows = [(f"`{p.corpus}`", p.split, *of) for p, of in zip(counts, numbers, strict=True)]
    return [*rows, ("all", "", *(sum(column) for column in zip(*numbers, strict=True)))]


def _label_counts(counts: Sequence[SplitCounts]) -> list[Row]:
    labels: Counter[str] = Counter()
    for part in counts:
        labels.update(part.labels)
    ordered = sorted(labels.items(), key=lambda item: (item[0].startswith("None"), -item[1], item[0]))
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
    rows: list[Row] = []
    for corpus, entry in manifest["corpora"].items():
        parts = [part for part in counts if part.corpus == corpus]
        if entry["published"] is None:
            continue
        measured = (sum(part.documents for part in parts), sum(part.relations for part in parts))
        paper = (entry["published"]["abstracts"], entry["published"]["relations"])
        why = "" if measured == paper else entry["published"]["why"] or "not known"
        rows.append((entry["name"], measured[0], paper[0], measured[1], paper[1], why))
    return rows


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
    return " ".join(text.split()).replace("|", "\\|")


def _table(header: Row, rows: Iterable[Row]) -> str:
    """A table of Markdown; columns that hold numbers are set right."""
    lines = list(rows)
    numeric = [any(isinstance(cell, int) for cell in column) for column in zip(*lines, strict=True)]
    rule = ["---:" if right else "---" for right in numeric or [False] * len(header)]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in (header, rule, *lines))


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
