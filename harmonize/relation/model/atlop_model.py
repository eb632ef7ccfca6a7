"""ATLOP (Zhou et al. 2021): localized context pooling.

A pair sees the tokens that its entities' mentions both attend to in the encoder's last layer (section 3.3).
The adaptive threshold is a loss, see harmonize.relation.model.objective.
"""

from __future__ import annotations

from math import gcd
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from transformers import AutoConfig, AutoModelForSequenceClassification

from harmonize.relation.model.context_model import ContextConfig, ContextModel, Reading, of_sides
from harmonize.relation.model.encoder_model import EncoderModelConfig

__all__ = ["ATLOP", "AtlopConfig", "AtlopModel", "entity_attention", "localized"]

ATLOP = "harmonize-atlop"
_BLOCK = 64
_NOTHING = 1e-30


class AtlopConfig(ContextConfig):
    """The configuration of an AtlopModel; see ContextConfig. A block is ATLOP's 64 where the width allows."""

    model_type = ATLOP

    def __init__(
        self, encoder: Any = None, dropout: float = 0.1, block: int | None = None, **others: Any
    ) -> None:
        super().__init__(encoder=encoder, dropout=dropout, block=block or 1, **others)
        if block is None:
            self.block = gcd(_BLOCK, self.encoder.hidden_size)


class AtlopModel(ContextModel):
    """See the module."""

    config_class: type[EncoderModelConfig] = AtlopConfig
    attends = True
    # Fused attention does not tell its weights.
    _supports_sdpa = False
    _supports_flash_attn = False

    def __init__(self, config: AtlopConfig) -> None:
        config.encoder._attn_implementation = "eager"
        super().__init__(config)

    @classmethod
    def on(cls, encoder: Any, **own: Any) -> Self:
        model = super().on(encoder, **own)
        model.encoder.set_attn_implementation("eager")
        return model

    def _seen(
        self, reading: Reading, mentions: Tensor, pairs: Tensor, entities: Tensor, **of_kind: Tensor
    ) -> Tensor:
        assert reading.attention is not None
        # Products of small numbers need all their digits, also where the model runs in bf16.
        with torch.autocast(reading.tokens.device.type, enabled=False):
            weights = entity_attention(reading.attention.float(), mentions)
            shared = localized(*of_sides(weights, pairs))
        return shared.to(reading.tokens.dtype) @ reading.tokens


def entity_attention(attention: Tensor, mentions: Tensor) -> Tensor:
    """How much each entity attends to each token of its context, in the mean over its mentions.

    A mention attends to the tokens of its own window.

    Args:
        attention: [contexts, windows, heads, window, window].
        mentions: [contexts, mentions, 2], the entity (-1 where padded) and the place among all tokens.

    Returns:
        [contexts, entities, heads, tokens].
    """
    contexts, windows, length = *attention.shape[:2], attention.shape[-1]
    entity, place = mentions.unbind(-1)
    window, inside = place // length, place % length
    rows = torch.arange(contexts, device=place.device).unsqueeze(1)
    of_mention = attention[rows, window, :, inside]
    is_there = one_hot(window, windows).to(of_mention.dtype)
    everywhere = torch.einsum("cmhl,cmw->cmhwl", of_mention, is_there).flatten(3)
    numbers = torch.arange(int(entity.max()) + 1, device=entity.device)
    is_of = (entity.unsqueeze(1) == numbers[None, :, None]).to(everywhere.dtype)
    mean = is_of / is_of.sum(dim=-1, keepdim=True).clamp(min=1)
    return torch.einsum("cem,cmht->ceht", mean, everywhere)


def localized(head: Tensor, tail: Tensor) -> Tensor:
    """The tokens that two entities both attend to: the product of their weights, summed over the heads.

    Entities that no window shows together attend to none alike; they see what either attends to.

    Args:
        head, tail: [contexts, pairs, heads, tokens].

    Returns:
        [contexts, pairs, tokens], which sum to 1.
    """
    both = (head * tail).sum(dim=2)
    either = (head + tail).sum(dim=2)
    total = both.sum(dim=-1, keepdim=True)
    found = torch.where(total > _NOTHING, both, either)
    return found / found.sum(dim=-1, keepdim=True).clamp(min=_NOTHING)


AutoConfig.register(ATLOP, AtlopConfig)
AutoModelForSequenceClassification.register(AtlopConfig, AtlopModel)
