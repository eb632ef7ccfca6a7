"""What target.yaml says: the labels, entity types and tags that every corpus is brought to."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from harmonize.spec.reading import SpecModel

__all__ = ["Kind", "Target"]

Kind = Literal["C", "D", "G"]


class Target(SpecModel):
    """target.yaml: what everything is brought to.

    Attributes:
        labels: the relation labels, from the one that wins on a pair with several to the one that yields.
        negative: the label of a pair without relation.
        nary_labels: those of relations of any number of entities.
        entity_types: kind letter of Table 2 -> BioRED entity type.
        tags: entity type -> the tag's name in the prompt; an internal type of rule e1 is its own tag.
    """

    labels: tuple[str, ...]
    negative: str
    association: str
    nary_labels: tuple[str, ...]
    entity_types: dict[Kind, str]
    tags: dict[str, str]

    @model_validator(mode="after")
    def _consistent(self) -> Target:
        if self.association not in self.labels:
            raise ValueError(
                f"association: expected one of {', '.join(self.labels)}, got {self.association!r}"
            )
        return self
