"""Contexts -> token ids: all entities tagged at once, for a model that reads a context once for all pairs.

    [CLS] What are the relations in DDI? [SEP] <C>Aspirin</C> and <C>heparin</C>, not <C>iron</C>. [SEP]

What does not fit the encoder's length is read in several windows that overlap; nothing is cut away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from harmonize.relation.encode.encoding import TextEncoder
from harmonize.relation.encode.prompt import Piece, context_question, known_pieces, tagged
from harmonize.relation.encode.windows import Range, overlapping
from harmonize.relation.pair import Entity, Pair

__all__ = [
    "IGNORED",
    "DocumentEncoder",
    "EncodedDocument",
    "EncodedDocuments",
    "Windows",
    "padded_documents",
]

IGNORED = -100
"""The label of a place that pads a context's pairs; torch and transformers know it too."""

_MOST_PAIRS = 1024
_BATCH = 256


@dataclass(frozen=True, slots=True)
class EncodedDocument:
    """One context and pairs of it.

    Attributes:
        input_ids, token_type_ids: of each window, of equal lengths.
        mentions: [mentions, 3] of int64: entity, window, and the opening tag's place in it.
        pairs: [pairs, 2] of int64: the entities that are head and tail.
        places: of each pair, in what was encoded.
    """

    input_ids: list[list[int]]
    token_type_ids: list[list[int]]
    mentions: NDArray[np.int64]
    pairs: NDArray[np.int64]
    places: NDArray[np.int64]

    @property
    def windows(self) -> int:
        return len(self.input_ids)


class Windows(NamedTuple):
    """The windows that a context is read in.

    Attributes:
        ranges: of the context's tokens.
        first: where in each input the context begins.
    """

    ranges: list[Range]
    first: int

    def place(self, token: int) -> tuple[int, int]:
        """The window that shows most of what stands around a token, and its place in that input."""
        margins = [min(token - each.start, each.end - 1 - token) for each in self.ranges]
        window = int(np.argmax(margins))
        return window, self.first + token - self.ranges[window].start


class DocumentEncoder(TextEncoder):
    """Encodes the pairs of whole contexts; see TextEncoder for the arguments.

    The entities of a context are those of its pairs, so that all its pairs must come in one call. Of the
    kinds of input it knows "prompt", here a question that names no entity, "described" and "tagged".
    """

    @property
    def asks(self) -> bool:
        return self.kind.segments == 2

    def __call__(self, pairs: Iterable[Pair]) -> Iterator[EncodedDocument]:
        """The contexts in the order of their first pairs; one of very many pairs comes several times.

        Raises:
            HarmonizeError: an entity type without a tag, or a length that leaves no room for a context.
        """
        groups: dict[tuple[str, str, str], list[tuple[int, Pair]]] = {}
        for place, pair in enumerate(self.known(pairs)):
            groups.setdefault((pair.corpus, pair.task, pair.text), []).append((place, pair))
        contexts = list(groups.values())
        for start in range(0, len(contexts), _BATCH):
            yield from self._encoded(contexts[start : start + _BATCH])

    def _encoded(self, contexts: Sequence[list[tuple[int, Pair]]]) -> Iterator[EncodedDocument]:
        entities = [_entities(pair for _, pair in context) for context in contexts]
        for each in entities:
            self.check(each)
        questions = [context_question(context[0][1].task) if self.asks else "" for context in contexts]
        texts = [
            self.pieces(context[0][1], list(each)) for context, each in zip(contexts, entities, strict=True)
        ]
        ids = self.ids([*questions, *(piece for pieces in texts for piece in pieces)])
        for context, each, question, pieces in zip(contexts, entities, questions, texts, strict=True):
            tokens, mentions = self.tokens(pieces, ids, self.beside + len(each))
            made = self._read(ids[question], tokens, mentions)
            for start in range(0, len(context), _MOST_PAIRS):
                part = context[start : start + _MOST_PAIRS]
                pairs = [(each[pair.head], each[pair.tail]) for _, pair in part]
                yield replace(
                    made,
                    pairs=np.array(pairs, dtype=np.int64),
                    places=np.array([place for place, _ in part], dtype=np.int64),
                )

    beside = 0
    """How many things the pieces mark before the entities."""

    def pieces(self, pair: Pair, entities: Sequence[Entity]) -> list[Piece]:
        """A pair's context with its entities marked, and what a kind of encoder marks before them.

        Args:
            entities: of all pairs of the context.
        """
        return [*tagged(pair.text, entities, self.tags), *self.known_of(entities)]

    def known_of(self, entities: Sequence[Entity]) -> list[Piece]:
        """What is known of the entities, behind the context; each name is one more mention of its entity."""
        return known_pieces(entities, self.tags, self.beside, tagged=True)

    def made(
        self, document: EncodedDocument, windows: Windows, mentions: Sequence[Sequence[Range]]
    ) -> EncodedDocument:
        """A context with what a kind of encoder has beside the others.

        Args:
            mentions: of what is marked before the entities and of each of these, in tokens of the context.
        """
        return document

    def _read(
        self, question: list[int], tokens: list[int], mentions: Sequence[Sequence[Range]]
    ) -> EncodedDocument:
        """A context without pairs; a mention is read in the window that shows most of what surrounds it."""
        parts = [question] if self.asks else []
        *_, first = self.frame.starts(*parts, tokens)
        windows = Windows(overlapping(len(tokens), self.room(len(question))), first)
        framed = [self.frame.around(*parts, tokens[each.start : each.end]) for each in windows.ranges]
        placed = [
            (entity, *windows.place(one.start))
            for entity, found in enumerate(mentions[self.beside :])
            for one in found
        ]
        none = np.empty(0, dtype=np.int64)
        document = EncodedDocument(
            [ids for ids, _ in framed],
            [types for _, types in framed],
            np.array(placed, dtype=np.int64),
            none.reshape(0, 2),
            none,
        )
        return self.made(document, windows, mentions)


def _entities(pairs: Iterable[Pair]) -> dict[Entity, int]:
    """The entities of pairs, each with its number."""
    numbers: dict[Entity, int] = {}
    for pair in pairs:
        for entity in (pair.head, pair.tail):
            numbers.setdefault(entity, len(numbers))
    return numbers


class EncodedDocuments(Dataset[dict[str, Any]]):
    """Encoded contexts, each with the labels of its pairs.

    Args:
        encoded: all that one call of the encoder gives.
        labels: of each pair that was encoded, in its order; or [pairs, most], IGNORED where a pair has fewer;
            or float [pairs, labels], how probable each is to be.
    """

    def __init__(
        self,
        encoded: Iterable[EncodedDocument],
        labels: Sequence[int] | NDArray[np.int64] | NDArray[np.float32],
    ) -> None:
        self.documents = list(encoded)
        soft = isinstance(labels, np.ndarray) and np.issubdtype(labels.dtype, np.floating)
        self.labels = np.array(labels, dtype=np.float32 if soft else np.int64)
        count = sum(len(document.places) for document in self.documents)
        if count != len(labels):
            raise ValueError(f"{count} pairs, {len(labels)} labels")
        self.lengths = np.array(
            [sum(map(len, document.input_ids)) for document in self.documents], dtype=np.int64
        )

    def __len__(self) -> int:
        return len(self.documents)

    def __getitem__(self, place: int) -> dict[str, Any]:
        document = self.documents[place]
        return {"document": document, "labels": self.labels[document.places]}

    def places(self, items: Iterable[int]) -> NDArray[np.int64]:
        """Of the pairs of contexts, one context after the other, where they stand in what was encoded."""
        return np.concatenate([self.documents[item].places for item in items])


def padded_documents(
    items: Sequence[dict[str, Any]], padding: int, *, types_too: bool = True, multiple: int = 8
) -> dict[str, torch.Tensor]:
    """A batch of contexts.

    Args:
        padding: the id of the padding token.
        types_too: the encoder knows token types.

    Returns:
        input_ids, attention_mask, token_type_ids: int64 [contexts, windows, tokens]; mentions: int64
        [contexts, mentions, 2], the entity (-1 where padded) and the opening tag's place among the windows'
        tokens; pairs: int64 [contexts, pairs, 2], -1 where padded; labels: int64 [contexts, pairs], or
        [contexts, pairs, most] where a pair may have several, or float32 [contexts, pairs, labels] where they
        are soft; IGNORED where padded.
    """
    documents: list[EncodedDocument] = [item["document"] for item in items]
    longest = max(len(ids) for document in documents for ids in document.input_ids)
    width = -(-longest // multiple) * multiple
    shape = (len(items), max(document.windows for document in documents), width)
    ids = np.full(shape, padding, dtype=np.int64)
    types, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    mentions = np.zeros((len(items), max(len(document.mentions) for document in documents), 2), np.int64)
    mentions[:, :, 0] = -1
    pairs = np.full((len(items), max(len(document.pairs) for document in documents), 2), -1, np.int64)
    first = items[0]["labels"]
    labels = np.full((*pairs.shape[:2], *first.shape[1:]), IGNORED, dtype=first.dtype)
    for row, (item, document) in enumerate(zip(items, documents, strict=True)):
        for window, tokens in enumerate(document.input_ids):
            ids[row, window, : len(tokens)] = tokens
            types[row, window, : len(tokens)] = document.token_type_ids[window]
            mask[row, window, : len(tokens)] = 1
        entity, window, place = document.mentions.T
        mentions[row, : len(entity)] = np.stack((entity, window * width + place), axis=1)
        pairs[row, : len(document.pairs)] = document.pairs
        labels[row, : len(document.pairs)] = item["labels"]
    arrays = {"input_ids": ids, "attention_mask": mask} | ({"token_type_ids": types} if types_too else {})
    arrays |= {"mentions": mentions, "pairs": pairs, "labels": labels}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
