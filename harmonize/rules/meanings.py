"""What each adjustment rule does, in words, for people who look at a row."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MEANINGS", "ORDER", "Meaning"]


class Meaning(NamedTuple):
    """A rule in words.

    Attributes:
        column: what its column of Table 1 is about.
        name: the rule in a few words.
        text: what it does, in a sentence or two.
    """

    column: str
    name: str
    text: str


ORDER = "abdce"
"""The columns in the order in which their rules run."""

MEANINGS = {
    "a1": Meaning(
        "spans", "as annotated", "The corpus marks its entities in the text; they stand as annotated."
    ),
    "a2": Meaning(
        "spans",
        "both entities in the abstract",
        "The corpus names entities without marking them. PubTator and a dictionary find them, and a relation "
        "stays if both of its entities are found in title or abstract.",
    ),
    "a3": Meaning(
        "spans",
        "both entities in one sentence",
        "The corpus names entities without marking them. PubTator and a dictionary find them, and a relation "
        "stays if both of its entities are found in one sentence.",
    ),
    "b1": Meaning(
        "contexts", "the whole text", "A pair stands once in its document, with title and abstract."
    ),
    "b2": Meaning(
        "contexts",
        "each sentence with the pair",
        "A pair stands once for every sentence that shows both entities.",
    ),
    "c1": Meaning(
        "negatives",
        "a class of the corpus' own",
        "The corpus looks for some relations only. A pair that nobody annotated may be related otherwise, so "
        "it is no plain None but None-<corpus>.",
    ),
    "c2": Meaning(
        "negatives",
        "None",
        "The corpus looks for all relations. A pair that nobody annotated has none: None.",
    ),
    "c3": Meaning(
        "negatives",
        "left out",
        "The corpus annotates some pairs only. One that nobody annotated says nothing and is left out.",
    ),
    "d1": Meaning(
        "labels", "mapped types", "Each relation type of the corpus is mapped to a label of BioRED."
    ),
    "d2": Meaning(
        "labels", "all Association", "The types of the corpus say less than BioRED's: all are Association."
    ),
    "e1": Meaning(
        "entities",
        "internal types",
        "An entity type that the corpus defines otherwise than BioRED stays a type of its own.",
    ),
    "e2": Meaning("entities", "BioRED's types", "Entity types are BioRED's; variants count as their genes."),
}
"""Of every rule of Table 1."""
