"""Lists of PMIDs, as a command line or a file gives them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from harmonize.errors import HarmonizeError, MalformedInput, MissingInput, SeveralErrors, shown
from harmonize.sources.article_files import standard_input
from harmonize.sources.pubtator3 import is_pmid

__all__ = ["STDIN", "PmidList", "read_pmids"]

STDIN = "-"
_FROM_STDIN = "--pmids -"

_PMCID = re.compile(r"PMC[0-9]+", re.IGNORECASE)
_NUMBERS = re.compile(r"(?:[0-9\s,]|PMC(?=[0-9]))*", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,]+")
_LONGEST = 1 << 12  # bytes of a line; what is longer is cut into several, none of which is a number
_MOST_FAULTS = 100  # to tell of one list; a file with more is none


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
        choice: PMIDs joined by commas or blanks; or a file of them, one a line, in which blank lines and what
            follows "#" say nothing; or STDIN for such lines on standard input.

    Raises:
        MissingInput: no such file, or standard input is closed.
        SeveralErrors: what is no PMID, each with its place.
        HarmonizeError: not one PMID.
    """
    path = Path(choice)
    if choice == STDIN:
        return _listed(_FROM_STDIN, _entries(standard_input(_FROM_STDIN)), None)
    if _NUMBERS.fullmatch(choice) or ("," in choice and not _is_file(path)):
        return _listed("--pmids", ((None, part) for part in _BETWEEN.split(choice) if part), None)
    if not _is_file(path):
        raise MissingInput(path, "expected a file of PMIDs, or PMIDs joined by commas, found no such file")
    with path.open("rb") as file:
        return _listed(path, _entries(file), path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for one
        return False


def _entries(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """(1-based number of the line, what stands there beside a comment)."""
    for number, raw in enumerate(iter(partial(file.readline, _LONGEST), b""), 1):
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace")
        if entry := line.partition("#")[0].strip():
            yield number, entry


def _listed(place: Path | str, entries: Iterable[tuple[int | None, str]], file: Path | None) -> PmidList:
    counts, faults = Counter[str](), list[HarmonizeError]()
    for number, entry in entries:
        if is_pmid(entry):
            counts[entry] += 1
            continue
        faults.append(MalformedInput(place, _expected(entry), line=number))
        if len(faults) == _MOST_FAULTS:
            faults.append(MalformedInput(place, f"after {_MOST_FAULTS} faults the rest is not read"))
            break
    if faults:
        raise SeveralErrors(faults)
    if not counts:
        raise HarmonizeError(f"{place}: expected at least one PMID, found none")
    return PmidList(tuple(counts), tuple(pmid for pmid, count in counts.items() if count > 1), file)


def _expected(entry: str) -> str:
    if _PMCID.fullmatch(entry):
        return (
            f"expected a PMID, got the PMCID {entry}: annotation is asked for by PMID only, which "
            f"https://www.ncbi.nlm.nih.gov/pmc/pmctopmid tells"
        )
    return f"expected a PMID, a number of up to nine digits, got {shown(entry)}"
