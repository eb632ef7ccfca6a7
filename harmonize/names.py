"""Names as users give them, lists of them and corpora by key or display name, and as users are told them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harmonize.errors import HarmonizeError, UnknownName

__all__ = ["corpus_key", "listed", "names_in_short"]

_MOST_NAMES = 20  # in one line


def corpus_key(name: str, display_names: Mapping[str, str], kind: str = "corpus") -> str:
    """The key of a corpus that is named by its key or its display name, in any letter case.

    Args:
        display_names: key -> display name, of the corpora that it may be.
        kind: what it is called where it is unknown.

    Raises:
        UnknownName: it is none of them, or could be several.
    """
    if name in display_names:
        return name
    folded = str(name).casefold()
    found = [key for key in display_names if key.casefold() == folded]
    found = found or [key for key, each in display_names.items() if each.casefold() == folded]
    if len(found) != 1:
        raise UnknownName(kind, name, display_names)
    return found[0]


def listed(names: Iterable[str], what: str) -> list[str]:
    """Several names as a list.

    Raises:
        HarmonizeError: they are one text, which would be taken for its letters.
    """
    if isinstance(names, str):
        raise HarmonizeError(f"{what}: expected a list of names, got the text {names!r}")
    return list(names)


def names_in_short(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
