"""Which kinds of entity a text names: the sub-domains of Su and Vijay-Shanker (2022).

The paper asks PubMed for "Protein OR Gene" and for "Drug", and PubTator for articles with a protein or gene
and a chemical. Here an article's own annotation says it, where it has one; any other text names what stands
in a table of names, found as harmonize.text.dictionary finds names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from harmonize.adaptation.text import Text
from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.formats.lines import numbered_lines
from harmonize.prediction.entity_types import load_entity_types, with_internal_types
from harmonize.spec import load_catalogue
from harmonize.union.reader import load_union

__all__ = ["KINDS", "Named", "Names", "kind_named", "names_of_file", "names_of_union"]

KINDS = ("gene", "chemical", "drug", "disease")
_ALIASES = {"protein": "gene"}
_OF_TARGET = {
    "GeneOrGeneProduct": "gene",
    "ChemicalEntity": "chemical",
    "DiseaseOrPhenotypicFeature": "disease",
}
_DRUG_TYPES = frozenset(("drug", "brand", "group", "drug_n"))
"""Types of mentions that are drugs: those of DDI 2013. PubTator has chemicals only."""


def kind_named(name: str) -> str:
    """A kind by its name or another of its names.

    Raises:
        ValueError: no such kind.
    """
    kind = _ALIASES.get(name, name)
    if kind not in KINDS:
        raise ValueError(f"expected one of {', '.join((*KINDS, *_ALIASES))}, got {name!r}")
    return kind


class Names(NamedTuple):
    """A name of a kind."""

    kind: str
    text: str


def names_of_file(path: Path) -> Iterator[Names]:
    """The names of a table: kind, tab, name.

    Raises:
        MissingInput, MalformedInput: with file and line.
    """
    for number, line in numbered_lines(path):
        kind, mark, name = line.partition("\t")
        if not mark or not name.strip():
            raise MalformedInput(path, "expected a kind, a tab and a name", line=number)
        try:
            yield Names(kind_named(kind), name.strip())
        except ValueError as error:
            raise MalformedInput(path, str(error), line=number) from None


def names_of_union(union: Path) -> list[Names]:
    """The names that the training rows of a union set give to entities of each kind, each once.

    A drug is what a corpus calls so (`source_head_type`); it is a chemical as well.

    Raises:
        UnionError: the set is not whole.
    """
    columns = [f"{side}_{what}" for side in ("head", "tail") for what in ("name", "type")]
    columns += [f"source_{side}_type" for side in ("head", "tail")]
    rows = load_union(union, splits=["train"], columns=columns)
    of_type = _kinds_of_types()
    found = set()
    for side in ("head", "tail"):
        sides = (rows[name].to_pylist() for name in (f"{side}_name", f"{side}_type", f"source_{side}_type"))
        for name, kind, own in set(zip(*sides, strict=True)):
            found |= {Names(each, name) for each in _kinds(kind, own, of_type)}
    return sorted(found)


def _kinds_of_types() -> dict[str, str]:
    """Entity type, in small letters -> kind, of the types that the mappings bring to BioRED's."""
    types = with_internal_types(load_entity_types(), load_catalogue()).entity_types
    return {name.casefold(): _OF_TARGET[kind] for name, kind in types.items() if kind in _OF_TARGET}


def _kinds(entity_type: str, own: str, of_type: Mapping[str, str]) -> set[str]:
    kinds = {of_type[entity_type.casefold()]} if entity_type.casefold() in of_type else set()
    return kinds | ({"drug"} if own.casefold() in _DRUG_TYPES else set())


class Named:
    """Tells which kinds of entity a text names.

    Args:
        names: for texts without annotation, and to tell drugs from other chemicals.
        wanted: the kinds that are asked about.
    """

    def __init__(self, names: Iterable[Names], wanted: Iterable[str]) -> None:
        self._wanted = frozenset(wanted)
        names = [name for name in names if name.kind in self._wanted]
        self._known = frozenset(name.kind for name in names)
        self._drugs = frozenset(name.text.casefold() for name in names if name.kind == "drug")
        self._of_type = _kinds_of_types()
        self._find = _finder(names) if names else None

    def __call__(self, text: Text) -> frozenset[str]:
        """Those of the wanted kinds that a text names; annotation has the word where there is any.

        Raises:
            MalformedInput: there is none, and no names of a wanted kind.
        """
        if text.mentions:
            return self._wanted.intersection(self._annotated(text.mentions))
        lacking = ", ".join(sorted(self._wanted - self._known))
        if text.mentions is None and lacking:
            raise MalformedInput(
                text.file,
                f"expected PubTator annotation, or names of kind {lacking} (--names, --names-from)",
                line=text.line,
            )
        return self._find(text.text or "") if self._find is not None else frozenset()

    def _annotated(self, mentions: Iterable[tuple[str, str]]) -> Iterator[str]:
        for kind, name in mentions:
            found = _kinds(kind, kind, self._of_type)
            yield from found
            if "chemical" in found and name.casefold() in self._drugs:
                yield "drug"


def _finder(names: Iterable[Names]) -> Callable[[str], frozenset[str]]:
    """A function from a text to the kinds of the names in it."""
    try:
        from harmonize.text.dictionary import Dictionary, Name
    except ImportError as error:
        raise HarmonizeError(
            f"--about: finding names needs spaCy, which is not installed ({error})"
        ) from None
    names = list(names)
    kinds = {name.kind for name in names}
    dictionary = Dictionary(
        Name(name.kind, name.kind, name.text, name.kind in ("chemical", "drug")) for name in names
    )
    return lambda text: frozenset(match.entity for match in dictionary.find(text, kinds))
