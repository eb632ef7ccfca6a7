"""Ids with and without the name of their scheme: files leave out "MESH:" in mentions or in relations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from harmonize.formats.annotation_order import ordered_relations
from harmonize.model import Document

__all__ = ["bare_id", "with_ids_of_mentions"]

_SCHEME = re.compile(r"[^|,;:]+:")


def bare_id(identifier: str) -> str:
    """An id without the name of its scheme, each of a composite: "MESH:D007859|MESH:D008569"."""
    return _SCHEME.sub("", identifier) or identifier


def with_ids_of_mentions(document: Document, separators: str, unknown: Collection[str]) -> Document:
    """The document with each argument of its relations written as the mentions have it.

    An argument that no mention has, and that exactly one id of the mentions is with or without the name of
    its scheme, becomes that id; so does each part of a composite.

    Args:
        separators: characters that join ids in an argument.
        unknown: ids that stand for "not known", and so name nothing.
    """
    names = {mention.id for mention in document.mentions}
    ids = {identifier for mention in document.mentions for identifier in mention.concept_ids}
    by_bare_id: dict[str, list[str]] = defaultdict(list)
    for identifier in ids:
        by_bare_id[bare_id(identifier)].append(identifier)

    def known(argument: str) -> str:
        if argument in names or argument in ids or argument in unknown:
            return argument
        bare, folded = bare_id(argument), argument.casefold()
        candidates = by_bare_id.get(bare, ())
        found = [each for each in candidates if bare in (each, argument) or each.casefold() == folded]
        return found[0] if len(found) == 1 else argument

    def whole(argument: str) -> str:
        found = known(argument)
        if found != argument or argument in ids or not separators:
            return found
        parts = [part.strip() for part in re.split(f"([{re.escape(separators)}])", argument)]
        named = list(map(known, parts))
        return argument if named == parts else "".join(named)

    relations = tuple(replace(r, head=whole(r.head), tail=whole(r.tail)) for r in document.relations)
    if relations == document.relations:
        return document
    return replace(document, relations=ordered_relations(relations))
