"""What is particular to full texts: passages that name too much, and what all passages say of a pair."""

from __future__ import annotations

from dataclasses import replace

from harmonize.model import Document, Mention
from harmonize.prediction.pairs import PairRules
from harmonize.rules.contexts import body_contexts, mentions_in

__all__ = ["IN_A_CROWD", "MOST_IN_A_PASSAGE", "without_crowds"]

MOST_IN_A_PASSAGE = 200
"""Entities of a passage of the body; more are a list of them, and relate nothing by standing there."""
IN_A_CROWD = f"in a passage of more than {MOST_IN_A_PASSAGE} entities"


def without_crowds(document: Document, rules: PairRules) -> tuple[Document, list[Mention]]:
    """The document without the mentions in passages of more than MOST_IN_A_PASSAGE entities, and those.

    Title and abstract, and a document that is one passage, keep theirs.

    Raises:
        SpecError: an entity type that neither the mapping nor the tools' table knows.
    """
    if len(document.passages) == 1 or not (contexts := body_contexts(document)):
        return document, []
    mentions = sorted(document.mentions, key=lambda mention: mention.extent)
    crowded = [
        mention
        for _, inside in mentions_in(contexts, mentions)
        if len(inside) > MOST_IN_A_PASSAGE and rules.entity_count(inside) > MOST_IN_A_PASSAGE
        for mention in inside
    ]
    if not crowded:
        return document, []
    ids = {mention.id for mention in crowded}
    kept = tuple(mention for mention in document.mentions if mention.id not in ids)
    return replace(document, mentions=kept), crowded
