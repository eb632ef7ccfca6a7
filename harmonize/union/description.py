"""What a set is, in words, as the card and its metadata say it: title, summary, licences, references."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from harmonize.union.manifest import split_counts

__all__ = ["KEYWORDS", "bibtex", "licence_id", "licence_statement", "listed", "summary", "title"]

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

_KNOWN_LICENCE = re.compile(r"cc-by(-nc)?(-sa|-nd)?-[34]\.0|cc0-1\.0|mit|apache-2\.0|odc-by|odbl|pddl")
_MANY_NAMES = 3


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
