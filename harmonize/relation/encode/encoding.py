"""Pairs -> token ids: the one or two segments of an input, with the special tokens around them.

    [CLS] What is the relation in DDI between <C>aspirin</C> and <C>heparin</C>? [SEP] <C>Aspirin</C> [SEP]

What the segments are is the kind of input, see harmonize.relation.encode.inputs. The first one, of type 0,
ends with the first [SEP]; each tag is one token of the vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.inputs import MASK, InputKind, Segments, input_named
from harmonize.relation.encode.knowledge import Knowledge
from harmonize.relation.encode.prompt import Piece
from harmonize.relation.encode.windows import Range, kept, nearest
from harmonize.relation.pair import Entity, Pair

__all__ = ["Encoded", "PairEncoder", "TextEncoder", "add_tokens"]

_AS_TEXT = {
    "add_special_tokens": False,
    "split_special_tokens": True,  # text that spells a tag or [SEP] stays text
    "return_attention_mask": False,
    "return_token_type_ids": False,
    "verbose": False,
}
_LEAST_CONTEXT = 16
_BATCH = 512
_MOST_WORDS = 100_000
"""Whose tokens are kept, some 20 MB."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One input of the encoder.

    Attributes:
        input_ids, token_type_ids: of equal length, at most the encoder's; unpadded.
        windows: how many ranges of the context are in it; 1 and not `cut` where it is whole.
        cut: some of the context is left out.
        lost: entities without a mention in the input, 0 to 2.
        head_place, tail_place: where in it the entities' nearest mentions begin, with their tags; of a
            context that is read twice, the head's in the first. 0, the first special token, of a lost entity.
    """

    input_ids: Sequence[int]
    token_type_ids: Sequence[int]
    windows: int
    cut: bool
    lost: int
    head_place: int
    tail_place: int


def add_tokens(tokenizer: Any, tokens: Iterable[str]) -> None:
    """Make each tag one token of the vocabulary.

    Raises:
        HarmonizeError: the tokenizer still takes a tag apart.
    """
    from transformers import AddedToken

    tokens = list(tokens)
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=True) for token in tokens])
    for token in tokens:
        if tokenizer.tokenize(f"a{token}b").count(token) != 1:
            raise HarmonizeError(f"expected {token} as one token of the vocabulary, the tokenizer splits it")


_OF_BERT = {"normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer", "model": "WordPiece"}


def _takes_words(tokenizer: Any) -> bool:
    """True if what stands between two blanks is tokenized without a look at the rest, as BERT does it."""
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    kinds = {name: (parts[name] or {}).get("type") for name in _OF_BERT}
    # A token that was added without being special is sought in the text, blanks and all.
    return kinds == _OF_BERT and all(token["special"] for token in parts["added_tokens"])


class TextEncoder:
    """Tokens of tagged texts, for one tokenizer.

    Args:
        tokenizer: a fast tokenizer whose vocabulary holds the tags.
        tags: entity type -> the tag's name, of every type that may come; see `prompt.tag`.
        max_length: of an input, in tokens, the special ones counted in.
        kind: of input, by its name.
        knowledge: for a kind of input that tells what is known of entities.

    Raises:
        UnknownName: no such kind of input.
        HarmonizeError: one with masks, and a tokenizer without; or one that describes, and no knowledge.
    """

    def __init__(
        self,
        tokenizer: Any,
        tags: Mapping[str, str],
        max_length: int,
        kind: str = "prompt",
        knowledge: Knowledge | None = None,
    ) -> None:
        self.tokenizer, self.tags, self.max_length = tokenizer, dict(tags), max_length
        self.knowledge = knowledge
        self.kind: InputKind = input_named(kind)
        self._tag_ids = {
            token: tokenizer.convert_tokens_to_ids(token) for token in self.kind.words(self.tags)
        }
        self._tag_ids[MASK] = tokenizer.mask_token_id
        self._ids_of_words: dict[str, list[int]] | None = {} if _takes_words(tokenizer) else None
        if self.kind.masks and tokenizer.mask_token_id is None:
            raise HarmonizeError(f"input {kind}: expected a tokenizer with a mask, this one has none")
        if self.kind.describes and knowledge is None:
            raise HarmonizeError(f"input {kind}: expected a table of what is known (knowledge), got none")
        self.frame = Frame.of(tokenizer, pair=self.kind.segments == 2)

    reads_sentences = False
    """It looks at the sentences of a pair's context."""

    @property
    def padding(self) -> int:
        """The id of the padding token."""
        return int(self.tokenizer.pad_token_id)

    @property
    def knows_types(self) -> bool:
        """True if the encoder's model takes token types (BERT's does, DistilBERT's does not)."""
        return "token_type_ids" in self.tokenizer.model_input_names

    def known(self, pairs: Iterable[Pair]) -> Iterable[Pair]:
        """The pairs with what is known of their entities, where the kind of input tells it."""
        return pairs if self.knowledge is None else self.knowledge.described(pairs)

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
        """How many tokens are left beside a question of so many.

        Raises:
            HarmonizeError: too few.
        """
        room = self.max_length - self.frame.size - question
        if question and room < _LEAST_CONTEXT:
            raise HarmonizeError(
                f"a question of {question} tokens leaves too little of {self.max_length} for the context: "
                f"expected {_LEAST_CONTEXT} tokens or more"
            )
        return room

    def without_words(self) -> None:
        """Give the tokenizer every piece of text whole, as those that look beyond a word are given them."""
        self._ids_of_words = None

    def ids(self, pieces: Iterable[Piece]) -> Mapping[str, list[int]]:
        """Token ids of each distinct piece of text, all of them asked for at once.

        The pairs of a context cut it at other places, but share nearly all of its words: where a tokenizer
        takes every word by itself, each is tokenized once.
        """
        texts = list(dict.fromkeys(piece for piece in pieces if isinstance(piece, str)))
        known = self._ids_of_words
        if known is None:
            return dict(zip(texts, self._tokenized(texts), strict=True))
        if len(known) > _MOST_WORDS:
            known.clear()
        words = {text: text.split(" ") for text in texts}
        new = list(dict.fromkeys(word for each in words.values() for word in each if word not in known))
        known.update(zip(new, self._tokenized_words(new), strict=True))
        of_word = known.__getitem__
        return {text: list(chain.from_iterable(map(of_word, each))) for text, each in words.items()}

    def _tokenized(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        return list(self.tokenizer(texts, **_AS_TEXT)["input_ids"])

    def _tokenized_words(self, words: list[str]) -> list[list[int]]:
        """As one text of many words, since each text takes time of its own."""
        found: list[list[int]] = [[] for _ in words]
        if words:
            encoded = self.tokenizer([words], is_split_into_words=True, **_AS_TEXT)
            for token, word in zip(encoded["input_ids"][0], encoded.word_ids(0), strict=True):
                found[word].append(token)
        return found

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
            if piece.token:
                tokens.append(self._tag_ids[piece.token])
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
        remaining = iter(self.known(pairs))
        while batch := list(islice(remaining, _BATCH)):
            yield from self._encoded(batch)

    def _encoded(self, pairs: Sequence[Pair]) -> Iterator[Encoded]:
        for pair in pairs:
            self.check((pair.head, pair.tail))
        segments = [self.kind.of(pair, self.tags) for pair in pairs]
        ids = self.ids(piece for each in segments for part in each.parts for piece in part)
        for each in segments:
            yield self._input(each, ids)

    def _input(self, segments: Segments, ids: Mapping[str, list[int]]) -> Encoded:
        question, _ = self.tokens(segments.question, ids, 2)
        room = self.room(len(question)) // len(segments.contexts)
        contexts = [_Context.of(*self.tokens(each, ids, 2), room) for each in segments.contexts]
        parts = [*([question] if question else []), *(each.tokens for each in contexts)]
        input_ids, types = self.frame.around(*parts)
        starts = self.frame.starts(*parts)[-len(contexts) :]
        places = [
            0 if place is None else start + place
            for start, place in (
                (starts[0], contexts[0].places[0]),
                (starts[-1], contexts[-1].places[1]),
            )
        ]
        return Encoded(
            input_ids,
            types,
            windows=max(each.windows for each in contexts),
            cut=any(each.cut for each in contexts),
            lost=sum(place is None for place in (contexts[0].places[0], contexts[-1].places[1])),
            head_place=places[0],
            tail_place=places[1],
        )


@dataclass(frozen=True, slots=True)
class _Context:
    """What is kept of a context.

    Attributes:
        places: in `tokens`, where the nearest mention of each entity begins; None where it is cut off.
    """

    tokens: list[int]
    windows: int
    cut: bool
    places: tuple[int | None, int | None]

    @classmethod
    def of(cls, tokens: list[int], mentions: Sequence[Sequence[Range]], room: int) -> _Context:
        heads, tails = _shown(*mentions)
        windows = kept(len(tokens), heads, tails, room)
        left = [token for window in windows for token in tokens[window.start : window.end]]
        near = nearest(heads, tails)
        places = (_place(windows, near[0]), _place(windows, near[1]))
        return cls(left, len(windows), len(left) < len(tokens), places)


def _shown(heads: Sequence[Range], tails: Sequence[Range]) -> tuple[Sequence[Range], Sequence[Range]]:
    """The mentions that have a token; an entity that has none (all are replaced) is with the other."""
    heads, tails = ([mention for mention in each if mention.size] for each in (heads, tails))
    nowhere = [Range(0, 0)]
    return heads or tails or nowhere, tails or heads or nowhere


def _place(windows: Iterable[Range], mention: Range) -> int | None:
    """Where in the windows, one after the other, a mention begins, if they show its tag and first token."""
    before = 0
    for window in windows:
        if window.start <= mention.start and min(mention.start + 2, mention.end) <= window.end:
            return before + mention.start - window.start
        before += window.size
    return None


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

    def starts(self, *segments: Sequence[int]) -> list[int]:
        """Where in what `around` gives each segment begins."""
        starts, done = [], 0
        for special, segment in zip(self.specials, segments, strict=False):
            starts.append(done + len(special))
            done = starts[-1] + len(segment)
        return starts
