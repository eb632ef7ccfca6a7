"""The document head: what a pair sees of its context is what both its entities attend to.

ATLOP (see atlop_model.py) multiplies two entities' attention weights of the encoder's last layer; here a
pair's query is the sum of both entities' queries, which comes to the same, the softmax of a sum being the
normalized product, with weights of its own.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoConfig, AutoModelForSequenceClassification

from harmonize.relation.model.context_model import ContextConfig, ContextModel, Reading, of_sides
from harmonize.relation.model.encoder_model import EncoderModelConfig

__all__ = ["DOCUMENT", "DocumentConfig", "DocumentModel"]

DOCUMENT = "harmonize-document"
_HEADS = 4


class DocumentConfig(ContextConfig):
    """The configuration of a DocumentModel; see ContextConfig."""

    model_type = DOCUMENT

    # transformers makes one that takes the encoder as it is for every class without.
    def __init__(self, encoder: Any = None, dropout: float = 0.1, block: int = 16, **others: Any) -> None:
        super().__init__(encoder=encoder, dropout=dropout, block=block, **others)


class DocumentModel(ContextModel):
    """See the module."""

    config_class: type[EncoderModelConfig] = DocumentConfig

    def _add_layers(self, width: int) -> None:
        self.queries = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.keys = nn.Linear(width, width)

    def _seen(
        self, reading: Reading, mentions: Tensor, pairs: Tensor, entities: Tensor, **of_kind: Tensor
    ) -> Tensor:
        tokens = reading.tokens
        head, tail = of_sides(entities, pairs)
        query = self.queries[0](head) + self.queries[1](tail)
        query, key, value = (
            each.view(*each.shape[:2], _HEADS, -1).transpose(1, 2)
            for each in (query, self.keys(tokens), tokens)
        )
        mask = reading.shown[:, None, None, :]
        attended = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return attended.transpose(1, 2).flatten(2)


AutoConfig.register(DOCUMENT, DocumentConfig)
AutoModelForSequenceClassification.register(DocumentConfig, DocumentModel)
