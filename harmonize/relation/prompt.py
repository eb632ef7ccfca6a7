"""The question that is put to the classifier (BioREx, section 3.4).

What is the relation in BC5CDR between <C>aspirin</C> and <D>asthma</D>?
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["question", "tag"]


def tag(entity_type: str, tags: Mapping[str, str]) -> str:
    """The tag's name for an entity type: target.yaml's, or the type itself for internal types of rule e1."""
    return tags.get(entity_type, entity_type)


def question(task: str, head: tuple[str, str], tail: tuple[str, str]) -> str:
    """The prompt of one pair.

    Args:
        task: the [Corpus] of the prompt.
        head, tail: (name, tag) of each entity.
    """
    (head_name, head_tag), (tail_name, tail_tag) = head, tail
    return (
        f"What is the relation in {task} between "
        f"<{head_tag}>{head_name}</{head_tag}> and <{tail_tag}>{tail_name}</{tail_tag}>?"
    )
