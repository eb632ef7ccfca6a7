"""The prompt of a pair: a question about it, and its context with every mention tagged (BioREx, section 3.4).

    What is the relation in BC5CDR between <C>aspirin</C> and <D>asthma</D>?

Both come as pieces, text and tags in turn, so that a text that happens to hold "<C>" cannot pass for a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harmonize.model import Span
from harmonize.relation.pair import Entity, Pair

__all__ = ["Tag", "context_pieces", "question", "question_pieces", "spelled", "tag", "tag_tokens", "tagged"]

Side = int
"""Which entity: 0 for the head of a pair, 1 for its tail; of a whole context any number."""


@dataclass(frozen=True, slots=True)
class Tag:
    """The beginning or end of a mention.

    Attributes:
        name: the tag's, as `tag` gives it: "D".
        opens: <D> if true, </D> if not.
        side: whose mention it is.
        span: of the mention in the context; None in the question.
    """

    name: str
    opens: bool
    side: Side
    span: Span | None = None

    def __str__(self) -> str:
        return f"<{self.name}>" if self.opens else f"</{self.name}>"


Piece = str | Tag


def tag(entity_type: str, tags: Mapping[str, str]) -> str:
    """The tag's name for an entity type: target.yaml's, or the type itself for internal types of rule e1."""
    return tags.get(entity_type, entity_type)


def tag_tokens(names: Iterable[str]) -> list[str]:
    """The tokens that a vocabulary needs for tags of these names, each once: <C>, </C>, <D>, ..."""
    return [token for name in sorted(set(names)) for token in (f"<{name}>", f"</{name}>")]


def spelled(pieces: Iterable[Piece]) -> str:
    """Pieces as one string."""
    return "".join(map(str, pieces))


def question(task: str, head: tuple[str, str], tail: tuple[str, str]) -> str:
    """The prompt of one pair, as a string.

    Args:
        task: the [Corpus] of the prompt.
        head, tail: (name, tag) of each entity.
    """
    return spelled(_question(task, head, tail))


def question_pieces(pair: Pair, tags: Mapping[str, str]) -> list[Piece]:
    """The prompt of one pair, as pieces."""
    head, tail = ((entity.name, tag(entity.type, tags)) for entity in (pair.head, pair.tail))
    return _question(pair.task, head, tail)


def _question(task: str, *sides: tuple[str, str]) -> list[Piece]:
    pieces: list[Piece] = [f"What is the relation in {task} between "]
    for side, (name, name_of_tag) in enumerate(sides):
        pieces += [Tag(name_of_tag, True, side), name, Tag(name_of_tag, False, side)]
        pieces.append("?" if side else " and ")
    return pieces


def context_pieces(pair: Pair, tags: Mapping[str, str]) -> list[Piece]:
    """The context with a tag before and after each span of both entities; see `tagged`."""
    return tagged(pair.text, (pair.head, pair.tail), tags)


def tagged(text: str, entities: Sequence[Entity], tags: Mapping[str, str]) -> list[Piece]:
    """A text with a tag before and after each span of its entities.

    Where mentions meet, the one inside is tagged inside: <D>breast <D>cancer</D></D>; of two with the very
    same span the first entity's is outside. No tag is lost where they overlap.
    """
    marks = sorted(
        (mark for side, entity in enumerate(entities) for mark in _marks(entity, side, tags)), key=_order
    )
    pieces: list[Piece] = []
    done = 0
    for position, mark in marks:
        if position > done:
            pieces.append(text[done:position])
            done = position
        pieces.append(mark)
    return [*pieces, text[done:]] if done < len(text) else pieces


def _marks(entity: Entity, side: Side, tags: Mapping[str, str]) -> list[tuple[int, Tag]]:
    name = tag(entity.type, tags)
    spans = sorted(set(entity.spans))
    opening = [(span.start, Tag(name, True, side, span)) for span in spans]
    return opening + [(span.end, Tag(name, False, side, span)) for span in spans]


def _order(placed: tuple[int, Tag]) -> tuple[int, int, int, int]:
    """Where mentions meet, one ends before the next begins; the longer one begins first and ends last."""
    position, mark = placed
    assert mark.span is not None
    if mark.opens:
        return (position, 1, -mark.span.end, mark.side)
    return (position, 0, -mark.span.start, -mark.side)
