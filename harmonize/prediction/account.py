"""What a prediction took in and gave out, counted as it goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harmonize.errors import AccountingError, NothingRead
from harmonize.prediction.extractor import DocumentRelations
from harmonize.prediction.tally import LeftOut, Tally, by_reason, from_reasons
from harmonize.sources.article_files import FilesInput

__all__ = ["Account"]


@dataclass
class Account:
    """What a prediction read and wrote; documents_in = documents_out + skipped, mentions likewise.

    Attributes:
        documents_in: met in the input.
        documents_out: written; in Parquet those without pairs have no row.
        skipped: documents left out, by reason.
        repeated: documents written whose id an earlier one has.
        mentions_in: of the documents written, as the input has them.
        mentions_out: that can stand in a pair.
        left_out: mentions of the documents written that are in no pair, by reason and type.
        pairs: that the classifier was asked about.
        relations: predicted, by label, or by name where they have names of another vocabulary.
        reading: what was met in files; empty for shards and union sets, which were read before.
    """

    documents_in: int = 0
    documents_out: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    mentions_in: int = 0
    mentions_out: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    pairs: int = 0
    relations: Counter[str] = field(default_factory=Counter)
    reading: Tally = field(default_factory=Tally)

    @classmethod
    def of_reading(cls, tally: Tally) -> Account:
        """What was read, where nothing is predicted yet."""
        account = cls(
            documents_out=tally.documents - tally.skipped.total(),
            repeated=tally.repeated,
            mentions_in=tally.mentions - tally.left_out.total(),
            mentions_out=tally.mentions - tally.left_out.total(),
        )
        account.read(tally)
        return account

    def add(self, one: DocumentRelations) -> None:
        """Count a document that is written."""
        self.documents_out += 1
        self.repeated += one.document.repeat > 0
        self.mentions_in += len(one.document.mentions)
        self.mentions_out += one.mentions
        self.pairs += len(one.pairs)
        self.relations.update(pair.type for pair in one.relations)
        self.left_out.update(one.left_out)

    def read(self, tally: Tally) -> None:
        """Count what reading met, once all is read."""
        self.reading = tally
        self.documents_in = tally.documents
        self.skipped.update(tally.skipped)
        self.mentions_in += tally.left_out.total()
        self.left_out.update(tally.left_out)

    def update(self, other: Account) -> None:
        """Add what another account has counted, but for its reading."""
        self.documents_in += other.documents_in
        self.documents_out += other.documents_out
        self.skipped.update(other.skipped)
        self.repeated += other.repeated
        self.mentions_in += other.mentions_in
        self.mentions_out += other.mentions_out
        self.left_out.update(other.left_out)
        self.pairs += other.pairs
        self.relations.update(other.relations)

    def check(self, place: Path) -> None:
        """Raises AccountingError, which names the file or folder, unless in = out + what was left out."""
        for what, came, went, lost in (
            ("documents", self.documents_in, self.documents_out, self.skipped.total()),
            ("mentions", self.mentions_in, self.mentions_out, self.left_out.total()),
        ):
            if came != went + lost:
                raise AccountingError(f"{place}: {came} {what} in, {went} out, {lost} left out")

    def check_read(self, source: FilesInput) -> None:
        """Raises NothingRead, which names the input, if no document of it was read."""
        if not self.documents_out:
            why = ", ".join(f"{reason} {count:,}" for reason, count in self.skipped.most_common())
            told = f"all {self.documents_in:,} documents were skipped: {why}" if why else "no document in it"
            raise NothingRead(f"{source}: nothing was read, {told}")

    def as_dict(self) -> dict[str, Any]:
        """The account as a manifest has it; `from_dict` reads it back."""
        return {
            "documents": {
                "in": self.documents_in,
                "out": self.documents_out,
                "skipped": dict(sorted(self.skipped.items())),
                "repeated": self.repeated,
            },
            "mentions": {"in": self.mentions_in, "out": self.mentions_out},
            "left_out": by_reason(self.left_out),
            "pairs": self.pairs,
            "relations": dict(sorted(self.relations.items())),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Account:
        """An account that `as_dict` has made.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: none of those.
        """
        documents, mentions = content["documents"], content["mentions"]
        return cls(
            documents_in=int(documents["in"]),
            documents_out=int(documents["out"]),
            skipped=Counter(documents["skipped"]),
            repeated=int(documents["repeated"]),
            mentions_in=int(mentions["in"]),
            mentions_out=int(mentions["out"]),
            left_out=from_reasons(content["left_out"]),
            pairs=int(content["pairs"]),
            relations=Counter(content["relations"]),
        )
