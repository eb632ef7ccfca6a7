"""A classifier of single pairs that looks at more of the encoder's last layer than its first vector.

    entities        the vectors where the head's and the tail's mention begin (BertSRC: two-token layer)
    cls+entities    the first vector beside them (BertSRC: three-token layer)
    mean            the mean of all vectors
    sll_attention   the first vector, and the sum of those between it and the last, weighted by attention
                    (Su and Vijay-Shanker 2022, summarizing the last layer: softmax(h K), one weight a token)
    sll_lstm        the first vector, and the last state of an LSTM over those between
    sll_bilstm      the first vector, and the last states of an LSTM in each direction

Padding is never looked at.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence
from transformers import AutoConfig, AutoModelForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from harmonize.relation.model.encoder_model import EncoderModel, EncoderModelConfig

__all__ = ["PAIR", "POOLINGS", "PairConfig", "PairModel"]

PAIR = "harmonize-pair"
POOLINGS = ("entities", "cls+entities", "mean", "sll_attention", "sll_lstm", "sll_bilstm")


class PairConfig(EncoderModelConfig):
    """The configuration of a PairModel.

    Args:
        encoder, dropout: see EncoderModelConfig.
        pooling: one of POOLINGS.
    """

    model_type = PAIR

    def __init__(
        self, encoder: Any = None, dropout: float = 0.1, pooling: str = "mean", **others: Any
    ) -> None:
        self.pooling = pooling
        super().__init__(encoder=encoder, dropout=dropout, **others)


class PairModel(EncoderModel):
    """See the module. Inputs are those of harmonize.relation.encode.batches.padded, with places."""

    config_class: type[EncoderModelConfig] = PairConfig

    def __init__(self, config: PairConfig) -> None:
        super().__init__(config)
        if config.pooling not in POOLINGS:
            raise ValueError(f"pooling: expected one of {', '.join(POOLINGS)}, got {config.pooling!r}")
        width = config.encoder.hidden_size
        if config.pooling == "sll_attention":
            self.attention = nn.Linear(width, 1, bias=False)
        elif config.pooling in ("sll_lstm", "sll_bilstm"):
            self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=config.pooling == "sll_bilstm")
        vectors = {"mean": 1, "cls+entities": 3, "sll_bilstm": 3}.get(config.pooling, 2)
        self.classifier = nn.Linear(vectors * width, config.num_labels or 2)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        places: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """The logits: [pairs, labels]. Labels are not looked at."""
        named = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        given = {name: tensor for name, tensor in named.items() if tensor is not None}
        tokens = self.encoder(**given).last_hidden_state
        pooled = self._pooled(tokens, attention_mask, places)
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(pooled)))

    def _pooled(self, tokens: Tensor, mask: Tensor, places: Tensor) -> Tensor:
        """[pairs, tokens, width] -> [pairs, vectors * width]"""
        match self.config.pooling:
            case "mean":
                shown = mask.unsqueeze(-1).to(tokens.dtype)
                return (tokens * shown).sum(dim=1) / shown.sum(dim=1)
            case "entities":
                return _at(tokens, places)
            case "cls+entities":
                return torch.cat((tokens[:, 0], _at(tokens, places)), dim=-1)
            case pooling:
                summary = self._attended if pooling == "sll_attention" else self._read_on
                # What is neither the first token nor the last: a real one follows it.
                return torch.cat((tokens[:, 0], summary(tokens[:, 1:-1], mask[:, 2:])), dim=-1)

    def _attended(self, tokens: Tensor, mask: Tensor) -> Tensor:
        scores: Tensor = self.attention(tokens).squeeze(-1).float().masked_fill(mask == 0, -torch.inf)
        weights = scores.softmax(dim=-1).to(tokens.dtype)
        return torch.einsum("bt,btw->bw", weights, tokens)

    def _read_on(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """The LSTM's last state of each direction, side by side."""
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        _, (states, _) = self.lstm(packed)
        last: Tensor = states.transpose(0, 1).flatten(1)
        return last


def _at(tokens: Tensor, places: Tensor) -> Tensor:
    """The vectors at [pairs, n] places, side by side: [pairs, n * width]."""
    return tokens.gather(1, places.unsqueeze(-1).expand(-1, -1, tokens.shape[-1])).flatten(1)


AutoConfig.register(PAIR, PairConfig)
AutoModelForSequenceClassification.register(PairConfig, PairModel)
