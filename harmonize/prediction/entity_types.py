"""The entity types of new documents: what entity_types.yaml says, put beside the mapping of a corpus."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harmonize.errors import SpecError
from harmonize.formats.pubtator import split_ids
from harmonize.spec import Catalogue, Corpus, validated

__all__ = ["EntityTypes", "extended", "load_entity_types", "variant_id", "with_internal_types"]

_RS_NUMBER = re.compile(r"(?:RS#:|dbSNP:|rs)(\d+)", re.IGNORECASE)
_DESCRIPTION = re.compile(r"(?:(?:tmVar|dbSNP|HGVS):)?([cgmnpr](?:[.|]).+)", re.IGNORECASE)


class EntityTypes(BaseModel):
    """entity_types.yaml.

    Attributes:
        entity_types: a tool's type -> BioRED's, or null for one outside every pair.
        variants: the types whose id field describes one variant in several ways.
        id_separators: the characters that join the ids of other types.
        unknown_ids: ids that stand for "not known".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity_types: dict[str, str | None]
    variants: tuple[str, ...] = ()
    id_separators: str = ""
    unknown_ids: tuple[str, ...] = ("",)

    @cached_property
    def _variants(self) -> frozenset[str]:
        return frozenset(name.casefold() for name in self.variants)

    def concept_ids(self, mention_type: str, raw: str) -> tuple[str, ...]:
        """The known concept ids of an id field, each once, in order."""
        if mention_type.casefold() in self._variants:
            return split_ids(variant_id(raw), "", self.unknown_ids)
        return split_ids(raw, self.id_separators, self.unknown_ids)


def variant_id(raw: str) -> str:
    """The one id of a variant, as BioRED writes it, from an id field of any vintage of tmVar.

    "tmVar:c|SUB|G|1691|A;HGVS:c.1691G>A;RS#:6025" -> "rs6025"; "NCBI Gene:6559,dbSNP:c|SUB|G||C" ->
    "c|SUB|G||C". A field in none of the known forms is the id as it stands.
    """
    parts = [part.strip() for part in re.split("[,;]", raw)]
    for form, prefix in ((_RS_NUMBER, "rs"), (_DESCRIPTION, "")):
        for part in parts:
            if found := form.fullmatch(part):
                return prefix + found.group(1)
    return raw.strip()


def load_entity_types(path: Path | None = None) -> EntityTypes:
    """Read entity_types.yaml; the package's own unless `path` names another.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return validated(EntityTypes, path or _own())


def _own() -> Path:
    return Path(str(resources.files("harmonize.prediction"))) / "entity_types.yaml"


def with_internal_types(types: EntityTypes, catalogue: Catalogue) -> EntityTypes:
    """The table with the internal types of rule e1 ("BC5CDR-Chem"), which files made of a union set hold."""
    specs = [corpus.spec for corpus in catalogue.corpora.values()]
    internal = {name: s.entity_types[own] for s in specs for own, name in s.internal_types.items()}
    return types.model_copy(update={"entity_types": internal | types.entity_types})


def extended(corpus: Corpus, types: EntityTypes, path: Path | None = None) -> Corpus:
    """The corpus as it makes pairs of new documents.

    Its mapping learns the tools' types, in three spellings (Gene, gene, GENE), each with the internal type
    that rule e1 gives all of its own types of that kind; types in no pair of the corpus are outside every
    pair.
    Rules that ask for annotated relations become those that do not: a1 for a, c2 for c.

    Args:
        path: the file of `types`, for errors.

    Raises:
        SpecError: a type is brought to one that BioRED does not have.
    """
    spec, known = corpus.spec, set(corpus.target.entity_types.values())
    faults = [
        (f"entity_types.{name}", f"expected null or one of {', '.join(sorted(known))}, got {kind!r}")
        for name, kind in types.entity_types.items()
        if kind is not None and kind not in known
    ]
    if faults:
        raise SpecError(path or _own(), faults)
    paired = {kind for pair in corpus.pair_types for kind in pair}
    internal = _internal_by_kind(corpus)
    kinds: dict[str, str | None] = {}
    for name, kind in types.entity_types.items():
        for spelling in (name, name.lower(), name.upper()):
            kinds[spelling] = kind if kind in paired else None
    internals = {
        name: internal[kind] for name, kind in kinds.items() if kind is not None and kind in internal
    }
    return replace(
        corpus,
        spec=spec.model_copy(
            update={
                "entity_types": kinds | spec.entity_types,
                "internal_types": {n: i for n, i in internals.items() if n not in spec.entity_types}
                | spec.internal_types,
            }
        ),
        rules=corpus.rules.model_copy(update={"a": "a1", "c": "c2"}),
    )


def _internal_by_kind(corpus: Corpus) -> dict[str, str]:
    """BioRED type -> the internal type that all of the corpus' types of that kind have, if they have one."""
    spec = corpus.spec
    found: dict[str, set[str | None]] = {}
    for own, kind in spec.entity_types.items():
        if kind is not None:
            found.setdefault(kind, set()).add(spec.internal_types.get(own))
    only = {kind: names.pop() for kind, names in found.items() if len(names) == 1}
    return {kind: name for kind, name in only.items() if name is not None}
