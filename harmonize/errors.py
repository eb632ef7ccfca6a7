"""What can go wrong, as a tree.

    HarmonizeError            everything this package raises on purpose; str() is one line
    ├── InputError            a file that a user gave: `file:line: what was expected`
    │   ├── MissingInput      it is not there
    │   └── MalformedInput    it is there and says something its format does not allow
    ├── InvalidDocument       an adapter made a Document that contradicts itself
    ├── SpecError             a mapping in YAML: file, key and what was expected, all at once
    ├── UnknownName           a corpus, split or column that does not exist
    ├── DownloadError         a server that does not give what was asked for: `url: what was expected`
    ├── UnionError            a folder that is not a union set, or not a whole one
    ├── NothingRead           an input without a document that can be read; leaves with 3
    ├── SeveralErrors         faults of several corpora, which stand beside each other
    └── AccountingError       in != out + dropped: a fault of the code, never of the input

The command line prints the line and leaves with `exit_code`; no traceback reaches a user.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = [
    "AccountingError",
    "DownloadError",
    "HarmonizeError",
    "InputError",
    "InvalidDocument",
    "MalformedInput",
    "MissingInput",
    "NothingRead",
    "SeveralErrors",
    "SpecError",
    "UnionError",
    "UnknownName",
    "install",
    "shown",
]


_LONGEST = 8_000
"""Characters of a message. What a damaged file quotes may be megabytes; the faults of a mapping are not."""


def _bounded(message: str) -> str:
    """The message, of a longer one its two ends and how much is left out between."""
    if len(message) <= _LONGEST:
        return message
    half = _LONGEST // 2 - 20
    left_out = len(message) - 2 * half
    return f"{message[:half]} ... {left_out:,} more ... {message[-half:]}"


class HarmonizeError(Exception):
    """Base of the tree."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        # Names of files and members may hold half surrogate pairs, which no stream prints.
        super().__init__(_bounded(" ".join(message.split()).encode(errors="backslashreplace").decode()))


class InputError(HarmonizeError):
    """A file that a user gave, with the place in it where reading stopped.

    Args:
        path: the file, as the user would name it.
        message: what was expected, and what stood there.
        line: 1-based line number, where the format has lines.
        document: the document's id, where the line alone says little (XML on one line).

    Attributes:
        said: all but the file and its line.
    """

    def __init__(
        self, path: Path | str, message: str, *, line: int | None = None, document: str | None = None
    ) -> None:
        self.path, self.line, self.document = path, line, document
        place = f"{path}:{line}" if line is not None else str(path)
        about = f"document {document}: " if document is not None else ""
        self.said = f"{about}{message}"
        super().__init__(f"{place}: {self.said}")


class MissingInput(InputError):
    """A file that should be there is not."""


class MalformedInput(InputError):
    """A file breaks its format."""


class NothingRead(HarmonizeError):
    """An input holds no document, or none that can be read."""

    exit_code = 3


class InvalidDocument(HarmonizeError):
    """A Document, Mention, Relation or Span that contradicts itself."""


class SpecError(HarmonizeError):
    """Faults of one mapping file, each as (key, what was expected)."""

    def __init__(self, path: Path | str, faults: Iterable[tuple[str, str]]) -> None:
        self.path, self.faults = path, tuple(faults)
        super().__init__(f"{path}: " + "; ".join(f"{key}: {fault}" for key, fault in self.faults))


class UnknownName(HarmonizeError):
    """A name that is none of the known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        near: list[str] = []
        if isinstance(name, str):  # in Python it may be anything
            name = str(name)  # numpy's are told apart by their repr
            near = get_close_matches(name, names, n=1) or get_close_matches(name.casefold(), names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        super().__init__(f"unknown {kind} {shown(name)}: expected one of {', '.join(names)}{hint}")


class DownloadError(HarmonizeError):
    """A server did not give what was asked for: `url: what was expected, and what came`."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(f"{url}: {message}")


class UnionError(HarmonizeError):
    """A folder that does not hold a whole union set."""


class SeveralErrors(HarmonizeError):
    """Faults that do not depend on each other, so that a user can mend them all at once.

    Attributes:
        errors: each of them one line, as the command line prints them.
    """

    def __init__(self, errors: Iterable[HarmonizeError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors))


class AccountingError(HarmonizeError):
    """A step lost or invented something: in != out + dropped."""


def install(extra: str) -> str:
    """How to install an extra. Not by the package's name: on the package index that is somebody else's."""
    return f"`pip install '.[{extra}]'` in a clone of harmonize"


_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80
_repr.maxlist = _repr.maxtuple = 8


def shown(value: object) -> str:
    """A value in a few words, for a message: the middle of long ones is left out."""
    return _repr.repr(value)
