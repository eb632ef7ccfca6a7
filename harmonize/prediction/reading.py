"""How files of annotated documents are read: what of their texts, what offsets count, which documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from harmonize.errors import UnknownName
from harmonize.formats.offsets import OFFSET_UNITS, OffsetUnit
from harmonize.formats.passages import TEXT_CHOICES, TextChoice
from harmonize.formats.pubtator_articles import Wanted

__all__ = ["Reading"]

_Name = TypeVar("_Name", bound=str)


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Attributes:
        text: one of TEXT_CHOICES, the passages of full texts.
        offsets: one of OFFSET_UNITS, what offsets count.
        relations: documents keep theirs, with arguments as harmonize.prediction.arguments leaves them.
        wanted: chooses documents; others are passed over unread, and not counted.
    """

    text: TextChoice = "abstract"
    offsets: OffsetUnit = "codepoints"
    relations: bool = False
    wanted: Wanted | None = None

    @classmethod
    def named(cls, text: str, offsets: str) -> Reading:
        """The reading of these names.

        Raises:
            UnknownName: none of those.
        """
        return cls(_one_of(TEXT_CHOICES, text, "text"), _one_of(OFFSET_UNITS, offsets, "unit of offsets"))


def _one_of(known: Sequence[_Name], name: str, what: str) -> _Name:
    for each in known:
        if each == name:
            return each
    raise UnknownName(what, name, known)
