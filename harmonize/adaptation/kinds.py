"""Which kinds of entity a text names: the sub-domains of Su and Vijay-Shanker (2022).

The paper asks PubMed for "Protein OR Gene" and for "Drug", and PubTator for articles with a protein or gene
and a chemical. Here an article's own annotation says it, where it has one; any other text names what stands
in a table of names, found as harmonize.text.dictionary finds names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from harmonize.adaptation.text import Text
from harmonize.errors import HarmonizeError, MalformedInput
from harmonize.formats.lines import numbered_lines
from harmonize.prediction.entity_types import load_entity_types, with_internal_types
from harmonize.spec import load_catalogue
from harmonize.union.documents import DocumentKey, read_documents
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

    A drug is what a corpus calls so (`source_head_type`); it is a chemical as well. Names that are words of
    English too ("all", "receptor") are left out: those that less than half of the documents which hold them
    mark as of this kind. Only documents of corpora that mark the kind at all are asked.

    Raises:
        UnionError: the set is not whole.
    """
    marked, names = _marked(union)
    kinds_of = defaultdict(set)
    for corpus, kind in {(key.corpus, kind) for key, kind in marked}:
        kinds_of[corpus].add(kind)
    find = _dictionary(names)
    found, confirmed = Counter[Names](), Counter[Names]()
    for document in read_documents(union):
        if document.key.split != "train":
            continue
        here: dict[Names, bool] = {}
        for name, written in find(document.text):
            if name.kind in kinds_of[document.key.corpus]:
                is_marked = written.casefold() in marked.get((document.key, name.kind), ())
                here[name] = here.get(name, False) or is_marked
        found.update(here.keys())
        confirmed.update(name for name, is_marked in here.items() if is_marked)
    return sorted(name for name in names if 2 * confirmed[name] >= found[name])


_Marked = dict[tuple[DocumentKey, str], set[str]]
"""(document, kind) -> how its mentions of that kind are written, in small letters."""


def _marked(union: Path) -> tuple[_Marked, set[Names]]:
    """What the training rows mark, and all names that they give."""
    sides = [f"{side}_{what}" for side in ("head", "tail") for what in ("name", "type", "spans")]
    sides += [f"source_{side}_type" for side in ("head", "tail")]
    rows = load_union(union, splits=["train"], columns=["corpus", "split", "document_id", "text", *sides])
    of_type = _kinds_of_types()
    marked: _Marked = defaultdict(set)
    names: set[Names] = set()
    for batch in rows.to_batches(max_chunksize=2048):
        for row in batch.to_pylist():
            key = DocumentKey(row["corpus"], row["split"], row["document_id"])
            for side in ("head", "tail"):
                written = {
                    row["text"][span["start"] : span["end"]].casefold() for span in row[f"{side}_spans"]
                }
                for kind in _kinds(row[f"{side}_type"], row[f"source_{side}_type"], of_type):
                    marked[key, kind] |= written
                    names.add(Names(kind, row[f"{side}_name"]))
    return marked, names


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
    find = _dictionary(names)
    return lambda text: frozenset(name.kind for name, _ in find(text))


def _dictionary(names: Iterable[Names]) -> Callable[[str], Iterator[tuple[Names, str]]]:
    """A function from a text to the names in it, and how they are written there."""
    try:
        from harmonize.text.dictionary import Dictionary, Name
    except ImportError as error:
        raise HarmonizeError(
            f"--about: finding names needs spaCy, which is not installed ({error})"
        ) from None
    by_id = {f"{name.kind}\t{name.text}": name for name in names}
    dictionary = Dictionary(
        Name(identifier, name.kind, name.text, name.kind in ("chemical", "drug"))
        for identifier, name in by_id.items()
    )

    def find(text: str) -> Iterator[tuple[Names, str]]:
        for match in dictionary.find(text, by_id):
            yield by_id[match.entity], match.span.of(text)

    return find
