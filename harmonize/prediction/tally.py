"""What reading met and what it left out, counted by reason; every reader of new documents reports here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["LeftOut", "Tally", "by_reason", "from_reasons"]

OTHER_TYPES = "other types"
OTHER_KINDS = "other kinds"
_MOST_KINDS = 100  # of passages
_MOST_TYPES = 1_000  # told apart; a broken file can have a new one in each line


class LeftOut(NamedTuple):
    """Why a mention was left out, and its type as the file has it ("" where it has none)."""

    reason: str
    type: str


@dataclass
class Tally:
    """What reading met; documents = those that were yielded + skipped.

    Attributes:
        documents: met in the files.
        skipped: documents that could not be read, by reason.
        mentions: of the documents that were read, those left out included.
        left_out: mentions of the documents that were read, by reason and type.
        places: where the first of them stands, by reason.
        repeated: documents that were read and whose id an earlier one of the input has.
        nameable: mentions that were read and can stand in a pair.
        named: those of them whose concept id is known.
        files_without_ids: files in which mentions can stand in a pair, and none has a known concept id.
        first_without_ids: the first of these files.
        passages: of the documents that were read, those that were not, by kind.
        mentions_of_passages: annotations that those have, which are in no other count.
        files_counted_otherwise: files whose offsets seem to count something else than they are taken to.
        first_counted_otherwise: the first of these files, and what its offsets seem to count.
    """

    documents: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    mentions: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    nameable: int = 0
    named: int = 0
    files_without_ids: int = 0
    first_without_ids: str | None = None
    passages: Counter[str] = field(default_factory=Counter)
    mentions_of_passages: int = 0
    files_counted_otherwise: int = 0
    first_counted_otherwise: str | None = None

    def leave_out(self, reason: str, mention_type: str, place: str | None = None) -> None:
        """Count a mention that is left out, while its document is read."""
        known = LeftOut(reason, mention_type)
        if known not in self.left_out and len(self.left_out) >= _MOST_TYPES:
            known = LeftOut(reason, OTHER_TYPES)
        self.left_out[known] += 1
        if place is not None:
            self.places.setdefault(reason, place)

    def add_file_without_ids(self, name: str) -> None:
        """Count a file of whose mentions none has a known concept id."""
        self.files_without_ids += 1
        self.first_without_ids = self.first_without_ids or name

    def leave_out_passages(self, passages: Iterable[tuple[str, int]]) -> None:
        """Count passages that are not read, each its kind and number of annotations."""
        for kind, mentions in passages:
            known = kind in self.passages or len(self.passages) < _MOST_KINDS
            self.passages[kind if known else OTHER_KINDS] += 1
            self.mentions_of_passages += mentions

    def add_file_counted_otherwise(self, name: str, advice: str) -> None:
        """Count a file whose offsets seem to count something else than they are taken to."""
        self.files_counted_otherwise += 1
        self.first_counted_otherwise = self.first_counted_otherwise or f"{name}: {advice}"


def by_reason(left_out: Counter[LeftOut]) -> dict[str, dict[str, int]]:
    """{reason: {type: count}}, as JSON has it, in order of name."""
    nested: dict[str, dict[str, int]] = {}
    for (reason, kind), count in sorted(left_out.items()):
        nested.setdefault(reason, {})[kind] = count
    return nested


def from_reasons(nested: Mapping[str, Mapping[str, int]]) -> Counter[LeftOut]:
    """What `by_reason` was made of.

    Raises:
        AttributeError, TypeError: nothing of the kind.
    """
    return Counter(
        {LeftOut(reason, kind): n for reason, kinds in nested.items() for kind, n in kinds.items()}
    )
