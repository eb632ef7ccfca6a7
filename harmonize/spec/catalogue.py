"""Every known corpus, read from the package's mappings and those of extensions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harmonize.errors import HarmonizeError, SpecError, UnknownName
from harmonize.files import sha256_of
from harmonize.names import corpus_key, listed
from harmonize.spec.corpus import Corpus, check_against_target
from harmonize.spec.likeness import check_decided, resembling
from harmonize.spec.mapping import LICENCE_TERMS, CorpusSpec, LicenceTerms
from harmonize.spec.reading import checked, faults_of, package_folder, read_yaml, validated
from harmonize.spec.rule_choice import RuleChoice
from harmonize.spec.target import Target

__all__ = ["CORPUS_NAME", "FURTHER", "Catalogue", "load_catalogue"]

FURTHER = "further.yaml"
"""The package's table of the corpora that Table 2 does not have."""
# It names folders, off which readers take it as a number or a date where it looks like one.
CORPUS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Catalogue:
    """Every known corpus: those of Table 2 in its order, the further ones, then those of extensions."""

    target: Target
    corpora: Mapping[str, Corpus]

    def __getitem__(self, name: str) -> Corpus:
        """The corpus of a key or a display name, in any letter case.

        Raises:
            UnknownName: no corpus has it.
        """
        return self.corpora[corpus_key(name, {key: each.spec.name for key, each in self.corpora.items()})]

    def select(self, names: Iterable[str], terms: LicenceTerms = "any") -> list[Corpus]:
        """The named corpora in the catalogue's order, whatever the order of the names and their letter case.

        "all" stands for every one but the package's further corpora: those are had by name, "all,bertsrc".

        Args:
            terms: leave out the corpora whose licence does not allow them.

        Raises:
            UnknownName: a name, or terms, that are none.
            HarmonizeError: a text in the place of names, no name, or the terms leave out every one.
        """
        if terms not in LICENCE_TERMS:
            raise UnknownName("licence terms", terms, LICENCE_TERMS)
        chosen: set[str] = set()
        for name in listed(names, "corpora"):
            chosen |= self._usual() if str(name).casefold() == "all" else {self[name].key}
        if not chosen:
            raise HarmonizeError(
                f"corpora: expected all, or names such as {next(iter(self.corpora))}, got none"
            )
        selected = [corpus for key, corpus in self.corpora.items() if key in chosen]
        allowed = [corpus for corpus in selected if corpus.spec.licence.allows(terms)]
        if not allowed:
            licences = ", ".join(f"{corpus.key} is under {corpus.spec.licence.name}" for corpus in selected)
            raise HarmonizeError(f"expected a corpus whose licence allows {terms}: {licences}")
        return allowed

    def _usual(self) -> set[str]:
        return {key for key, corpus in self.corpora.items() if not corpus.further}

    def licence(self, name: str) -> str:
        """The licence of some corpus that a user means: case and the choice of blank or hyphen do not matter.

        Raises:
            UnknownName: no corpus has it.
        """
        known = sorted({corpus.spec.licence.name for corpus in self.corpora.values()})
        for licence in known:
            if licence.casefold().replace("-", " ") == name.casefold().replace("-", " "):
                return licence
        raise UnknownName("licence", name, known)


def load_catalogue(extensions: Iterable[Path] = ()) -> Catalogue:
    """Read the package's mappings, and those of further folders after them.

    Raises:
        SpecError: the first file with faults, with all its faults.
    """
    target, corpora = _packaged()
    corpora = dict(corpora)
    for extension in listed(extensions, "extensions"):
        corpora |= _corpora_of(Path(extension) / "table2.yaml", target, corpora)
    return Catalogue(target, corpora)


@cache
def _packaged() -> tuple[Target, dict[str, Corpus]]:
    """The package's own mappings: they do not change while it runs, and YAML is slow to read."""
    package = package_folder()
    target = validated(Target, package / "target.yaml")
    nine = _corpora_of(package / "table2.yaml", target, {})
    return target, nine | _corpora_of(package / FURTHER, target, nine)


def _corpora_of(table: Path, target: Target, known: Mapping[str, Corpus]) -> dict[str, Corpus]:
    """The corpora that a table names, each with the mapping beside it.

    Args:
        known: those that they may be like.
    """
    rows = _named_rows(table)
    mappings = {table.parent / f"{key}.yaml": read_yaml(table.parent / f"{key}.yaml") for key in rows}
    check_decided(table.parent, {table.name: rows} | {path.name: each for path, each in mappings.items()})
    corpora: dict[str, Corpus] = {}
    rules = _rules(table, rows, {key: corpus.rules for key, corpus in known.items()})
    for (path, mapping), (key, row) in zip(mappings.items(), rules.items(), strict=True):
        others = {**known, **corpora}
        specs = {name: corpus.spec for name, corpus in others.items()}
        spec = checked(CorpusSpec, resembling(mapping, specs, path), path)
        files = [package_folder() / "target.yaml", table, path]
        files += [others[spec.like].path] if spec.like is not None else []
        hashes = {file.name: sha256_of(file) for file in files}
        corpora[key] = Corpus(key, spec, row, target, path, hashes, table == package_folder() / FURTHER)
        check_against_target(corpora[key])
    return corpora


def _named_rows(path: Path) -> dict[str, Any]:
    """The rows of a table as the file has them; their names are corpora's."""
    rows = read_yaml(path)
    faults = [
        (f"{key!r}"[:80], "expected a corpus' name: a letter, then letters, digits, _ and -")
        for key in rows
        if not CORPUS_NAME.fullmatch(str(key))
    ]
    if faults:
        raise SpecError(path, faults)
    return {str(key): row for key, row in rows.items()}


def _rules(path: Path, rows: Mapping[str, Any], known: Mapping[str, RuleChoice]) -> dict[str, RuleChoice]:
    choices: dict[str, RuleChoice] = {}
    faults: list[tuple[str, str]] = []
    for key, row in rows.items():
        try:
            choices[key] = RuleChoice.model_validate(resembling(row, {**known, **choices}, path, f"{key}."))
        except ValidationError as error:
            faults += [(f"{key}.{place}", fault) for place, fault in faults_of(error, RuleChoice)]
    if faults:
        raise SpecError(path, faults)
    return choices
