"""Bookkeeping of a build: what goes into each step, what comes out, and why the rest was dropped.

Entries, exits and drops are counted where they happen, independently of each other, so that the balance
in = out + dropped is a check and not a definition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from harmonize.errors import AccountingError
from harmonize.model import Split

__all__ = ["READ", "Drop", "DroppedItem", "Ledger", "Unit"]

READ = "read"
"""The step from files to Documents; the others have the names of the rules."""

Unit = Literal["rows", "documents", "mentions", "relations", "statements", "instances"]
"""What is counted; rows are those of a curated table, statements what relations say beside their type."""


class Drop(NamedTuple):
    """Something that a step leaves out: what it is, why, and which one (free text naming it)."""

    unit: Unit
    reason: str
    item: str


class DroppedItem(NamedTuple):
    """A Drop with its place: what the listing of dropped items holds, one a line."""

    split: Split
    step: str
    document_id: str
    drop: Drop


@dataclass
class _Account:
    entered: int = 0
    left: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


class Ledger:
    """The accounts of one corpus, by split, step and unit.

    Args:
        on_drop: called with every dropped item, in order (a listing on disk, say).
    """

    def __init__(self, on_drop: Callable[[DroppedItem], None] | None = None) -> None:
        self._accounts: dict[tuple[Split, str, Unit], _Account] = {}
        self._on_drop = on_drop

    def _account(self, split: Split, step: str, unit: Unit) -> _Account:
        return self._accounts.setdefault((split, step, unit), _Account())

    def enter(self, split: Split, step: str, unit: Unit, count: int = 1) -> None:
        """Count what goes into a step."""
        self._account(split, step, unit).entered += count

    def leave(self, split: Split, step: str, unit: Unit, count: int = 1) -> None:
        """Count what comes out of a step."""
        self._account(split, step, unit).left += count

    def drop(self, split: Split, step: str, document_id: str, drops: Iterable[Drop]) -> None:
        """Count what a step leaves out."""
        for drop in drops:
            self._account(split, step, drop.unit).dropped[drop.reason] += 1
            if self._on_drop is not None:
                self._on_drop(DroppedItem(split, step, document_id, drop))

    def settle(self, split: Split, step: str, unit: Unit) -> None:
        """Let what goes into a step be what came out of it and what it left out, where nobody counts it."""
        account = self._accounts.get((split, step, unit))
        if account is not None:
            account.entered = account.left + account.dropped.total()

    def left(self, split: Split, step: str, unit: Unit) -> int:
        """How much has come out of a step."""
        return self._account(split, step, unit).left

    def dropped(self, unit: Unit, reason: str) -> int:
        """How much was left out for a reason, by all steps and in all splits."""
        accounts = (account for (_, _, counted), account in self._accounts.items() if counted == unit)
        return sum(account.dropped[reason] for account in accounts)

    def left_out(self, step: str, unit: Unit) -> tuple[int, Counter[str]]:
        """How much went into a step, and how much it left out by reason, in all splits."""
        accounts = [a for (_, of_step, of), a in self._accounts.items() if (of_step, of) == (step, unit)]
        return sum(a.entered for a in accounts), sum((a.dropped for a in accounts), Counter())

    def check(self, only: str | None = None) -> None:
        """Raises AccountingError at the first account, of all steps or one, where in != out + dropped."""
        for (split, step, unit), account in self._accounts.items():
            dropped = sum(account.dropped.values())
            if only in (None, step) and account.entered != account.left + dropped:
                raise AccountingError(
                    f"{split}, step {step}: "
                    f"{account.entered} {unit} in, {account.left} out, {dropped} dropped"
                )

    def splits(self) -> list[Split]:
        return list(dict.fromkeys(split for split, _, _ in self._accounts))

    def as_dict(self, split: Split) -> dict[str, dict[str, dict[str, object]]]:
        """{step: {unit: {"in": n, "out": n, "dropped": {reason: n}}}}, steps in the order they ran."""
        steps: dict[str, dict[str, dict[str, object]]] = {}
        for (of_split, step, unit), account in self._accounts.items():
            if of_split == split:
                steps.setdefault(step, {})[unit] = {
                    "in": account.entered,
                    "out": account.left,
                    "dropped": dict(sorted(account.dropped.items())),
                }
        return steps
