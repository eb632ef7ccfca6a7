"""What the arguments of a file's relations name: entities of their document, as the rules of pairs have them.

Files name an entity by its concept id, as the mention's id field writes it ("MESH:D001241", a composite
"D007859|D008569") or as its relations write it ("D001241"), or by the name of a mention (BioC's annotations,
unified PPI XML's entities). The rules name it by its concept ids, or, where each mention is an entity, by the
mention.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple
from urllib.parse import unquote

from harmonize.formats.annotation_order import ordered_relations
from harmonize.formats.pubtator_record import PubTatorMention, PubTatorRecord, PubTatorRelation
from harmonize.formats.schemes import bare_id
from harmonize.model import Relation

__all__ = ["JOINER", "Arguments", "NamedMention", "entities_of", "is_resolved", "shown_argument"]

JOINER = "\x1f"
"""Joins the entities of a composite in a resolved argument; alone before one that names no entity."""


class NamedMention(NamedTuple):
    """A mention as the file has it, and what it is in the document.

    Attributes:
        concept_ids: of the entities that it names.
        mention_id: its name in the document; None for one that the text does not spell.
    """

    told: PubTatorMention
    concept_ids: tuple[str, ...]
    mention_id: str | None = None


class Arguments:
    """Resolves the arguments of one document's relations.

    Args:
        mentions: of the document.
        separators: characters that join ids in an argument.
        by_mention: each mention is an entity, else each concept id.
        unknown: ids that stand for "not known", and so name no entity.
    """

    def __init__(
        self, mentions: Iterable[NamedMention], separators: str, *, by_mention: bool, unknown: Collection[str]
    ) -> None:
        self._separators, self._by_mention, self._unknown = separators, by_mention, unknown
        self._by_name: dict[str, tuple[str, ...]] = {}
        self._by_id: dict[str, tuple[str, ...]] = {}
        self._by_bare_id: dict[str, tuple[str, ...]] = {}
        for mention in mentions:
            self._add(mention)

    def _add(self, mention: NamedMention) -> None:
        own = () if mention.mention_id is None else (mention.mention_id,)
        entities = own if self._by_mention else mention.concept_ids
        if mention.told.name is not None:
            known = self._by_name.setdefault(mention.told.name, entities)
            if known != entities:
                self._by_name[mention.told.name] = ()
        raw = (mention.told.id or "").strip()
        for identifier in dict.fromkeys((raw, *mention.concept_ids)):
            if identifier in self._unknown:
                continue
            named = entities if self._by_mention or identifier == raw else (identifier,)
            _merge(self._by_id, identifier, named)
            _merge(self._by_bare_id, bare_id(identifier), named)

    def relations(self, record: PubTatorRecord) -> tuple[Relation, ...]:
        """The record's relations with resolved arguments; see `entities_of`."""
        return ordered_relations(map(self.relation, record.relations))

    def relation(self, told: PubTatorRelation) -> Relation:
        """A relation with resolved arguments."""
        head, tail = (self._resolved(argument, told.by_name) for argument in (told.head, told.tail))
        return Relation(head, tail, told.type.strip(), told.novelty)

    def _resolved(self, argument: str, by_name: bool) -> str:
        return JOINER.join(self.entities(argument, by_name=by_name)) or JOINER + argument.strip()

    def entities(self, argument: str, *, by_name: bool = False) -> tuple[str, ...]:
        """The entities that an argument names; none where it, or a part of it, names nothing.

        Where each mention is an entity, an id that several have names none of them; nor does a name of
        mentions of different entities.
        """
        argument = argument.strip()
        found = self._by_name.get(argument, ()) if by_name else self._known(argument)
        if found or by_name:
            return found
        for separators in dict.fromkeys((*self._separators, self._separators) if self._separators else ()):
            parts = [part.strip() for part in re.split(f"[{re.escape(separators)}]", argument)]
            named = [self._known(part) for part in parts]
            if len(parts) > 1 and all(named):
                return tuple(dict.fromkeys(entity for entities in named for entity in entities))
        return ()

    def _known(self, identifier: str) -> tuple[str, ...]:
        for table, key in (
            (self._by_id, identifier),
            (self._by_id, unquote(identifier)),
            (self._by_bare_id, bare_id(identifier)),
        ):
            found = table.get(key, ())
            if found and (len(found) == 1 or not self._by_mention):
                return found
        return ()


def _merge(table: dict[str, tuple[str, ...]], key: str, entities: tuple[str, ...]) -> None:
    known = table.get(key)
    table[key] = entities if known is None else tuple(dict.fromkeys((*known, *entities)))


def is_resolved(argument: str) -> bool:
    """False for an argument that names no entity of its document."""
    return not argument.startswith(JOINER)


def entities_of(argument: str) -> tuple[str, ...]:
    """The entities that a resolved argument names; of one that names none, its text."""
    return tuple(argument.split(JOINER)) if is_resolved(argument) else (argument[1:],)


def shown_argument(argument: str) -> str:
    """A resolved argument for people."""
    return ",".join(entities_of(argument))
