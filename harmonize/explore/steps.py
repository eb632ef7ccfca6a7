"""What the adjustment rules did to one row, rule by rule, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harmonize.relation.labels import is_negative
from harmonize.rules.meanings import MEANINGS, ORDER, Meaning
from harmonize.spec import load_catalogue

__all__ = ["Change", "Step", "steps"]

_FOUND = {
    "gold": "The mentions of the pair stand as annotated.",
    "pubtator": "At least one mention of the pair was found by PubTator.",
    "dictionary": "At least one mention of the pair was found by the dictionary, by its name.",
}
_UNKNOWN = Meaning("?", "not known", "This version of harmonize does not know the rule.")


@dataclass(frozen=True)
class Change:
    """What stood there before the rule, and after it."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """A rule and what it did to a row: changes, and a sentence."""

    rule: str
    meaning: Meaning
    effect: str
    changes: tuple[Change, ...] = ()


def steps(row: Mapping[str, Any]) -> list[Step]:
    """The rules of a row of a set in the order in which they ran."""
    effects = {"a": _spans, "b": _context, "c": _negative, "d": _label, "e": _types}
    rules = sorted(row["rules"], key=lambda rule: (ORDER + rule[:1]).index(rule[:1]))
    found = []
    for rule in rules:
        effect = effects.get(rule[:1])
        text, changes = ("", ()) if effect is None else effect(rule, row)
        found.append(Step(rule, MEANINGS.get(rule, _UNKNOWN), text, changes))
    return found


_Effect = tuple[str, tuple[Change, ...]]


def _spans(rule: str, row: Mapping[str, Any]) -> _Effect:
    return _FOUND.get(row["span_source"], f"Mentions: {row['span_source']}."), ()


def _context(rule: str, row: Mapping[str, Any]) -> _Effect:
    what = "title and abstract" if row["level"] == "document" else "one sentence"
    return f"The context is {what}: characters {row['context_start']:,} to {row['context_end']:,}.", ()


def _label(rule: str, row: Mapping[str, Any]) -> _Effect:
    if not row["source_relations"]:
        return "Nobody annotated this pair, so there is no type to map.", ()
    changes = tuple(Change("relation", kind, _label_of(rule, kind, row)) for kind in row["source_relations"])
    if len(row["relations"]) > 1:
        return f"Of several labels the most specific comes first: {', '.join(row['relations'])}.", changes
    return "", changes


def _label_of(rule: str, kind: str, row: Mapping[str, Any]) -> str:
    """The label of one of the corpus' types, by its mapping, or by the row where the corpus is not known."""
    corpus = load_catalogue().corpora.get(row["corpus"])
    if corpus is None or kind not in corpus.spec.relation_types:
        return ", ".join(row["relations"])
    label = corpus.spec.relation_types[kind]
    if label is None:
        return "no relation"
    return corpus.target.association if rule == "d2" else label


def _negative(rule: str, row: Mapping[str, Any]) -> _Effect:
    if not is_negative(row["relation"]):
        return "The pair is annotated: nothing to do.", ()
    before = ", ".join(row["source_relations"]) or "not annotated"
    return "", (Change("relation", before, row["relation"]),)


def _types(rule: str, row: Mapping[str, Any]) -> _Effect:
    return "", tuple(
        Change(side, row[f"source_{side}_type"], row[f"{side}_type"]) for side in ("head", "tail")
    )
