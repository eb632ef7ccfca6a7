"""What table2.yaml says: the rules that a corpus gets."""

from __future__ import annotations

from typing import Literal, cast

from pydantic import Field, field_validator

from harmonize.model import Level
from harmonize.spec.reading import SpecModel
from harmonize.spec.target import Kind

__all__ = ["RuleChoice"]


class RuleChoice(SpecModel):
    """A row of Table 2.

    Attributes:
        like: the corpus whose row fills in what this one leaves out.
        level: the context range that the corpus annotates, None for a set without annotated spans.
        pairs: the kinds of entity pairs, head's kind first, e.g. "C-D".
        a, b, c, d, e: the rule of each column.
        task: the [Corpus] of the prompt; also the suffix of c1's internal negative class.
    """

    like: str | None = None
    level: Level | Literal["none"]
    pairs: tuple[str, ...] = Field(min_length=1)
    a: Literal["a1", "a2", "a3"]
    b: Literal["b1", "b2"]
    c: Literal["c1", "c2", "c3"]
    d: Literal["d1", "d2"]
    e: Literal["e1", "e2"]
    task: str

    @field_validator("pairs")
    @classmethod
    def _pairs_of_kinds(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        for pair in pairs:
            if len(pair) != 3 or pair[1] != "-" or not {pair[0], pair[2]} <= set("CDG"):
                raise ValueError(f"expected kinds like C-D, got {pair!r}")
        return pairs

    @property
    def kinds(self) -> tuple[tuple[Kind, Kind], ...]:
        """`pairs` taken apart: "C-D" -> ("C", "D")."""
        return tuple((cast(Kind, pair[0]), cast(Kind, pair[2])) for pair in self.pairs)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.a, self.b, self.c, self.d, self.e)
