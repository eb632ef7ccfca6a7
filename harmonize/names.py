"""Names: lists of them and corpora as users give them, as users are told them, and ids that repeat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from harmonize.errors import HarmonizeError, UnknownName, shown

__all__ = ["USUAL_CORPUS", "OwnIds", "corpus_key", "listed", "names_in_short"]

USUAL_CORPUS = "biored"
"""Whose rules make pairs where nobody names a corpus."""

_Name = TypeVar("_Name")
_MOST_NAMES = 20  # in one line


class OwnIds:
    """Gives each document an id of its own: one that an earlier has gets a number behind it, "7001#2"."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def __call__(self, identifier: str) -> str:
        known, own = self._times, identifier
        while own in known:
            known[identifier] += 1
            own = f"{identifier}#{known[identifier]}"
        known[own] = 1
        return own


def corpus_key(name: str, display_names: Mapping[str, str], kind: str = "corpus") -> str:
    """The key of a corpus that is named by its key or its display name, in any letter case.

    Args:
        display_names: key -> display name, of the corpora that it may be.
        kind: what it is called where it is unknown.

    Raises:
        UnknownName: it is none of them, or could be several.
    """
    if not isinstance(name, str):
        raise UnknownName(kind, name, display_names)
    if name in display_names:
        return name
    folded = name.casefold()
    found = [key for key in display_names if key.casefold() == folded]
    found = found or [key for key, each in display_names.items() if each.casefold() == folded]
    if len(found) != 1:
        raise UnknownName(kind, name, display_names)
    return found[0]


def listed(names: Iterable[_Name], what: str) -> list[_Name]:
    """Several names as a list.

    Raises:
        HarmonizeError: they are one text, which would be taken for its letters, or no list.
    """
    if isinstance(names, str):
        raise HarmonizeError(f"{what}: expected a list of names, got the text {names!r}")
    if not isinstance(names, Iterable):
        raise HarmonizeError(f"{what}: expected a list of names, got {shown(names)}")
    return list(names)


def names_in_short(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
