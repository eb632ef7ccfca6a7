"""What articles may call the entities of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from harmonize.errors import SpecError
from harmonize.text.dictionary import Name

__all__ = ["chemical_names", "disease_names", "gene_names"]

SYNONYMS = "synonyms.yaml"
_PARENTHESIS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")


@cache
def _synonyms() -> Mapping[str, Mapping[str, list[str]]]:
    """mappings/synonyms.yaml: kind -> preferred name -> further names."""
    path = Path(str(resources.files("harmonize.mappings"))) / SYNONYMS
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict) or not {"genes", "chemicals"} <= set(value):
        raise SpecError(path, [("file", "expected keys genes and chemicals")])
    return value


def gene_names(
    concept_id: str, symbol: str, descriptions: Iterable[str] = (), variants: Iterable[str] = ()
) -> tuple[Name, ...]:
    """Symbol, description, aliases, and the variants that stand for the gene (rs numbers, named alleles)."""
    names = [symbol, *descriptions, *_synonyms()["genes"].get(symbol, ())]
    return (
        *(Name(concept_id, "Gene", name) for name in dict.fromkeys(names)),
        *(Name(concept_id, "Variant", name) for name in dict.fromkeys(variants) if not name.startswith("*")),
    )


def chemical_names(concept_id: str, name: str, synonyms: Iterable[str] = ()) -> tuple[Name, ...]:
    """Name, generic and trade names, and synonyms; "X (Y) Z" is also X Z and Y Z."""
    names = [name, *synonyms, *_synonyms()["chemicals"].get(name, ())]
    forms = dict.fromkeys(form for found in names for form in _without_parentheses(found))
    return tuple(Name(concept_id, "Chemical", form, chemical=True) for form in forms)


def disease_names(concept_id: str, names: Iterable[str]) -> tuple[Name, ...]:
    """The names, and for "Diabetes Mellitus, Juvenile" also "Juvenile Diabetes Mellitus"."""
    forms = dict.fromkeys(form for name in names for form in (*_without_parentheses(name), *_turned(name)))
    return tuple(Name(concept_id, "Disease", form) for form in forms)


def _without_parentheses(name: str) -> Iterator[str]:
    yield name
    found = _PARENTHESIS.search(name)
    if found is not None:
        before, after = name[: found.start()].rstrip(), name[found.end() :]
        yield f"{before}{after}"
        if after.strip():
            yield f"{found[1]}{after}"


def _turned(name: str) -> Iterator[str]:
    parts = [part.strip() for part in name.split(",")]
    if len(parts) == 2 and all(parts):
        yield f"{parts[1]} {parts[0]}"
