"""What can differ between two union sets, A and B: counts, and a few ids of each kind of change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

__all__ = ["Changes", "Difference", "Dropped", "Names", "Pair", "PartDifference", "Relabelled", "Values"]

Values = Mapping[str, Any]
"""Column -> value, of one item."""


@dataclass(frozen=True)
class Pair:
    """A value in A and in B; None where there is none."""

    a: Any
    b: Any


@dataclass(frozen=True)
class Relabelled:
    """How many rows have the relation `a` in A and `b` in B."""

    a: str
    b: str
    rows: int


@dataclass(frozen=True)
class Dropped:
    """How many items a step dropped for a reason, in A and in B."""

    step: str
    unit: str
    reason: str
    a: int
    b: int


@dataclass
class Names:
    """What only B has, what only A has, and what both have but not the same."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass
class Changes:
    """How many items only B has, only A has, or both have but not the same.

    Attributes:
        columns: how many of the changed have another value in a column, by column.
        examples: the ids of the first few.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    examples: Names = field(default_factory=Names)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def count(self, a: Mapping[str, Values], b: Mapping[str, Values], examples: int) -> list[str]:
        """Compare further items, by id, and return the ids of the changed ones.

        Args:
            examples: how many ids of each kind to keep, over all calls.
        """
        added, removed = sorted(b.keys() - a.keys()), sorted(a.keys() - b.keys())
        changed = sorted(each for each in a.keys() & b.keys() if a[each] != b[each])
        self.added += len(added)
        self.removed += len(removed)
        self.changed += len(changed)
        for name in (name for each in changed for name in a[each] if a[each][name] != b[each][name]):
            self.columns[name] = self.columns.get(name, 0) + 1
        for kept, new in (
            (self.examples.added, added),
            (self.examples.removed, removed),
            (self.examples.changed, changed),
        ):
            kept += new[: max(examples - len(kept), 0)]
        return changed


@dataclass
class PartDifference:
    """What changed in a split of a corpus.

    Attributes:
        relabelled: the changed rows whose relation is another one.
        labels: label -> rows in A and in B, where they differ.
        dropped: reasons whose counts differ.
        nary: contexts of relations of any number of entities.
    """

    documents: Changes
    instances: Changes
    relabelled: list[Relabelled]
    labels: dict[str, Pair]
    dropped: list[Dropped]
    nary: Changes = field(default_factory=Changes)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass
class Difference:
    """What changed from A to B; what did not is left out.

    Attributes:
        manifest: key -> its values, e.g. package_version or leaks.settings.threshold.
        corpora: of one set only.
        splits: "corpus/split" of one set only.
        columns: of the data files of one set only; the rows are compared by the others.
        facts: corpus -> key of its part of the manifest -> its values, e.g. task or licence.name.
        source_files, mappings: corpus -> the files that it was built from, compared by hash.
        parts: "corpus/split" -> its documents and rows.
        leaks: pairs of documents that repeat each other.
    """

    manifest: dict[str, Pair]
    corpora: Names
    splits: Names
    columns: Names
    facts: dict[str, dict[str, Pair]]
    source_files: dict[str, Names]
    mappings: dict[str, Names]
    parts: dict[str, PartDifference]
    leaks: Changes

    @property
    def same(self) -> bool:
        return not any(getattr(self, each.name) for each in fields(self))

    def as_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them."""
        return {"same": self.same, **asdict(self)}
