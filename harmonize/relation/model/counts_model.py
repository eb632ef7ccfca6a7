"""The counts head: the graph head, told how often and how near to each other two entities are mentioned.

    of each entity   mentions, sentences that mention it, entities mentioned more often, the first sentence
    of the pair      sentences that mention both, sentences and tokens between their nearest mentions
    of the context   its entities, the last sentence that mentions one

Vectors of words lose these numbers, which alone tell much (a linear classifier lives on them). Each number,
in steps, has a vector that is learnt; their sum is added to what the pair sees of its context.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification

from harmonize.relation.model.context_model import ContextConfig, Reading, of_sides
from harmonize.relation.model.encoder_model import EncoderModelConfig
from harmonize.relation.model.graph_model import GraphModel, one_hot

__all__ = ["COUNTS", "CountsConfig", "CountsModel", "pair_counts"]

COUNTS = "harmonize-counts"
_STEPS = (1, 2, 3, 4, 6, 9, 14, 22, 36, 60, 100, 200)
"""Where a number begins to count as a larger one."""
_NUMBERS = 13
_FAR = 10_000


class CountsConfig(ContextConfig):
    """The configuration of a CountsModel; see ContextConfig."""

    model_type = COUNTS

    # transformers makes one that takes the encoder as it is for every class without.
    def __init__(self, encoder: Any = None, dropout: float = 0.1, block: int = 16, **others: Any) -> None:
        super().__init__(encoder=encoder, dropout=dropout, block=block, **others)


class CountsModel(GraphModel):
    """See the module. Inputs are those of harmonize.relation.encode.graphs.padded_graphs."""

    config_class: type[EncoderModelConfig] = CountsConfig

    def _add_layers(self, width: int) -> None:
        super()._add_layers(width)
        self.counts = nn.Embedding(_NUMBERS * (len(_STEPS) + 1), width)

    def _seen(
        self, reading: Reading, mentions: Tensor, pairs: Tensor, entities: Tensor, **of_kind: Tensor
    ) -> Tensor:
        seen = super()._seen(reading, mentions, pairs, entities, **of_kind)
        numbers = pair_counts(mentions, of_kind["sentence_of"], pairs, reading.length)
        steps = torch.bucketize(numbers, torch.tensor(_STEPS, device=numbers.device), right=True)
        first = torch.arange(_NUMBERS, device=numbers.device) * (len(_STEPS) + 1)
        told: Tensor = self.counts(steps + first).sum(dim=2)
        return seen + told.to(seen.dtype)


def pair_counts(mentions: Tensor, sentence_of: Tensor, pairs: Tensor, length: int) -> Tensor:
    """What is counted of each pair.

    Args:
        mentions: [contexts, mentions, 2], the entity (-1 where padded) and the place among all tokens.
        sentence_of: [contexts, mentions], the sentence of each; -1 in none.
        pairs: [contexts, pairs, 2], -1 where padded.
        length: of a window, padding included. Mentions that are read in different windows count as far from
            each other, since how many tokens lie between them depends on the padding.

    Returns:
        int64 [contexts, pairs, numbers], from 0: of the head, then of the tail, its mentions, the sentences
        with some, the entities with more mentions, and whether the first sentence mentions it; then the
        sentences that mention both, the sentences and the tokens between their nearest mentions, the
        context's entities, and the last sentence with a mention.
    """
    entity, place = mentions.unbind(-1)
    count, longest = int(entity.max()) + 1, int(sentence_of.max()) + 1
    is_of = one_hot(entity, count)
    often = is_of.sum(dim=1)
    mentioned = (is_of.transpose(1, 2) @ one_hot(sentence_of, max(longest, 1))).clamp(max=1)
    more = (often[:, None, :] > often[:, :, None]).sum(dim=2)
    of_entity = torch.stack((often, mentioned.sum(dim=2), more, mentioned[:, :, 0]), dim=-1)
    head, tail = of_sides(of_entity, pairs)
    shared = (_of(mentioned, pairs, 0) * _of(mentioned, pairs, 1)).sum(dim=-1)
    entities = (often > 0).sum(dim=1)
    last = sentence_of.amax(dim=1).clamp(min=0)
    window = place // length
    elsewhere = window[:, :, None] != window[:, None, :]
    tokens = _apart(place, entity >= 0).masked_fill(elsewhere, _FAR)
    of_context = torch.stack((entities, last), dim=-1).unsqueeze(1).expand(-1, pairs.shape[1], -1)
    numbers = (
        head,
        tail,
        shared.unsqueeze(-1),
        _nearest(_apart(sentence_of, sentence_of >= 0), entity, pairs).unsqueeze(-1),
        _nearest(tokens, entity, pairs).unsqueeze(-1),
        of_context,
    )
    return torch.cat([each.long() for each in numbers], dim=-1)


def _of(vectors: Tensor, pairs: Tensor, side: int) -> Tensor:
    return of_sides(vectors, pairs)[side]


def _apart(where: Tensor, known: Tensor) -> Tensor:
    """[contexts, mentions, mentions]: how far mentions are from each other; _FAR where one has no place.

    Args:
        where: [contexts, mentions].
        known: [contexts, mentions], which of them say where.
    """
    apart = (where[:, :, None] - where[:, None, :]).abs()
    return apart.masked_fill(~(known[:, :, None] & known[:, None, :]), _FAR)


def _nearest(apart: Tensor, entity: Tensor, pairs: Tensor) -> Tensor:
    """[contexts, pairs]: how far a pair's nearest mentions are from each other, of what `_apart` gives.

    Reduced to [contexts, entities, entities] first, since a context may have a thousand pairs. Padded
    mentions and pairs are those of one entity more.
    """
    count = int(entity.max()) + 1
    contexts, mentions = entity.shape
    entity, pairs = (where.masked_fill(where < 0, count).long() for where in (entity, pairs))
    of_mention = apart.new_full((contexts, count + 1, mentions), _FAR)
    of_mention.scatter_reduce_(1, entity[:, :, None].expand_as(apart), apart, "amin")
    of_entity = apart.new_full((contexts, count + 1, count + 1), _FAR)
    of_entity.scatter_reduce_(2, entity[:, None, :].expand_as(of_mention), of_mention, "amin")
    head, tail = pairs.unbind(-1)
    return of_entity.flatten(1).gather(1, head * (count + 1) + tail)


AutoConfig.register(COUNTS, CountsConfig)
AutoModelForSequenceClassification.register(CountsConfig, CountsModel)
