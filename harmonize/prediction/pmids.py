"""Lists of PMIDs, as a command line or a file gives them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput, shown
from harmonize.sources.article_files import standard_input
from harmonize.sources.pubtator3 import is_pmid

__all__ = ["STDIN", "PmidList", "read_pmids"]

STDIN = "-"
_FROM_STDIN = "--pmids -"

_PMCID = re.compile(r"PMC[0-9]+", re.IGNORECASE)
_NUMBERS = re.compile(r"(?:[0-9\s,]|PMC(?=[0-9]))*", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,]+")
_LONGEST = 1 << 20  # bytes of a line; what is longer is no list
_MOST_FAULTS = 100  # to count in one list; a file with more is none


@dataclass(frozen=True)
class PmidList:
    """The articles that were asked for.

    Attributes:
        pmids: each once, in the order asked.
        repeated: those that were asked for several times.
        file: where they stand, None for a list on the command line or on standard input.
    """

    pmids: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    file: Path | None = None


def read_pmids(choice: str) -> PmidList:
    """The list that `choice` is, or names.

    Args:
        choice: PMIDs joined by commas or blanks; or a file of them, one or several so joined a line, in which
            blank lines and what follows "#" say nothing; or STDIN for such lines on standard input.

    Raises:
        MissingInput: no such file, or standard input is closed.
        MalformedInput: the first entry that is no PMID, with its place, and how many more there are.
        HarmonizeError: not one PMID.
    """
    path = Path(choice)
    if choice == STDIN:
        return _listed(_FROM_STDIN, _entries(standard_input(_FROM_STDIN)), None)
    if _NUMBERS.fullmatch(choice) or ("," in choice and not _is_file(path)):
        return _listed("--pmids", ((None, [part]) for part in _parts(choice)), None)
    if not _is_file(path):
        raise MissingInput(path, "expected a file of PMIDs, or PMIDs joined by commas, found no such file")
    with path.open("rb") as file:
        return _listed(path, _entries(file), path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for one
        return False


def _parts(text: str) -> list[str]:
    return [part for part in _BETWEEN.split(text) if part]


def _entries(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """(1-based number of the line, what stands there beside a comment, taken apart)."""
    for number, raw in enumerate(iter(partial(file.readline, _LONGEST), b""), 1):
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace")
        is_cut = len(raw) == _LONGEST and not raw.endswith(b"\n")  # perhaps within a number
        entry = line.partition("#")[0].strip()
        if parts := [line] if is_cut else _parts(entry):
            yield number, parts if any(map(is_pmid, parts)) else [entry]


def _listed(
    place: Path | str, entries: Iterable[tuple[int | None, list[str]]], file: Path | None
) -> PmidList:
    counts, faults = Counter[str](), list[tuple[int | None, str]]()
    for number, parts in entries:
        wrong = next((part for part in parts if not is_pmid(part)), None)
        if wrong is None:
            counts.update(parts)
            continue
        faults.append((number, wrong))
        if len(faults) == _MOST_FAULTS:
            break
    if faults:
        line, entry = faults[0]
        raise MalformedInput(place, _expected(entry, line) + _as_well(len(faults) - 1, line), line=line)
    if not counts:
        raise HarmonizeError(f"{place}: expected at least one PMID, found none")
    return PmidList(tuple(counts), tuple(pmid for pmid, count in counts.items() if count > 1), file)


def _as_well(others: int, line: int | None) -> str:
    """How many entries after the first are no PMID either."""
    if not others:
        return ""
    what = ("entry" if others == 1 else "entries") if line is None else ("line" if others == 1 else "lines")
    at_least = "at least " if others == _MOST_FAULTS - 1 else ""
    return f", and {at_least}{others} more {what} that {'is' if others == 1 else 'are'} none"


def _expected(entry: str, line: int | None) -> str:
    if _PMCID.fullmatch(entry):
        return (
            f"expected a PMID, got the PMCID {entry}: annotation is asked for by PMID only, which "
            f"https://www.ncbi.nlm.nih.gov/pmc/pmctopmid tells"
        )
    pmids = "a PMID, a number" if line is None else "PMIDs, numbers"
    return f"expected {pmids} of up to nine digits, got {shown(entry)}"
