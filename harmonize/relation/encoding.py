"""Pairs -> token ids: the prompt and the context as the two segments of one input.

    [CLS] What is the relation in DDI between <C>aspirin</C> and <C>heparin</C>? [SEP] <C>Aspirin</C> [SEP]

The first segment, of type 0, ends with the first [SEP]; each tag is one token of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from harmonize.errors import HarmonizeError
from harmonize.relation.pair import Entity, Pair
from harmonize.relation.prompt import Piece, context_pieces, question_pieces, tag_tokens
from harmonize.relation.windows import Range, kept

__all__ = ["Encoded", "PairEncoder", "TextEncoder", "add_tags"]

_LEAST_CONTEXT = 16
_BATCH = 512


@dataclass(frozen=True, slots=True)
class Encoded:
    """One input of the encoder.

    Attributes:
        input_ids, token_type_ids: of equal length, at most the encoder's; unpadded.
        windows: how many ranges of the context are in it; 1 and not `cut` where it is whole.
        cut: some of the context is left out.
        lost: entities without a mention in the input, 0 to 2.
    """

    input_ids: Sequence[int]
    token_type_ids: Sequence[int]
    windows: int
    cut: bool
    lost: int


def add_tags(tokenizer: Any, names: Iterable[str]) -> None:
    """Make each tag one token of the vocabulary.

    Raises:
        HarmonizeError: the tokenizer still takes a tag apart.
    """
    from transformers import AddedToken

    tokens = tag_tokens(names)
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=True) for token in tokens])
    for token in tokens:
        if tokenizer.tokenize(f"a{token}b").count(token) != 1:
            raise HarmonizeError(f"expected {token} as one token of the vocabulary, the tokenizer splits it")


class TextEncoder:
    """Tokens of tagged texts, for one tokenizer.

    Args:
        tokenizer: a fast tokenizer whose vocabulary holds the tags.
        tags: entity type -> the tag's name, of every type that may come; see `prompt.tag`.
        max_length: of an input, in tokens, the special ones counted in.
        ask: put a question first. Without, the context is the only segment (the paper's multi-task model).
    """

    def __init__(self, tokenizer: Any, tags: Mapping[str, str], max_length: int, *, ask: bool = True) -> None:
        self.tokenizer, self.tags, self.max_length, self.ask = tokenizer, dict(tags), max_length, ask
        self._tag_ids = {
            token: tokenizer.convert_tokens_to_ids(token) for token in tag_tokens(self.tags.values())
        }
        self.frame = Frame.of(tokenizer, pair=ask)

    @property
    def padding(self) -> int:
        """The id of the padding token."""
        return int(self.tokenizer.pad_token_id)

    @property
    def knows_types(self) -> bool:
        """True if the encoder's model takes token types (BERT's does, DistilBERT's does not)."""
        return "token_type_ids" in self.tokenizer.model_input_names

    def check(self, entities: Iterable[Entity]) -> None:
        """See that each entity has a tag.

        Raises:
            HarmonizeError: one of a type that the model does not know.
        """
        for entity in entities:
            if entity.type not in self.tags:
                known = ", ".join(sorted(self.tags))
                raise HarmonizeError(f"entity type {entity.type!r}: expected one the model knows ({known})")

    def room(self, question: int) -> int:
        """How many tokens of a context stand beside a question of so many.

        Raises:
            HarmonizeError: too few.
        """
        room = self.max_length - self.frame.size - question
        if self.ask and room < _LEAST_CONTEXT:
            raise HarmonizeError(
                f"a question of {question} tokens leaves too little of {self.max_length} for the context: "
                f"expected {_LEAST_CONTEXT} tokens or more"
            )
        return room

    def ids(self, pieces: Iterable[Piece]) -> Mapping[str, list[int]]:
        """Token ids of each distinct piece of text, all of them asked for at once."""
        texts = list(dict.fromkeys(piece for piece in pieces if isinstance(piece, str)))
        # Text that spells a tag or [SEP] stays text.
        encoded = self.tokenizer(
            texts,
            add_special_tokens=False,
            split_special_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return dict(zip(texts, encoded["input_ids"], strict=True))

    def tokens(
        self, pieces: Iterable[Piece], ids: Mapping[str, list[int]], entities: int
    ) -> tuple[list[int], list[list[Range]]]:
        """Token ids, and where in them the mentions of each entity stand, tags included."""
        tokens: list[int] = []
        mentions: list[list[Range]] = [[] for _ in range(entities)]
        begun: dict[tuple[int, Any], int] = {}
        for piece in pieces:
            if isinstance(piece, str):
                tokens += ids[piece]
                continue
            if piece.opens:
                begun[piece.side, piece.span] = len(tokens)
            tokens.append(self._tag_ids[str(piece)])
            if not piece.opens:
                mentions[piece.side].append(Range(begun[piece.side, piece.span], len(tokens)))
        return tokens, mentions


class PairEncoder(TextEncoder):
    """Encodes pairs, each with its own context; see TextEncoder for the arguments."""

    def __call__(self, pairs: Iterable[Pair]) -> Iterator[Encoded]:
        """The input of each pair, in order.

        Raises:
            HarmonizeError: an entity type without a tag, or a question too long to leave room for a context.
        """
        remaining = iter(pairs)
        while batch := list(islice(remaining, _BATCH)):
            yield from self._encoded(batch)

    def _encoded(self, pairs: Sequence[Pair]) -> Iterator[Encoded]:
        for pair in pairs:
            self.check((pair.head, pair.tail))
        questions = [question_pieces(pair, self.tags) if self.ask else [] for pair in pairs]
        contexts = [context_pieces(pair, self.tags) for pair in pairs]
        ids = self.ids(chain(chain.from_iterable(questions), chain.from_iterable(contexts)))
        for question, context in zip(questions, contexts, strict=True):
            yield self._input(question, context, ids)

    def _input(self, question: list[Piece], context: list[Piece], ids: Mapping[str, list[int]]) -> Encoded:
        first, _ = self.tokens(question, ids, 2)
        second, mentions = self.tokens(context, ids, 2)
        windows = kept(len(second), mentions[0], mentions[1], self.room(len(first)))
        lost = sum(not any(_holds(windows, mention) for mention in each) for each in mentions)
        tokens = [token for window in windows for token in second[window.start : window.end]]
        input_ids, types = self.frame.around(first, tokens) if self.ask else self.frame.around(tokens)
        return Encoded(input_ids, types, len(windows), len(tokens) < len(second), lost)


def _holds(windows: Iterable[Range], mention: Range) -> bool:
    """True if a window holds the beginning of a mention: its tag and the first token of its name."""
    return any(window.start <= mention.start and mention.start + 2 <= window.end for window in windows)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the tokenizer puts before, between and after the segments of an input, and their types."""

    specials: tuple[list[int], ...]
    types: tuple[int, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.specials))

    @classmethod
    def of(cls, tokenizer: Any, *, pair: bool) -> Frame:
        """Read off an example, so that each tokenizer's own way is kept (BERT's, RoBERTa's, ...)."""
        segment = tokenizer("a", add_special_tokens=False)["input_ids"]
        example = tokenizer("a", "a", return_token_type_ids=True) if pair else tokenizer("a")
        ids, types = example["input_ids"], example.get("token_type_ids")
        places = [place for place in range(len(ids)) if ids[place : place + len(segment)] == segment]
        starts = [places[0], places[-1]] if pair else [places[0]]
        ends = [0, *(start + len(segment) for start in starts)]
        specials = [ids[end:start] for end, start in zip(ends, [*starts, len(ids)], strict=True)]
        return cls(tuple(specials), tuple(types[start] for start in starts) if types else (0, 0))

    def around(self, *segments: list[int]) -> tuple[list[int], list[int]]:
        """(token ids, token types) of the segments; a special token has the type of the segment before it."""
        ids = list(self.specials[0])
        types = [self.types[0]] * len(ids)
        for segment, special, kind in zip(segments, self.specials[1:], self.types, strict=False):
            ids += segment + special
            types += [kind] * (len(segment) + len(special))
        return ids, types
