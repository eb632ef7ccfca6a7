"""What relations are called: by BioRED's labels, or by PubTator 3's names, as relation_types.yaml says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import resources
from itertools import combinations_with_replacement
from pathlib import Path

from pydantic import Field

from harmonize.errors import HarmonizeError, SpecError, UnknownName
from harmonize.model import EntityInContext
from harmonize.prediction.entity_types import EntityTypes
from harmonize.relation.labels import is_negative
from harmonize.spec import Target, load_catalogue
from harmonize.spec.reading import SpecModel, validated

__all__ = ["BIORED", "PUBTATOR3", "RELATION_TYPES", "NameTable", "Names", "load_name_table", "relation_names"]

BIORED, PUBTATOR3 = "biored", "pubtator3"
RELATION_TYPES = (BIORED, PUBTATOR3)
"""The vocabularies that relations can be named in."""

_VARIANT = "Variant"


class PairNames(SpecModel):
    """The names of the relations between two kinds of entities, by BioRED's label.

    Attributes:
        seen: what public material says.
        derived: what it does not say.
        why: the reason for these.
    """

    seen: dict[str, str] = Field(default_factory=dict)
    derived: dict[str, str] = Field(default_factory=dict)
    why: str = Field(min_length=1)

    @property
    def by_label(self) -> dict[str, str]:
        return self.seen | self.derived


class NameTable(SpecModel):
    """relation_types.yaml.

    Attributes:
        sources: where what is seen can be seen.
        names: all there are.
        kinds: BioRED's entity type -> the other vocabulary's; it has "Variant" besides.
        pairs: two kinds in order of name, "Chemical-Disease" -> the names of their relations.
    """

    sources: tuple[str, ...] = Field(min_length=1)
    names: tuple[str, ...] = Field(min_length=1)
    kinds: dict[str, str]
    pairs: dict[str, PairNames]

    @cached_property
    def every_pair(self) -> tuple[str, ...]:
        """Every two kinds, in order of name."""
        kinds = sorted({*self.kinds.values(), _VARIANT})
        return tuple(map("-".join, combinations_with_replacement(kinds, 2)))

    def faults(self, target: Target) -> Iterator[tuple[str, str]]:
        """What keeps the table from naming every relation of the target, as (key, what was expected)."""
        yield from _difference("kinds", self.kinds, target.entity_types.values())
        yield from _difference("pairs", self.pairs, self.every_pair)
        for pair, row in self.pairs.items():
            yield from _difference(f"pairs.{pair}", row.by_label, target.labels)
            for label in row.seen.keys() & row.derived.keys():
                yield f"pairs.{pair}.{label}", "expected it in seen or in derived, got it in both"
            for label, name in row.by_label.items():
                if name not in self.names:
                    known = ", ".join(self.names)
                    yield f"pairs.{pair}.{label}", f"expected one of {known}, got {name!r}"


def _difference(key: str, found: Iterable[str], expected: Iterable[str]) -> Iterator[tuple[str, str]]:
    found, expected = list(found), list(expected)
    for name in expected:
        if name not in found:
            yield key, f"expected {name}, found none"
    for name in found:
        if name not in expected:
            yield f"{key}.{name}", f"expected one of {', '.join(expected)}"


def load_name_table(path: Path | None = None) -> NameTable:
    """Read relation_types.yaml; the package's own unless `path` names another.

    Raises:
        SpecError: the file has faults, all of them, among them a relation that it does not name.
    """
    path = path or Path(str(resources.files("harmonize.prediction"))) / "relation_types.yaml"
    table = validated(NameTable, path)
    faults = list(table.faults(load_catalogue().target))
    if faults:
        raise SpecError(path, faults)
    return table


class Names:
    """Names relations in another vocabulary than the labels'.

    Args:
        table: the names.
        types: tell BioRED's type of an internal one, and which types are variants.
    """

    def __init__(self, table: NameTable, types: EntityTypes) -> None:
        self._table, self._types = table, types
        self._named = {
            (*pair.split("-"), label): name
            for pair, row in table.pairs.items()
            for label, name in row.by_label.items()
        }

    def __call__(self, label: str, head: EntityInContext, tail: EntityInContext) -> str | None:
        """The name of a relation, whichever way round; None for a negative label.

        Raises:
            HarmonizeError: an entity type that is none of BioRED's nor of a known mapping.
        """
        if is_negative(label):
            return None
        one, other = sorted((self._kind(head), self._kind(tail)))
        return self._named[one, other, label]

    def check(self, labels: Iterable[str]) -> None:
        """Raises HarmonizeError for labels of a classifier that have no name."""
        known = dict.fromkeys(label for *_, label in self._named)
        strange = [label for label in labels if label not in known and not is_negative(label)]
        if strange:
            raise HarmonizeError(
                f"--relation-types {PUBTATOR3}: expected a classifier of BioRED's labels "
                f"({', '.join(known)}), this one also knows {', '.join(strange)}"
            )

    def _kind(self, entity: EntityInContext) -> str:
        kinds = self._table.kinds
        kind = kinds.get(entity.type) or kinds.get(self._types.entity_types.get(entity.type) or "")
        if kind is None:
            raise HarmonizeError(
                f"--relation-types {PUBTATOR3}: expected entities of {', '.join(kinds)}, got {entity.type!r}"
            )
        return _VARIANT if self._types.is_variant(entity.source_type) else kind


def relation_names(choice: str, types: EntityTypes) -> Names | None:
    """What names relations in a vocabulary; None where their labels do.

    Raises:
        UnknownName: no such vocabulary.
    """
    if choice not in RELATION_TYPES:
        raise UnknownName("relation types", choice, RELATION_TYPES)
    return None if choice == BIORED else Names(load_name_table(), types)
