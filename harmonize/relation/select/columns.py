"""The columns of a union set's rows that selection, training and evaluation look at."""

from __future__ import annotations

__all__ = ["COLUMNS"]

COLUMNS = (
    "instance_id",
    "corpus",
    "split",
    "document_id",
    "text",
    "head_id",
    "tail_id",
    *(f"{side}_{what}" for side in ("head", "tail") for what in ("name", "type", "spans")),
    "source_head_type",
    "source_tail_type",
    "relation",
    "relations",
    "source_relations",
    "task",
    "leaks_into",
)
"""Of harmonize.union.schema.SCHEMA, in this order."""
