"""Texts with their mentions marked, and the prompt that asks about a pair (BioREx, section 3.4).

    What is the relation in BC5CDR between <C>aspirin</C> and <D>asthma</D>?

All come as pieces, text and tags in turn, so that a text that happens to hold "<C>" cannot pass for a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harmonize.model import Span
from harmonize.relation.pair import Entity, Pair

__all__ = [
    "Piece",
    "Tag",
    "around",
    "context_pieces",
    "context_question",
    "known_pieces",
    "marked",
    "question",
    "question_pieces",
    "question_words",
    "replaced",
    "spelled",
    "tag",
    "tag_tokens",
    "tagged",
]

Side = int
"""Which entity: 0 for the head of a pair, 1 for its tail; of a whole context any number."""


@dataclass(frozen=True, slots=True)
class Tag:
    """The beginning or end of a mention.

    Attributes:
        token: of the vocabulary, "<D>"; "" where nothing but the place is marked.
        opens: <D> if true, </D> if not.
        side: whose mention it is.
        span: of the mention in the context; None in the question.
    """

    token: str
    opens: bool
    side: Side
    span: Span | None = None

    def __str__(self) -> str:
        return self.token


Piece = str | Tag
Tokens = tuple[str, str]
"""What stands before and after a mention."""


def tag(entity_type: str, tags: Mapping[str, str]) -> str:
    """The tag's name for an entity type: target.yaml's, or the type itself for internal types of rule e1."""
    return tags.get(entity_type, entity_type)


def tag_tokens(names: Iterable[str]) -> list[str]:
    """The tokens that a vocabulary needs for tags of these names, each once: <C>, </C>, <D>, ..."""
    return [token for name in sorted(set(names)) for token in _around(name)]


def around(entity_type: str, tags: Mapping[str, str]) -> Tokens:
    """The tokens before and after a mention of an entity of a type."""
    return _around(tag(entity_type, tags))


def _around(name: str) -> Tokens:
    return (f"<{name}>", f"</{name}>")


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


def context_question(task: str) -> str:
    """The prompt of all pairs of a context."""
    return f"What are the relations in {task}?"


def question_words(task: str, *, of_context: bool) -> str:
    """The words of the prompt of a context or of any pair, which a vocabulary needs."""
    if of_context:
        return context_question(task)
    return "".join(piece for piece in _question(task, ("", ""), ("", "")) if isinstance(piece, str))


def _question(task: str, *sides: tuple[str, str]) -> list[Piece]:
    pieces: list[Piece] = [f"What is the relation in {task} between "]
    for side, (name, name_of_tag) in enumerate(sides):
        before, after = _around(name_of_tag)
        pieces += [Tag(before, True, side), name, Tag(after, False, side)]
        pieces.append("?" if side else " and ")
    return pieces


def known_pieces(
    entities: Sequence[Entity], tags: Mapping[str, str], first: Side = 0, *, tagged: bool = False
) -> list[Piece]:
    """What is known of entities, " aspirin: an analgesic." for each of which something is.

    Args:
        first: the side of the first entity.
        tagged: each name has the entity's tags, and is a mention of it.
    """
    pieces: list[Piece] = []
    for side, entity in enumerate(entities, start=first):
        if not entity.description:
            continue
        before, after = (
            Tag(token, opens, side)
            for token, opens in zip(around(entity.type, tags), (True, False), strict=True)
        )
        name: list[Piece] = [before, entity.name, after] if tagged else [entity.name]
        pieces += [" ", *name, f": {entity.description}."]
    return pieces


def context_pieces(pair: Pair, tags: Mapping[str, str]) -> list[Piece]:
    """The context with a tag before and after each span of both entities; see `tagged`."""
    return tagged(pair.text, (pair.head, pair.tail), tags)


def tagged(text: str, entities: Sequence[Entity], tags: Mapping[str, str]) -> list[Piece]:
    """A text with the tags of their types around the mentions of its entities; see `marked`."""
    return marked(text, entities, [around(entity.type, tags) for entity in entities])


def marked(text: str, entities: Sequence[Entity], tokens: Sequence[Tokens]) -> list[Piece]:
    """A text with a tag before and after each span of its entities.

    Where mentions meet, the one inside is tagged inside: <D>breast <D>cancer</D></D>; of two with the very
    same span the first entity's is outside. No tag is lost where they overlap.

    Args:
        tokens: of each entity's tags.
    """
    marks = sorted(
        (
            mark
            for side, (entity, around) in enumerate(zip(entities, tokens, strict=True))
            for mark in _marks(entity, side, around)
        ),
        key=_order,
    )
    pieces: list[Piece] = []
    done = 0
    for position, mark in marks:
        if position > done:
            pieces.append(text[done:position])
            done = position
        pieces.append(mark)
    return [*pieces, text[done:]] if done < len(text) else pieces


def replaced(pieces: Iterable[Piece], sides: Iterable[Side]) -> list[Piece]:
    """The pieces without the text of some entities' mentions: their opening tags stand for it."""
    gone, open_mentions = set(sides), 0
    left: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Tag):
            left.append(piece)
            if piece.side in gone:
                open_mentions += 1 if piece.opens else -1
        elif not open_mentions:
            left.append(piece)
    return left


def _marks(entity: Entity, side: Side, around: Tokens) -> list[tuple[int, Tag]]:
    before, after = around
    spans = sorted(set(entity.spans))
    opening = [(span.start, Tag(before, True, side, span)) for span in spans]
    return opening + [(span.end, Tag(after, False, side, span)) for span in spans]


def _order(placed: tuple[int, Tag]) -> tuple[int, int, int, int]:
    """Where mentions meet, one ends before the next begins; the longer one begins first and ends last."""
    position, mark = placed
    assert mark.span is not None
    if mark.opens:
        return (position, 1, -mark.span.end, mark.side)
    return (position, 0, -mark.span.start, -mark.side)
