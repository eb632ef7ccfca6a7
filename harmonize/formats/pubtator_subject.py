"""The line of PubTator text that says which of two entities acts, as BioREDirect has it below a relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harmonize.formats.pubtator_record import PubTatorRelation

__all__ = ["SUBJECT", "is_subject", "mark_subject"]

SUBJECT = "Subject:"
"""What the last column of a line begins with that says which entity acts."""


def is_subject(columns: Sequence[str]) -> bool:
    """True for the columns of a line that says which of two entities acts."""
    return len(columns) == 4 and columns[3].startswith(SUBJECT)


def mark_subject(relations: list[PubTatorRelation], columns: Sequence[str]) -> str | None:
    """Mark in the relations of a pair which of the two acts.

    Args:
        relations: of the article so far; those of the pair are replaced.
        columns: of the line; a prediction's has a probability after the id, "Subject:D001241|0.98".

    Returns:
        What is wrong with the line, None if nothing is.
    """
    pair, said = columns[1:3], columns[3].removeprefix(SUBJECT)
    acting = said if said in pair else said.rpartition("|")[0]
    if acting not in pair:
        return f"expected {SUBJECT} and one of {' and '.join(pair)}, got {columns[3]!r}"
    places = [at for at, one in enumerate(relations) if {one.head, one.tail} == set(pair)]
    if not places:
        return f"expected a relation of {' and '.join(pair)} above its subject, found none"
    if any(relations[at].subject not in (None, acting) for at in places):
        return f"expected one subject of {' and '.join(pair)}, got another"
    for at in places:
        relations[at] = replace(relations[at], subject=acting)
    return None
