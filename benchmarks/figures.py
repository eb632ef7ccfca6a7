"""The figures that sentences of the docs quote from benchmarks/results, held against the result files.

figures.yaml lists, page by page, pieces of text with references in the place of figures:

    - of: {c: compare-biored-union}
      text: "the union run differs by {c[comparison][binary][difference]:points} points"

`of` gives result files a name. A reference leads into one by keys, by positions in a list, or by the `name`
of a list's element; what follows its colon says how the value is written, see FORMATS. The page has to hold
the text as it then reads, whatever its blanks, line ends and bold type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results"
Row = tuple[str, ...]
"""The cells of a row of a table."""


@cache
def result(name: str) -> Any:
    """A result file's content."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def scores(run: str) -> Mapping[str, Any]:
    """A run's scores on the first part that it was tested on."""
    found: Mapping[str, Any] = next(iter(result(f"run-{run}")["scores"].values()))
    return found


# How figures are written.


def rounded(value: float, digits: int) -> str:
    """Halves away from zero, as on paper: files hold rounded values, and 3.05 is 3.1. Zero has no sign."""
    number = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return str(abs(number) if number == 0 else number)


def percent(value: float) -> str:
    return rounded(100 * value, 1)


def span(score: Mapping[str, Any]) -> str:
    return f"{percent(score['low'])} to {percent(score['high'])}"


def interval(score: Mapping[str, Any]) -> str:
    """A score with its interval, if it has one: 58.6 (54.0 to 63.3)."""
    if score.get("low") is None:
        return percent(score["value"])
    return f"{percent(score['value'])} ({span(score)})"


def probability(p: float) -> str:
    """Two digits, as far as four decimals."""
    if p >= 0.01:
        return f"{p:.2f}" if p >= 0.1 else f"{p:.3f}"
    return f"{p:.4f}".rstrip("0")


def difference(points: float) -> str:
    return f"{100 * points:+.1f}"


def tested(found: Mapping[str, Any]) -> str:
    """A difference with its interval and p: -1.2 (-4.0 to 1.5; p 0.40)."""
    points = found["difference"]
    return f"{difference(points['value'])} ({span(points)}; p {probability(found['p'])})"


def _number(value: Any) -> Any:
    """A score's value, or the value itself."""
    return value["value"] if isinstance(value, Mapping) else value


FORMATS: Mapping[str, Callable[[Any], str]] = {
    "": lambda value: f"{value:,}" if isinstance(value, int) else str(value),
    "%": lambda value: percent(_number(value)),  # 58.6
    "signed": lambda value: difference(_number(value)),  # +0.3
    "span": span,  # 54.0 to 63.3
    "score": interval,  # 58.6 (54.0 to 63.3)
    "p": probability,
    "p2": lambda p: rounded(p, 2),
}


_JOINED = {"each": ", ", "cells": " | "}


class Figure:
    """A value of a result file, which a format string indexes and writes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getitem__(self, key: str | int) -> Figure:
        if isinstance(self.value, list) and isinstance(key, str):
            (found,) = (each for each in self.value if each["name"] == key)
            return Figure(found)
        # A name of digits in a dictionary, as mentions have them.
        return Figure(self.value[str(key) if isinstance(self.value, Mapping) else key])

    def __format__(self, spec: str) -> str:
        """One of FORMATS, a number of decimals, or `each KEY`, `cells KEY`: that share of each element."""
        if spec.isdecimal():
            return rounded(_number(self.value), int(spec))
        kind, _, key = spec.partition(" ")
        if kind in _JOINED:
            return _JOINED[kind].join(percent(each[key]) for each in self.value)
        return FORMATS[spec](self.value)


class Quotation(NamedTuple):
    """A piece of a page as the result files have it."""

    page: str
    text: str


def quotations() -> Iterator[Quotation]:
    pages = yaml.safe_load((HERE / "figures.yaml").read_text(encoding="utf-8"))
    for page, pieces in pages.items():
        for piece in pieces:
            files = {name: Figure(result(file)) for name, file in piece["of"].items()}
            yield Quotation(page, piece["text"].format(**files))


def holds(page: str, text: str) -> bool:
    """True if a page's content has the text, blanks and line ends aside."""
    return _flat(text) in _flat(page)


def _flat(text: str) -> str:
    return " ".join(text.replace("**", "").split())


def missing() -> list[Quotation]:
    """What a page ought to say and does not."""
    read = cache(lambda page: (ROOT / page).read_text(encoding="utf-8"))
    return [each for each in quotations() if not holds(read(each.page), each.text)]
