"""What the classifiers share that read a context once for all its pairs.

    mentions   the vectors of their opening tags
    entities   log-sum-exp over their mentions
    a pair     a grouped bilinear layer over (head, what the pair sees of its context) and (tail, the same)

The parts are ATLOP's (Zhou et al. 2021, sections 3.1 to 3.3). What a pair sees is the kind's own matter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import SequenceClassifierOutput

from harmonize.errors import HarmonizeError
from harmonize.relation.model.encoder_model import EncoderModel, EncoderModelConfig

__all__ = ["ContextConfig", "ContextModel", "Reading", "of_sides", "pooled", "taken"]


class Reading(NamedTuple):
    """What the encoder made of some contexts, all windows of each one after the other.

    Attributes:
        tokens: [contexts, tokens, width].
        shown: [contexts, tokens], which tokens are no padding.
        attention: [contexts, windows, heads, window, window], the last layer's weights, where asked for.
        length: of a window, padding included.
    """

    tokens: Tensor
    shown: Tensor
    attention: Tensor | None
    length: int


class ContextConfig(EncoderModelConfig):
    """The configuration of a ContextModel.

    Args:
        encoder, dropout: see EncoderModelConfig.
        block: how many numbers of one entity are multiplied with as many of the other; divides the width.
    """

    def __init__(self, encoder: Any = None, dropout: float = 0.1, block: int = 16, **others: Any) -> None:
        self.block = block
        super().__init__(encoder=encoder, dropout=dropout, **others)


class ContextModel(EncoderModel):
    """A classifier that reads a context once for all its pairs: what its kinds share.

    Inputs are those of harmonize.relation.encode.documents.padded_documents.
    """

    attends = False
    """Whether the attention weights of the encoder's last layer are asked for."""

    def __init__(self, config: ContextConfig) -> None:
        super().__init__(config)
        width, self._block = config.encoder.hidden_size, config.block
        if width % self._block:
            raise ValueError(f"expected an encoder whose width is a multiple of {self._block}, got {width}")
        self._add_layers(width)
        self.sides = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(2))
        self.classifier = nn.Linear(width * self._block, config.num_labels or 2)
        self.post_init()  # type: ignore[no-untyped-call]

    def _add_layers(self, width: int) -> None:
        """What a kind has of its own."""

    def _entities(self, reading: Reading, mentions: Tensor, **of_kind: Tensor) -> Tensor:
        """[contexts, entities, width]; what a kind's batches hold beside the others' comes by name."""
        return pooled(reading.tokens, mentions)

    def _seen(
        self, reading: Reading, mentions: Tensor, pairs: Tensor, entities: Tensor, **of_kind: Tensor
    ) -> Tensor:
        """What each pair sees of its context: [contexts, pairs, width]; see `_entities` for what comes by
        name."""
        raise NotImplementedError

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mentions: Tensor,
        pairs: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
        **of_kind: Tensor,
    ) -> SequenceClassifierOutput:
        """The logits of each pair: [contexts, pairs, labels], 0 where padded. Labels are not looked at."""
        reading = self._read(input_ids, attention_mask, token_type_ids)
        entities = self._entities(reading, mentions, **of_kind)
        is_pair = pairs[:, :, 0] >= 0
        seen = self._seen(reading, mentions, pairs, entities, **of_kind)[is_pair]
        head, tail = (
            self.dropout(torch.tanh(layer(torch.cat((vectors[is_pair], seen), dim=-1))))
            for layer, vectors in zip(self.sides, of_sides(entities, pairs), strict=True)
        )
        scores = self.classifier(_bilinear(head, tail, self._block))
        logits = scores.new_zeros((*is_pair.shape, scores.shape[-1]))
        logits[is_pair] = scores
        return SequenceClassifierOutput(logits=logits)

    def _read(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> Reading:
        contexts, windows, length = ids.shape
        named = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        flat = {name: tensor.flatten(0, 1) for name, tensor in named.items() if tensor is not None}
        # Contexts of fewer windows than others have empty ones.
        full = None if windows == 1 else flat["attention_mask"].any(dim=1)
        given = flat if full is None else {name: tensor[full] for name, tensor in flat.items()}
        asked = {"output_attentions": True} if self.attends else {}
        found = self.encoder(**given, **asked)
        attention = None
        if self.attends:
            if not found.attentions:
                raise HarmonizeError(
                    "head atlop: expected an encoder that tells its attention, this does not"
                )
            weights = _unpacked(found.attentions[-1], full)
            attention = weights.view(contexts, windows, *weights.shape[1:])
        return Reading(
            _unpacked(found.last_hidden_state, full).view(contexts, windows * length, -1),
            mask.view(contexts, windows * length).bool(),
            attention,
            length,
        )


def of_sides(vectors: Tensor, pairs: Tensor) -> list[Tensor]:
    """[contexts, entities, ...] of the heads and of the tails of [contexts, pairs, 2]."""
    return [taken(vectors, pairs[:, :, side].clamp(min=0)) for side in (0, 1)]


def _unpacked(found: Tensor, full: Tensor | None) -> Tensor:
    """What was found in the full windows, with zeros for the empty ones; None where all are full."""
    if full is None:
        return found
    everywhere = found.new_zeros((len(full), *found.shape[1:]))
    everywhere[full] = found
    return everywhere


def taken(vectors: Tensor, places: Tensor) -> Tensor:
    """[contexts, n, ...] at [contexts, m] -> [contexts, m, ...]."""
    further = vectors.shape[2:]
    return vectors.gather(1, places.view(*places.shape, *(1 for _ in further)).expand(-1, -1, *further))


def pooled(tokens: Tensor, mentions: Tensor) -> Tensor:
    """The log-sum-exp over each entity's mentions: [contexts, entities, width]."""
    entity, place = mentions.unbind(-1)
    vectors = taken(tokens, place).float()
    numbers = torch.arange(int(entity.max()) + 1, device=entity.device)
    is_of = (entity.unsqueeze(1) == numbers[None, :, None]).to(vectors.dtype)
    # The largest number of each context is taken out, so that no power overflows.
    largest = vectors.detach().masked_fill((entity < 0).unsqueeze(-1), -torch.inf).amax(dim=1, keepdim=True)
    powers = (vectors - largest).clamp(max=0).exp()
    # Logarithms of sums need all their digits, also where the model runs in bf16.
    with torch.autocast(tokens.device.type, enabled=False):
        sums = is_of @ powers
    return (sums.clamp(min=1e-30).log() + largest).to(tokens.dtype)


def _bilinear(head: Tensor, tail: Tensor, block: int) -> Tensor:
    """The outer products of the blocks of two vectors, side by side: [..., width * block]."""
    left, right = (side.view(*side.shape[:-1], -1, block) for side in (head, tail))
    return (left.unsqueeze(-1) * right.unsqueeze(-2)).flatten(-3)
