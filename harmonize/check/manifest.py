"""What verify asks of manifest.json by itself: that nothing is missing in it, and that its counts agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from harmonize.check.fault import Fault
from harmonize.ledger import READ
from harmonize.rules.nary import NARY
from harmonize.union.manifest_model import Manifest, SplitEntry, Steps, key_messages
from harmonize.union.schema import MANIFEST, nary_file, partition_file

__all__ = ["account_faults", "flat", "key_faults"]


def flat(values: Mapping[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """The values of an object by keys of one level, such as "leaks.settings.threshold"."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and key not in without:
            found |= {f"{key}.{name}": inner for name, inner in flat(value).items()}
        elif key not in without:
            found[key] = value
    return found


def key_faults(error: ValidationError) -> Iterator[Fault]:
    """What Manifest has found, as faults of manifest.json; the place is the key."""
    for key, message in key_messages(error):
        yield Fault(MANIFEST, key, message)


def account_faults(manifest: Manifest) -> Iterator[Fault]:
    """Where something is lost or invented between two counts of the manifest."""
    for corpus, entry in manifest.corpora.items():
        for split, part in entry.splits.items():
            for place, message in (
                *_file_faults(corpus, split, part),
                *_balance_faults(part.steps),
                *_chain_faults(entry.rules, part),
                *_row_faults(entry.rules[-1], part),
            ):
                yield Fault(MANIFEST, ", ".join(filter(None, (f"{corpus}/{split}", place))), message)


_Messages = Iterator[tuple[str, str]]


def _file_faults(corpus: str, split: str, part: SplitEntry) -> _Messages:
    expected = partition_file(corpus, split).as_posix()
    if part.file not in (expected, None):
        yield "file", f"expected {expected}, got {part.file}"
    expected = nary_file(corpus, split).as_posix()
    if part.nary is not None and part.nary.file != expected:
        yield "nary.file", f"expected {expected}, got {part.nary.file}"


def _balance_faults(steps: Steps) -> _Messages:
    for step, units in steps.items():
        for unit, account in units.items():
            dropped = sum(account.dropped.values())
            if account.entered != account.out + dropped:
                yield (
                    f"step {step}, {unit}",
                    f"expected in = out + dropped, got {account.entered} != {account.out} + {dropped}",
                )


def _chain_faults(rules: list[str], part: SplitEntry) -> _Messages:
    """What one step lets out the next takes in."""
    known = (READ, NARY) if part.nary is not None else (READ, *rules)
    for step in part.steps:
        if step not in known:
            yield f"step {step}", f"expected the steps {', '.join(known)}, got this one"
    a, b, c, d, e = rules
    chains: dict[str, tuple[str, ...]] = {
        "documents": (READ, b),
        "mentions": (READ, b),
        "relations": (READ, a, b),
        # Sets of before count no instances in b.
        "instances": (b, d, c, e) if "instances" in part.steps.get(b, {}) else (d, c, e),
    }
    if part.nary is not None:
        chains = dict.fromkeys(("documents", "mentions", "relations"), (READ, NARY))
    for unit, steps in chains.items():
        for earlier, later in pairwise(steps):
            out, entered = part.account(earlier, unit).out, part.account(later, unit).entered
            if out != entered:
                yield f"step {later}, {unit}", f"expected {out} in, as {earlier} lets out, got {entered}"


def _row_faults(last: str, part: SplitEntry) -> _Messages:
    out, labelled = part.account(last, "instances").out, sum(part.labels.values())
    if part.rows != out:
        yield "rows", f"expected {out}, as step {last} lets out, got {part.rows}"
    if part.rows != labelled:
        yield "labels", f"expected {part.rows} rows together, got {labelled}"
    if part.nary is not None:
        related = part.account(NARY, "relations").out
        for name, counts in (("labels", part.nary.labels), ("arguments", part.nary.arguments)):
            if sum(counts.values()) != related:
                yield f"nary.{name}", f"expected {related} relations together, got {sum(counts.values())}"
