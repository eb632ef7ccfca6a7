"""What a mapping may leave out because another corpus' says it, and what it must not leave undecided.

like: biored        what this file does not say of entities, types and ids is as in BioRED's
Drug: DECIDE        what `harmonize new-corpus` could not tell; nothing is built until a person has
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from harmonize.errors import SpecError

__all__ = ["DECIDE", "check_decided", "resembling"]

DECIDE = "DECIDE"
"""Stands in a mapping where a person has to decide."""
_MEANING = {"entity", "directed", "relation_types", "entity_types", "internal_types", "id_separators"}
_MEANING |= {"unknown_ids"}
_RULES = {"level", "pairs", "a", "b", "c", "d", "e", "task"}


def resembling(content: Any, known: Mapping[str, BaseModel], path: Path, within: str = "") -> Any:
    """What a file says, with what it leaves out as the corpus has it that it is `like`.

    Of two maps (of types, say) the entries of both count, this file's before the other's. Files, names,
    licences and papers are never another corpus'.

    Args:
        content: a mapping or a row of rules, as YAML; anything else is given back for validation to refuse.
        known: the mappings, or rows, of the corpora that it may be like.
        within: where in the file it stands, for errors.

    Raises:
        SpecError: it is like a corpus that is not known.
    """
    if not isinstance(content, dict) or not isinstance(content.get("like"), str):
        return content
    name = content["like"]
    if name not in known:
        raise SpecError(path, [(f"{within}like", f"expected one of {', '.join(known)}, got {name!r}")])
    other = known[name].model_dump(include=_MEANING | _RULES)
    return other | {key: _both(other.get(key), value) for key, value in content.items()}


def _both(other: Any, own: Any) -> Any:
    return other | own if isinstance(other, dict) and isinstance(own, dict) else own


def check_decided(folder: Path, contents: Mapping[str, Any]) -> None:
    """Raises SpecError with everything in a folder's files that is still to be decided.

    Args:
        contents: file name -> what it holds.
    """
    found = {name: ", ".join(_undecided(content)) for name, content in contents.items()}
    places = [f"in {name} of {keys}" for name, keys in found.items() if keys]
    if places:
        raise SpecError(folder, [(DECIDE, f"expected a decision {', '.join(places)}")])


def _undecided(content: Any, key: str = "") -> Iterator[str]:
    if content == DECIDE:
        yield key
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _undecided(value, f"{key}.{name}" if key else str(name))
    elif isinstance(content, list):
        for value in content:
            yield from _undecided(value, key)
