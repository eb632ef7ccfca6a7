"""What a prediction took in and gave out, counted as it goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harmonize.errors import AccountingError
from harmonize.prediction.extractor import DocumentRelations
from harmonize.prediction.tally import LeftOut, by_reason, from_reasons

__all__ = ["Account"]


@dataclass
class Account:
    """What a prediction read and wrote; documents_in = documents_out + skipped.

    Attributes:
        documents_in: met in the input.
        documents_out: written; in Parquet those without pairs have no row.
        skipped: documents left out, by reason.
        left_out: mentions of the documents written that are in no pair, by reason and type.
        pairs: that the classifier was asked about.
        relations: predicted, by label.
    """

    documents_in: int = 0
    documents_out: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    pairs: int = 0
    relations: Counter[str] = field(default_factory=Counter)

    def add(self, one: DocumentRelations) -> None:
        """Count a document that is written."""
        self.documents_out += 1
        self.pairs += len(one.pairs)
        self.relations.update(pair.label for pair in one.relations)
        self.left_out.update(one.left_out)

    def update(self, other: Account) -> None:
        """Add what another account has counted."""
        self.documents_in += other.documents_in
        self.documents_out += other.documents_out
        self.skipped.update(other.skipped)
        self.left_out.update(other.left_out)
        self.pairs += other.pairs
        self.relations.update(other.relations)

    def check(self, place: Path) -> None:
        """Raises AccountingError, which names the file or folder, unless in = out + skipped."""
        if self.documents_in != self.documents_out + self.skipped.total():
            raise AccountingError(
                f"{place}: {self.documents_in} documents in, {self.documents_out} out, "
                f"{self.skipped.total()} skipped"
            )

    def as_dict(self) -> dict[str, Any]:
        """The account as a manifest has it; `from_dict` reads it back."""
        return {
            "documents": {
                "in": self.documents_in,
                "out": self.documents_out,
                "skipped": dict(sorted(self.skipped.items())),
            },
            "left_out": by_reason(self.left_out),
            "pairs": self.pairs,
            "relations": dict(sorted(self.relations.items())),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Account:
        """An account that `as_dict` has made.

        Raises:
            KeyError, TypeError, ValueError: none of those.
        """
        documents = content["documents"]
        return cls(
            documents_in=int(documents["in"]),
            documents_out=int(documents["out"]),
            skipped=Counter(documents["skipped"]),
            left_out=from_reasons(content["left_out"]),
            pairs=int(content["pairs"]),
            relations=Counter(content["relations"]),
        )
