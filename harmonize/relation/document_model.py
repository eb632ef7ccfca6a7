"""A classifier that reads a context once for all its pairs.

    mentions   the vectors of their opening tags
    entities   log-sum-exp over their mentions
    a pair     attends with both entities to all tokens; then a grouped bilinear layer over
               (head, what was attended to) and (tail, what was attended to)

The parts are ATLOP's (Zhou et al. 2021, sections 3.1 to 3.3), but for the attention. ATLOP multiplies two
entities' attention weights of the encoder's last layer; here a pair's query is the sum of both entities'
queries, which comes to the same, the softmax of a sum being the normalized product, with weights of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoConfig, AutoModelForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from harmonize.relation.encoder_model import EncoderModel, EncoderModelConfig

__all__ = ["DOCUMENT", "DocumentConfig", "DocumentModel"]

DOCUMENT = "harmonize-document"
_HEADS = 4
_BLOCK = 16


class DocumentConfig(EncoderModelConfig):
    """The configuration of a DocumentModel; see EncoderModelConfig."""

    model_type = DOCUMENT

    def __init__(self, encoder: Any = None, dropout: float = 0.1, **others: Any) -> None:
        super().__init__(encoder=encoder, dropout=dropout, **others)


class DocumentModel(EncoderModel):
    """See the module. Inputs are those of harmonize.relation.documents.padded_documents."""

    config_class: type[EncoderModelConfig] = DocumentConfig

    def __init__(self, config: DocumentConfig) -> None:
        super().__init__(config)
        width = config.encoder.hidden_size
        if width % _BLOCK:
            raise ValueError(f"expected an encoder whose width is a multiple of {_BLOCK}, got {width}")
        self.queries = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.keys = nn.Linear(width, width)
        self.sides = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(2))
        self.classifier = nn.Linear(width * _BLOCK, config.num_labels or 2)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mentions: Tensor,
        pairs: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """The logits of each pair: [contexts, pairs, labels], 0 where padded. Labels are not looked at."""
        tokens, shown = self._read(input_ids, attention_mask, token_type_ids)
        entities = _entities(tokens, mentions)
        is_pair = pairs[:, :, 0] >= 0
        sides = [_taken(entities, pairs[:, :, side].clamp(min=0)) for side in (0, 1)]
        seen = self._attended(sides, tokens, shown)[is_pair]
        head, tail = (
            self.dropout(torch.tanh(layer(torch.cat((vectors[is_pair], seen), dim=-1))))
            for layer, vectors in zip(self.sides, sides, strict=True)
        )
        scores = self.classifier(_bilinear(head, tail))
        logits = scores.new_zeros((*is_pair.shape, scores.shape[-1]))
        logits[is_pair] = scores
        return SequenceClassifierOutput(logits=logits)

    def _read(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> tuple[Tensor, Tensor]:
        """All windows of each context: vectors [contexts, tokens, width], and which are no padding."""
        contexts, windows, length = ids.shape
        named = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        flat = {name: tensor.flatten(0, 1) for name, tensor in named.items() if tensor is not None}
        if windows == 1:
            vectors = self.encoder(**flat).last_hidden_state
        else:
            # Contexts of fewer windows than others have empty ones.
            full = flat["attention_mask"].any(dim=1)
            found = self.encoder(**{name: tensor[full] for name, tensor in flat.items()}).last_hidden_state
            vectors = found.new_zeros((contexts * windows, length, found.shape[-1]))
            vectors[full] = found
        return vectors.view(contexts, windows * length, -1), mask.view(contexts, windows * length).bool()

    def _attended(self, sides: list[Tensor], tokens: Tensor, shown: Tensor) -> Tensor:
        """What each pair attends to: [contexts, pairs, width]."""
        query = self.queries[0](sides[0]) + self.queries[1](sides[1])
        query, key, value = (
            each.view(*each.shape[:2], _HEADS, -1).transpose(1, 2)
            for each in (query, self.keys(tokens), tokens)
        )
        attended = scaled_dot_product_attention(query, key, value, attn_mask=shown[:, None, None, :])
        return attended.transpose(1, 2).flatten(2)


def _taken(vectors: Tensor, places: Tensor) -> Tensor:
    """[contexts, n, width] at [contexts, m] -> [contexts, m, width]."""
    return vectors.gather(1, places.unsqueeze(-1).expand(-1, -1, vectors.shape[-1]))


def _entities(tokens: Tensor, mentions: Tensor) -> Tensor:
    """The log-sum-exp over each entity's mentions: [contexts, entities, width]."""
    entity, place = mentions.unbind(-1)
    vectors = _taken(tokens, place).float()
    numbers = torch.arange(int(entity.max()) + 1, device=entity.device)
    is_of = (entity.unsqueeze(1) == numbers[None, :, None]).to(vectors.dtype)
    # The largest number of each context is taken out, so that no power overflows.
    largest = vectors.detach().masked_fill((entity < 0).unsqueeze(-1), -torch.inf).amax(dim=1, keepdim=True)
    powers = (vectors - largest).clamp(max=0).exp()
    # Logarithms of sums need all their digits, also where the model runs in bf16.
    with torch.autocast(tokens.device.type, enabled=False):
        sums = is_of @ powers
    return (sums.clamp(min=1e-30).log() + largest).to(tokens.dtype)


def _bilinear(head: Tensor, tail: Tensor) -> Tensor:
    """The outer products of the blocks of two vectors, side by side: [..., width * block]."""
    left, right = (side.view(*side.shape[:-1], -1, _BLOCK) for side in (head, tail))
    return (left.unsqueeze(-1) * right.unsqueeze(-2)).flatten(-3)


AutoConfig.register(DOCUMENT, DocumentConfig)
AutoModelForSequenceClassification.register(DocumentConfig, DocumentModel)
