"""The vectors that a frozen encoder has for the two mentions of a pair, layer by layer.

The input is the prompt, as the classifier sees it; an entity's vector is that of the opening tag of its first
mention that the input holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.relation.batches import padded, token_batches
from harmonize.relation.encoding import TextEncoder
from harmonize.relation.pair import Pair
from harmonize.relation.prompt import Piece, context_pieces, question_pieces
from harmonize.relation.windows import Range, kept

__all__ = ["MentionEncoder", "Placed", "Vectors", "write_vectors"]

Vectors = NDArray[np.float16]
"""[pairs, layers + 1, 2, width]: of the embeddings and of each layer, for head and tail."""

_BATCH = 512
_BATCH_TOKENS = {"cpu": 4096, "cuda": 65536}


class Placed(NamedTuple):
    """An input of the encoder, and where in it the tags of head and tail stand."""

    input_ids: list[int]
    token_type_ids: list[int]
    places: tuple[int, int]


class MentionEncoder(TextEncoder):
    """Encodes pairs as PairEncoder does, and tells where their mentions stand."""

    def __call__(self, pairs: Iterable[Pair]) -> Iterator[Placed]:
        """The input of each pair, in order.

        Raises:
            HarmonizeError: an entity type without a tag, a question too long to leave room for a context, or
                room for so little of it that an entity is lost.
        """
        remaining = iter(pairs)
        while batch := list(islice(remaining, _BATCH)):
            for pair in batch:
                self.check((pair.head, pair.tail))
            questions = [question_pieces(pair, self.tags) for pair in batch]
            contexts = [context_pieces(pair, self.tags) for pair in batch]
            ids = self.ids(chain(chain.from_iterable(questions), chain.from_iterable(contexts)))
            for question, context in zip(questions, contexts, strict=True):
                yield self._placed(question, context, ids)

    def _placed(self, question: list[Piece], context: list[Piece], ids: Mapping[str, list[int]]) -> Placed:
        asked, _ = self.tokens(question, ids, 2)
        text, mentions = self.tokens(context, ids, 2)
        windows = kept(len(text), mentions[0], mentions[1], self.room(len(asked)))
        tokens = [token for window in windows for token in text[window.start : window.end]]
        input_ids, types = self.frame.around(asked, tokens)
        before = len(self.frame.specials[0]) + len(asked) + len(self.frame.specials[1])
        head, tail = (before + _first(each, windows) for each in mentions)
        return Placed(input_ids, types, (head, tail))


def _first(mentions: Sequence[Range], windows: Sequence[Range]) -> int:
    """Where among the tokens of windows the first mention begins that one of them holds."""
    for mention in sorted(mentions):
        before = 0
        for window in windows:
            if window.start <= mention.start < window.end:
                return before + mention.start - window.start
            before += window.size
    raise HarmonizeError("expected a mention of each entity in the input; take a larger --max-length")


def write_vectors(model: Any, encoder: MentionEncoder, pairs: Iterable[Pair], path: Path) -> Vectors:
    """Read each pair once and keep its vectors in a file, which what is returned maps into memory.

    Args:
        model: the bare encoder, in evaluation mode, on its device.
        path: of the .npy file to write.
    """
    inputs = list(encoder(pairs))
    lengths = np.array([len(one.input_ids) for one in inputs], dtype=np.int64)
    device = next(model.parameters()).device
    vectors: Vectors | None = None
    with torch.inference_mode():
        for places in token_batches(lengths, _BATCH_TOKENS[device.type]):
            found = _vectors(model, encoder, [inputs[place] for place in places], device)
            if vectors is None:
                shape = (len(inputs), *found.shape[1:])
                vectors = np.lib.format.open_memmap(path, "w+", dtype=np.float16, shape=shape)
            vectors[places] = found
    if vectors is None:
        raise HarmonizeError("expected pairs to read, got none")
    return vectors


def _vectors(
    model: Any, encoder: MentionEncoder, inputs: Sequence[Placed], device: torch.device
) -> NDArray[np.float16]:
    """[inputs, layers + 1, 2, width]"""
    items = [
        {"input_ids": one.input_ids, "token_type_ids": one.token_type_ids, "labels": -1} for one in inputs
    ]
    batch = padded(items, encoder.padding, types_too=encoder.knows_types)
    del batch["labels"]
    bf16 = torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
    with bf16:
        states = model(
            **{name: tensor.to(device) for name, tensor in batch.items()}, output_hidden_states=True
        ).hidden_states
    rows = torch.arange(len(inputs), device=device)[:, None]
    places = torch.tensor([one.places for one in inputs], device=device)
    layers = torch.stack([state[rows, places] for state in states], dim=1)
    return np.asarray(layers.float().cpu().numpy(), dtype=np.float16)
