"""What the report shows of the manifest: corpora, labels, funnels, drops, and the paper's counts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from harmonize.ledger import READ
from harmonize.model import is_negative
from harmonize.spec import Licence, LicenceTerms
from harmonize.union.manifest import SplitCounts

__all__ = [
    "Account",
    "CorpusRow",
    "DropRow",
    "FunnelRow",
    "LabelCell",
    "LabelRow",
    "Totals",
    "corpus_rows",
    "drop_rows",
    "funnel_rows",
    "label_names",
    "label_rows",
    "licence_totals",
    "step_name",
    "totals",
    "units",
]

_STEPS = {
    READ: "reading the files",
    "a1": "spans: as annotated",
    "a2": "spans: both entities in the abstract",
    "a3": "spans: both entities in one sentence",
    "b1": "contexts: the whole text",
    "b2": "contexts: each sentence with the pair",
    "c1": "negatives: a class of the corpus' own",
    "c2": "negatives: None",
    "c3": "negatives: left out",
    "d1": "labels: mapped types",
    "d2": "labels: all Association",
    "e1": "entities: internal types",
    "e2": "entities: BioRED's types",
}
_UNITS = ("rows", "documents", "mentions", "relations", "instances")
_GIVEN_ON: dict[LicenceTerms, str] = {
    "redistributable": "for any purpose",
    "noncommercial": "for noncommercial purposes",
    "any": "only if the authors agree",
}


class Totals(NamedTuple):
    """What the whole set holds; positive instances are those with a relation."""

    corpora: int
    documents: int
    mentions: int
    relations: int
    instances: int
    positive: int


class CorpusRow(NamedTuple):
    """A corpus, its origin and its terms; `given_on` says what copies may be redistributed for."""

    corpus: str
    entry: dict[str, Any]
    level: str
    given_on: str
    instances: int


class LabelCell(NamedTuple):
    """Instances of one label; `logarithm` is 0 to 1, where 1 is the fullest cell of all corpora."""

    instances: int
    logarithm: float


class LabelRow(NamedTuple):
    """The instances of a corpus and split; `negative_name` joins the labels without relation."""

    corpus: str
    split: str
    positive: int
    negative: int
    negative_name: str
    labels: tuple[LabelCell, ...]

    @property
    def instances(self) -> int:
        return self.positive + self.negative


class Account(NamedTuple):
    """A unit on its way through all steps: taken_in = given_out + dropped."""

    taken_in: int
    dropped: int
    given_out: int


class FunnelRow(NamedTuple):
    """A corpus from its files to the set, by unit; None for what is not counted in it."""

    corpus: str
    accounts: tuple[Account | None, ...]
    positive: int


class DropRow(NamedTuple):
    """What one step of a corpus left out for one reason, of all that the step took in."""

    corpus: str
    step: str
    unit: str
    reason: str
    dropped: int
    taken_in: int


def totals(manifest: Mapping[str, Any], counts: Sequence[SplitCounts]) -> Totals:
    return Totals(
        len(manifest["corpora"]),
        sum(part.documents for part in counts),
        sum(part.mentions for part in counts),
        sum(part.relations for part in counts),
        sum(part.instances for part in counts),
        sum(part.positive for part in counts),
    )


def corpus_rows(manifest: Mapping[str, Any], counts: Iterable[SplitCounts]) -> list[CorpusRow]:
    instances = _instances(counts)
    return [
        CorpusRow(
            corpus,
            entry,
            "document" if entry["rules"][1] == "b1" else "sentence",
            _GIVEN_ON[_terms(entry)],
            instances[corpus],
        )
        for corpus, entry in manifest["corpora"].items()
    ]


def licence_totals(
    manifest: Mapping[str, Any], counts: Iterable[SplitCounts]
) -> list[tuple[str, list[str], int]]:
    """(what copies may be redistributed for, corpora, their instances), the freest terms first."""
    instances = _instances(counts)
    groups: dict[LicenceTerms, list[str]] = {terms: [] for terms in _GIVEN_ON}
    for corpus, entry in manifest["corpora"].items():
        groups[_terms(entry)].append(corpus)
    return [
        (_GIVEN_ON[terms], corpora, sum(instances[corpus] for corpus in corpora))
        for terms, corpora in groups.items()
        if corpora
    ]


def _instances(counts: Iterable[SplitCounts]) -> Counter[str]:
    instances: Counter[str] = Counter()
    for part in counts:
        instances[part.corpus] += part.instances
    return instances


def _terms(entry: Mapping[str, Any]) -> LicenceTerms:
    licence = Licence.model_validate(entry["licence"])
    return next(terms for terms in _GIVEN_ON if licence.allows(terms))


def label_names(counts: Iterable[SplitCounts]) -> list[str]:
    """The labels that are relations, the most frequent first."""
    sums: Counter[str] = Counter()
    for part in counts:
        sums.update({label: n for label, n in part.labels.items() if not is_negative(label)})
    return sorted(sums, key=lambda label: (-sums[label], label))


def label_rows(counts: Sequence[SplitCounts]) -> list[LabelRow]:
    """A row for every corpus and split, its cells in the order of `label_names`."""
    names = label_names(counts)
    most = max((part.labels.get(name, 0) for part in counts for name in names), default=0)
    rows = []
    for part in counts:
        numbers = [part.labels.get(name, 0) for name in names]
        cells = tuple(LabelCell(n, math.log1p(n) / math.log1p(most) if most else 0.0) for n in numbers)
        negative_name = ", ".join(label for label in part.labels if is_negative(label))
        negative = part.instances - part.positive
        rows.append(LabelRow(part.corpus, part.split, part.positive, negative, negative_name, cells))
    return rows


def step_name(step: str) -> str:
    """What a step does, in a few words; nothing for a step that is not known here."""
    return _STEPS.get(step, "")


def units(manifest: Mapping[str, Any]) -> list[str]:
    """The units that any corpus counts, in the order in which they arise."""
    counted = {unit for steps in _steps(manifest) for units in steps.values() for unit in units}
    return [unit for unit in _UNITS if unit in counted]


def _steps(manifest: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for entry in manifest["corpora"].values():
        for part in entry["splits"].values():
            yield part["steps"]


def funnel_rows(manifest: Mapping[str, Any], counts: Iterable[SplitCounts]) -> list[FunnelRow]:
    """A row for every corpus, its accounts in the order of `units`, all splits together."""
    names = units(manifest)
    positive: Counter[str] = Counter()
    for part in counts:
        positive[part.corpus] += part.positive
    rows = []
    for corpus, entry in manifest["corpora"].items():
        parts = [part["steps"] for part in entry["splits"].values()]
        rows.append(FunnelRow(corpus, tuple(_account(parts, unit) for unit in names), positive[corpus]))
    return rows


def _account(parts: Iterable[Mapping[str, Any]], unit: str) -> Account | None:
    """A unit through all steps of some splits: in at the first step that counts it, out at the last."""
    counted = [[units[unit] for units in steps.values() if unit in units] for steps in parts]
    counted = [accounts for accounts in counted if accounts]
    if not counted:
        return None
    dropped = sum(sum(account["dropped"].values()) for accounts in counted for account in accounts)
    return Account(
        sum(accounts[0]["in"] for accounts in counted),
        dropped,
        sum(accounts[-1]["out"] for accounts in counted),
    )


def drop_rows(manifest: Mapping[str, Any]) -> list[DropRow]:
    """Every reason of every step that dropped something, all splits of a corpus together."""
    rows = []
    for corpus, entry in manifest["corpora"].items():
        taken_in: Counter[tuple[str, str]] = Counter()
        dropped: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for part in entry["splits"].values():
            for step, accounts in part["steps"].items():
                for unit, account in accounts.items():
                    taken_in[step, unit] += account["in"]
                    dropped[step, unit].update(account["dropped"])
        rows += [
            DropRow(corpus, step, unit, reason, count, taken_in[step, unit])
            for (step, unit), reasons in dropped.items()
            for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        ]
    return rows
