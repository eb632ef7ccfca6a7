"""What a survey lets a mapping say by itself, and what a person has to decide.

A type is settled where its name is a harmonized one, or a corpus or tool of the package has it; nothing is
guessed from what a name sounds like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harmonize.drafting.survey import Survey
from harmonize.prediction.entity_types import load_entity_types
from harmonize.spec import OTHER, Catalogue, Format
from harmonize.spec.likeness import DECIDE

__all__ = ["Proposal", "proposed"]

_MOSTLY = 0.95
"""The share of relations in one sentence from which a corpus is taken for one annotated by sentence."""


@dataclass(frozen=True)
class Proposal:
    """The parts of a mapping and its row of rules, with DECIDE for what is open.

    Attributes:
        mapping: entity, relation_types, entity_types and, where ids are joined, id_separators.
        rules: the row.
    """

    mapping: dict[str, Any]
    rules: dict[str, Any]

    def settled(self, catalogue: Catalogue) -> tuple[dict[str, Any], dict[str, Any], bool]:
        """Mapping and rules to count rows with, every open type being in pairs; whether none was open."""
        letters = {kind: letter for letter, kind in catalogue.target.entity_types.items()}
        spare = {"relation_types": catalogue.target.association, "entity_types": next(iter(letters))}
        mapping = dict(self.mapping)
        for key, value in spare.items():
            mapping[key] = {name: value if kind == DECIDE else kind for name, kind in mapping[key].items()}
        met = {letters[kind] for kind in mapping["entity_types"].values() if kind is not None}
        kinds = sorted(met) or sorted(letters.values())
        every = [f"{one}-{other}" for number, one in enumerate(kinds) for other in kinds[number:]]
        is_open = self.rules["pairs"] == DECIDE
        rules = self.rules | ({"pairs": every} if is_open else {})
        is_open |= any(DECIDE in self.mapping[key].values() for key in spare)
        return mapping, rules, not is_open


def proposed(found: Survey, form: Format, key: str, catalogue: Catalogue) -> Proposal:
    """What can be told of a corpus."""
    entities = _entity_types(found.entity_types, catalogue) or {OTHER: DECIDE}
    mapping = {
        "entity": _entity(found),
        "relation_types": _relation_types(found.relation_types, catalogue) or {OTHER: DECIDE},
        "entity_types": entities,
        **_id_separators(found),
    }
    level = _level(found, form, str(mapping["entity"]))
    rules = {
        "level": level,
        "pairs": _pairs(found, entities, catalogue),
        "a": "a1",
        "b": "b2" if level == "sentence" else "b1",
        "c": "c1",
        "d": "d1",
        "e": "e2",
        "task": key,
    }
    return Proposal(mapping, rules)


def _entity(found: Survey) -> str:
    return "concept" if found.concepts > found.mentions else "mention"


def _level(found: Survey, form: Format, entity: str) -> str:
    if form == "ppi-xml":
        return "sentence"
    together = found.in_one_sentence >= _MOSTLY * found.mentions
    return "sentence" if entity == "mention" and found.mentions and together else "document"


def _entity_types(types: Iterable[str], catalogue: Catalogue) -> dict[str, str | None]:
    known = _agreed(corpus.spec.entity_types for corpus in catalogue.corpora.values())
    tools = {name.casefold(): kind for name, kind in load_entity_types().entity_types.items()}
    return {
        kind: known[kind] if kind in known else tools.get(kind.casefold(), DECIDE) for kind in sorted(types)
    }


def _relation_types(types: Iterable[str], catalogue: Catalogue) -> dict[str, str | None]:
    known = _agreed(corpus.spec.relation_types for corpus in catalogue.corpora.values())
    labels = {_plain(label): label for label in catalogue.target.labels}
    return {
        kind: labels[_plain(kind)] if _plain(kind) in labels else known.get(kind, DECIDE)
        for kind in sorted(types)
    }


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def _agreed(maps: Iterable[Mapping[str, str | None]]) -> dict[str, str | None]:
    """The types of all maps that none of them has otherwise than another."""
    values: dict[str, set[str | None]] = {}
    for each in maps:
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    return {name: found.pop() for name, found in values.items() if len(found) == 1 and name != OTHER}


def _pairs(found: Survey, entities: Mapping[str, str | None], catalogue: Catalogue) -> list[str] | str:
    """The kinds of related pairs, the head's first where all agree; DECIDE where a type of them is open."""
    letters = {kind: letter for letter, kind in catalogue.target.entity_types.items()}
    met: set[tuple[str, str]] = set()
    for head, tail in found.related:
        kinds = (entities[head], entities[tail])
        if DECIDE in kinds:
            return DECIDE
        if kinds[0] is not None and kinds[1] is not None:
            met.add((letters[kinds[0]], letters[kinds[1]]))
    kept = [pair for pair in sorted(met) if pair == tuple(sorted(pair)) or pair[::-1] not in met]
    return ["-".join(pair) for pair in kept] or DECIDE


def _id_separators(found: Survey) -> dict[str, Any]:
    """The characters that join ids; types that have them within an id are named."""
    default = "".join(dict.fromkeys(joiner for joining, _ in found.joiners.values() for joiner in joining))
    if not default:
        return {}
    by_type = {
        kind: "".join(joiner for joiner in default if joiner not in within)
        for kind, (_, within) in sorted(found.joiners.items())
        if not set(within).isdisjoint(default)
    }
    return {"id_separators": {"default": default, **({"by_type": by_type} if by_type else {})}}
