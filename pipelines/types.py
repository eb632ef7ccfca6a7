"""harmonize types: which entity types predict knows, what they stand for, and where they come from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from harmonize.names import USUAL_CORPUS
from harmonize.prediction.pairs import pair_rules
from harmonize.spec import Catalogue, load_catalogue

from .inputs import user_types

__all__ = ["KnownType", "known_types", "type_lines"]

IN_NO_PAIR = "known, in no pair"


@dataclass(frozen=True)
class KnownType:
    """An entity type.

    Attributes:
        kind: the BioRED type that it stands for; None for one in no pair.
        origins: tools, corpora and files that use it, in order of name.
    """

    name: str
    kind: str | None
    origins: tuple[str, ...]


def known_types(
    as_corpus: str = USUAL_CORPUS, types: Path | None = None, extensions: tuple[Path, ...] = ()
) -> list[KnownType]:
    """The types that are known where a corpus' rules make the pairs, in order of kind and name.

    Args:
        types: a user's file of types, see `load_user_types`.
        extensions: folders with the mappings of further corpora.

    Raises:
        UnknownName: no such corpus.
        SpecError: the file has faults, all of them.
    """
    own = user_types(types)
    rules = pair_rules(as_corpus, types=own, extensions=extensions)
    catalogue = load_catalogue(extensions)
    origins: dict[str, set[str]] = defaultdict(set)
    for origin, names in rules.types.origins.items():
        for name in names:
            origins[name].add(origin)
    for name in _internal(catalogue):
        origins[name].add("rule e1")
    for name in rules.own_types:
        origins[name].add(catalogue[as_corpus].spec.name)
    for name in own:
        origins[name] = {str(types)}
    found = [
        KnownType(name, rules.corpus.kind(name), tuple(sorted(origins[name], key=str.casefold)))
        for name in _each_once([*own, *sorted(rules.own_types), *rules.types.entity_types])
    ]
    return sorted(found, key=lambda each: (each.kind is None, each.kind or "", each.name.casefold()))


def _internal(catalogue: Catalogue) -> set[str]:
    return {name for corpus in catalogue.corpora.values() for name in corpus.spec.internal_types.values()}


def _each_once(names: list[str]) -> list[str]:
    """The first of names that differ in case only."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return list(first.values())


def type_lines(types: list[KnownType]) -> list[str]:
    """A line for each: name, what it stands for, origins."""
    wide = max(len(each.name) for each in types)
    return [
        f"{each.name:<{wide}}  {each.kind or IN_NO_PAIR:<26}  {', '.join(each.origins)}".rstrip()
        for each in types
    ]
