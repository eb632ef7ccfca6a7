"""The entity types of new documents: what entity_types.yaml and a user say, put beside a corpus' mapping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, RootModel, ValidationInfo, model_validator

from harmonize.errors import SpecError
from harmonize.formats.pubtator_record import VARIANT_DESCRIPTION, split_ids
from harmonize.spec import OTHER, Catalogue, Corpus
from harmonize.spec.reading import SpecModel, checked, validated

__all__ = [
    "AnyCase",
    "EntityTypes",
    "UserTypes",
    "extended",
    "folded",
    "load_entity_types",
    "load_user_types",
    "variant_id",
    "with_internal_types",
    "with_unknown_ids",
    "with_user_types",
    "without_taxa",
]

_RS_NUMBER = re.compile(r"(?:RS#:|dbSNP:|rs)(\d+)(?:\(Expired\))?(?:\|\d+)*", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[A-Za-z# ]+:.*")
_Value = TypeVar("_Value")
_TAXON = re.compile(r"\s*\(Tax:\s*\d+\)$", re.IGNORECASE)


class EntityTypes(SpecModel):
    """entity_types.yaml.

    Attributes:
        entity_types: a tool's type -> BioRED's, or null for one outside every pair.
        origins: a tool or corpus -> its types.
        variants: the types whose id field describes one variant in several ways.
        id_separators: the characters that join the ids of other types.
        unknown_ids: ids that stand for "not known".
    """

    entity_types: dict[str, str | None]
    origins: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    variants: tuple[str, ...] = ()
    id_separators: str = ""
    unknown_ids: tuple[str, ...] = ("",)

    @model_validator(mode="after")
    def _names_are_types(self) -> EntityTypes:
        named = {*self.variants, *(name for names in self.origins.values() for name in names)}
        if unknown := sorted(named - set(self.entity_types)):
            raise ValueError(f"expected types of entity_types, got {', '.join(unknown)}")
        return self

    @cached_property
    def _variants(self) -> frozenset[str]:
        return folded(self.variants)

    def is_variant(self, mention_type: str) -> bool:
        """True for a type whose id field describes one variant."""
        return mention_type.casefold() in self._variants

    def concept_ids(self, mention_type: str, raw: str) -> tuple[str, ...]:
        """The known concept ids of an id field, each once, in order.

        Several are joined by `id_separators`; of "5594(Tax:9606)" the taxon is dropped.
        """
        if self.is_variant(mention_type):
            return split_ids(variant_id(raw), "", self.unknown_ids)
        return without_taxa(split_ids(raw, self.id_separators, self.unknown_ids))


def without_taxa(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids of genes without the species that GNormPlus and GNorm2 add: "5594(Tax:9606)" -> "5594"."""
    return tuple(dict.fromkeys(_TAXON.sub("", each) if each.endswith(")") else each for each in ids))


def variant_id(raw: str) -> str:
    """The one id of a variant, as BioRED writes it, from an id field of any vintage of tmVar.

    "tmVar:c|SUB|G|1691|A;HGVS:c.1691G>A;RS#:6025" -> "rs6025"; "NCBI Gene:6559,dbSNP:c|SUB|G||C" ->
    "c|SUB|G||C". Of a field in none of the known forms it is what stands before attributes such as
    "VariantGroup:0".
    """
    parts = [part.strip() for part in re.split("[,;]", raw)]
    for form, prefix in ((_RS_NUMBER, "rs"), (VARIANT_DESCRIPTION, "")):
        for part in parts:
            if found := form.fullmatch(part):
                return prefix + found.group(1)
    if len(parts) > 1 and ";" in raw:
        rest = [part for part in raw.split(";") if not _ATTRIBUTE.fullmatch(part.strip())]
        return ";".join(rest).strip() or raw.strip()
    return raw.strip()


def load_entity_types() -> EntityTypes:
    """Read entity_types.yaml.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return validated(EntityTypes, _own())


def _own() -> Path:
    return Path(str(resources.files("harmonize.prediction"))) / "entity_types.yaml"


class AnyCase(dict[str, _Value]):
    """A dictionary that finds its keys in any case: as it is written, or else the first that reads alike."""

    def __init__(self, items: Mapping[str, _Value]) -> None:
        super().__init__(items)
        self._written: dict[str, str] = {}
        for key in items:
            self._written.setdefault(key.casefold(), key)

    def written(self, key: str) -> str:
        """The first key that reads like this one."""
        return self._written[key.casefold()]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or (isinstance(key, str) and key.casefold() in self._written)

    def __missing__(self, key: str) -> _Value:
        return self[self.written(key)]

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default


def folded(names: Iterable[str]) -> frozenset[str]:
    """Names as they are compared where case does not matter."""
    return frozenset(name.casefold() for name in names)


# A user's own types


def _known_type(value: str | None, info: ValidationInfo) -> str | None:
    known: Mapping[str, str] = (info.context or {}).get("known", {})
    if value is not None and value.casefold() not in known:
        raise ValueError(f"expected null or a type of `harmonize types`, got {value!r}")
    return None if value is None else known[value.casefold()]


class UserTypes(RootModel[dict[str, Annotated[str | None, AfterValidator(_known_type)]]]):
    """A user's file of types: type -> a known one, or null for one that is to be in no pair."""

    model_config = ConfigDict(frozen=True, strict=True)

    @model_validator(mode="after")
    def _each_once_whatever_its_case(self) -> UserTypes:
        known = AnyCase(self.root)
        if again := [name for name in self.root if known.written(name) != name]:
            alike = ", ".join(f"{known.written(name)} and {name}" for name in again)
            raise ValueError(f"expected types that differ in more than case, got {alike}")
        return self


def load_user_types(path: Path, types: EntityTypes, catalogue: Catalogue) -> dict[str, str | None]:
    """Read a user's file of types.

    Raises:
        SpecError: the file has faults, all of them.
    """
    return validated(UserTypes, path, {"known": _known(types, catalogue)}).root


def _known(types: EntityTypes, catalogue: Catalogue) -> dict[str, str]:
    """Every type that another one may stand for, by its casefolded name."""
    names = (*types.entity_types, *catalogue.target.entity_types.values())
    return {name.casefold(): name for name in names}


def with_user_types(
    types: EntityTypes, user: Mapping[str, str | None], catalogue: Catalogue
) -> tuple[EntityTypes, dict[str, str | None]]:
    """The table with a user's types, which override its own, and what BioRED's types they stand for.

    A type that stands for one of variants has its ids read as theirs.

    Raises:
        SpecError: a type stands for one that nobody knows.
    """
    context = {"known": _known(types, catalogue)}
    own = checked(UserTypes, dict(user), "types", context).root
    targets = set(catalogue.target.entity_types.values())
    kinds = {
        name: stands_for if stands_for is None or stands_for in targets else types.entity_types[stands_for]
        for name, stands_for in own.items()
    }
    overridden = folded(own)
    variants = [name for name in types.variants if name.casefold() not in overridden]
    variants += [name for name, known in own.items() if known is not None and types.is_variant(known)]
    kept = {name: kind for name, kind in types.entity_types.items() if name.casefold() not in overridden}
    origins = {
        origin: tuple(name for name in names if name.casefold() not in overridden)
        for origin, names in types.origins.items()
    }
    update = {"entity_types": kept | kinds, "origins": origins, "variants": tuple(variants)}
    return EntityTypes.model_validate(dict(types) | update), kinds


def with_internal_types(types: EntityTypes, catalogue: Catalogue) -> EntityTypes:
    """The table with the internal types of rule e1 ("BC5CDR-Chem"), which files made of a union set hold."""
    specs = [corpus.spec for corpus in catalogue.corpora.values()]
    internal = {name: s.entity_types[own] for s in specs for own, name in s.internal_types.items()}
    return EntityTypes.model_validate(dict(types) | {"entity_types": internal | types.entity_types})


def with_unknown_ids(types: EntityTypes, ids: Iterable[str]) -> EntityTypes:
    """The table with further ids that stand for "not known"."""
    return types.model_copy(update={"unknown_ids": tuple(dict.fromkeys((*types.unknown_ids, *ids)))})


# Beside a corpus' mapping


def extended(corpus: Corpus, types: EntityTypes, overriding: Iterable[str] = ()) -> Corpus:
    """The corpus as it makes pairs of new documents.

    Its mapping learns the tools' types, each with the internal type that rule e1 gives all of its own types
    of that kind; types in no pair of the corpus are outside every pair. Case does not matter. What it makes
    of types not listed is for its own files only.
    Rules that ask for annotated relations become those that do not: a1 for a, c2 for c.

    Args:
        overriding: the types of the table that come before those of the mapping.

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
        raise SpecError(_own(), faults)
    paired = {kind for pair in corpus.pair_types for kind in pair}
    internal, first = _internal_by_kind(corpus), folded(overriding)
    mapped = {
        name: kind
        for name, kind in spec.entity_types.items()
        if name != OTHER and name.casefold() not in first
    }
    own = folded(mapped)
    kinds = {
        name: kind if kind in paired else None
        for name, kind in types.entity_types.items()
        if name.casefold() not in own
    }
    internals = {name: internal[kind] for name, kind in kinds.items() if kind in internal}
    own_internals = {name: kind for name, kind in spec.internal_types.items() if name in mapped}
    update: dict[str, Any] = {
        "entity_types": AnyCase(kinds | mapped),
        "internal_types": AnyCase(internals | own_internals),
    }
    return replace(
        corpus,
        spec=spec.model_copy(update=update),
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
