"""Offsets that count something else than code points.

BioC's own DTD (https://bioc.sourceforge.net) counts bytes of UTF-8, Java and JavaScript count UTF-16 units,
and nearly everything else counts code points. The three agree until the first character that is no ASCII
(bytes) or lies beyond U+FFFF (UTF-16). A file does not say which it means, but its mentions show it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Literal, get_args

from harmonize.model import Span

__all__ = ["COUNTED_IN", "OFFSET_UNITS", "OffsetUnit", "Offsets", "code_points", "length_in"]

OffsetUnit = Literal["codepoints", "utf16", "bytes"]
OFFSET_UNITS: tuple[OffsetUnit, ...] = get_args(OffsetUnit)

_COUNTED: dict[OffsetUnit, str] = {"codepoints": "code points", "utf16": "UTF-16 units", "bytes": "bytes"}
COUNTED_IN: dict[OffsetUnit, str] = {unit: f"offsets that count {name}" for unit, name in _COUNTED.items()}
"""Why a mention is not where its offsets say: they count in this unit."""

_WIDE: dict[OffsetUnit, re.Pattern[str]] = {
    "utf16": re.compile("[\U00010000-\U0010ffff]"),
    "bytes": re.compile(r"[^\x00-\x7f]"),
}
"""The characters that are more than one unit."""


def _width(character: str, unit: OffsetUnit) -> int:
    if unit == "utf16":
        return 1 + (character > "\uffff")
    return len(character.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=8)  # a text's mentions come one after the other
def _starts(text: str, unit: OffsetUnit) -> list[int]:
    """Where each character starts, and the text ends, counted in a unit."""
    return [0, *accumulate(_width(character, unit) for character in text)]


@lru_cache(maxsize=16)
def _first_wide(text: str, unit: OffsetUnit) -> int | None:
    """Where the unit begins to count otherwise than code points; None if it nowhere does."""
    if unit == "codepoints" or text.isascii():
        return None
    found = _WIDE[unit].search(text)
    return None if found is None else found.start()


def length_in(text: str, unit: OffsetUnit) -> int:
    """The length of a text in a unit."""
    return len(text) if _first_wide(text, unit) is None else _starts(text, unit)[-1]


def code_points(span: Span, text: str, unit: OffsetUnit) -> Span | None:
    """A span of `text` that counts in a unit, in code points; None if it begins or ends inside a character.

    What lies before the text or behind it keeps its distance, whatever characters stand there.
    """
    if _first_wide(text, unit) is None:
        return span
    starts = _starts(text, unit)
    start, end = (_place(offset, starts) for offset in span)
    return None if start is None or end is None else Span(start, end)


def _place(offset: int, starts: list[int]) -> int | None:
    last = len(starts) - 1
    if offset < 0:
        return offset
    if offset >= starts[last]:
        return last + offset - starts[last]
    found = bisect_left(starts, offset)
    return found if starts[found] == offset else None


@dataclass
class Offsets:
    """How the offsets of a file are read, and what its mentions say of that; one instance for each file.

    Attributes:
        unit: what they are taken to count.
        fitting: unit -> mentions that stand where their offsets say only if these count in it, and not in
            `unit`.
        against: unit -> mentions that stand where they should in `unit`, and would not in that one.
    """

    unit: OffsetUnit = "codepoints"
    fitting: Counter[OffsetUnit] = field(default_factory=Counter)
    against: Counter[OffsetUnit] = field(default_factory=Counter)

    def placed(self, span: Span, name: str, text: str) -> Span | None:
        """A span of `text` in code points; None if it begins or ends inside a character.

        Args:
            span: as the file has it, but from the beginning of `text`.
            name: what should stand there.
        """
        if text.isascii():
            return span
        found = code_points(span, text, self.unit)
        if found is not None and found.spells(name, text):
            self._count_against(found, text)
        return found

    def other_unit(self, span: Span, name: str, text: str) -> OffsetUnit | None:
        """The unit in which a mention that `placed` misplaces would be in its place; it is counted."""
        if text.isascii():
            return None
        for unit in OFFSET_UNITS:
            found = None if unit == self.unit else code_points(span, text, unit)
            if found is not None and found.spells(name, text):
                self.fitting[unit] += 1
                return unit
        return None

    def _count_against(self, span: Span, text: str) -> None:
        """Count the units whose offsets would differ at the span, for what stands before it."""
        for unit in OFFSET_UNITS:
            wider: OffsetUnit = "bytes" if "bytes" in (unit, self.unit) else "utf16"
            first = None if unit == self.unit else _first_wide(text, wider)
            if first is not None and first < span.start:
                self.against[unit] += 1

    @property
    def suspected(self) -> OffsetUnit | None:
        """The unit in which more of the file's mentions are in their place, if there is one."""
        likely = max(OFFSET_UNITS, key=lambda unit: self.fitting[unit] - self.against[unit])
        return likely if self.fitting[likely] > self.against[likely] else None

    def advice(self) -> str | None:
        """A line's end that names the suspected unit, how sure it is, and the option that reads it."""
        unit = self.suspected
        if unit is None:
            return None
        count, against = self.fitting[unit], self.against[unit]
        return (
            f"{count:,} mentions fit only if offsets count {_COUNTED[unit]}, {against:,} only if they count "
            f"{_COUNTED[self.unit]}; `--offsets {unit}` reads them so"
        )
