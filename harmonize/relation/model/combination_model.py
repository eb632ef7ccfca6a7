"""A classifier of sets of entities on the document model, which classifies their pairs.

    a pair   logits of the document model
    a set    of each relation the soft minimum over its pairs, of no relation the soft maximum

For every two members of a combination are combined, and one that is not with each of the others is enough for
the set to be none. What a run of the document head has learnt of pairs is where training goes on from.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from harmonize.relation.labels import is_negative
from harmonize.relation.model.document_model import DocumentConfig, DocumentModel
from harmonize.relation.model.encoder_model import WEIGHT_TYPE, EncoderModelConfig

__all__ = ["CombinationConfig", "CombinationModel"]

_KIND = "harmonize-combination"
_LEAST = 1e-30


class CombinationConfig(DocumentConfig):
    """The configuration of a CombinationModel; see EncoderModelConfig."""

    model_type = _KIND

    # transformers makes one of its own for a configuration without, which leaves the encoder's a dictionary.
    def __init__(self, encoder: Any = None, dropout: float = 0.1, block: int = 16, **others: Any) -> None:
        super().__init__(encoder=encoder, dropout=dropout, block=block, **others)


class CombinationModel(DocumentModel):
    """See the module. Inputs are those of harmonize.relation.encode.combinations.padded_combinations."""

    config_class: type[EncoderModelConfig] = CombinationConfig

    def forward(  # type: ignore[override]
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mentions: Tensor,
        pairs: Tensor,
        sets: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """The logits of each set: [contexts, sets, labels], 0 where padded. Labels are not looked at."""
        found: Any = super().forward(input_ids, attention_mask, mentions, pairs, token_type_ids)
        labels_of: Any = self.config.id2label
        names = [labels_of[place] for place in range(len(labels_of))]
        signs = torch.tensor([1.0 if is_negative(name.rpartition("/")[2]) else -1.0 for name in names])
        return SequenceClassifierOutput(logits=of_sets(found.logits, pairs, sets, signs.to(sets.device)))

    @classmethod
    def from_run(cls, source: str, config: EncoderModelConfig) -> CombinationModel:
        """A model that begins with the weights that it shares with a run of another of our heads."""
        before = AutoModelForSequenceClassification.from_pretrained(
            source, config=config, dtype=WEIGHT_TYPE, ignore_mismatched_sizes=True
        )
        for name in ("id2label", "label2id", "problem_type"):
            setattr(before.encoder.config, name, getattr(config, name))
        model = cls.on(before.encoder)
        own = model.state_dict()
        model.load_state_dict(
            {
                name: weight
                for name, weight in before.state_dict().items()
                if name in own and weight.shape == own[name].shape
            },
            strict=False,
        )
        return model


def of_sets(logits: Tensor, pairs: Tensor, sets: Tensor, signs: Tensor) -> Tensor:
    """The logits of sets from those of pairs.

    Args:
        logits: [contexts, pairs, labels].
        pairs: [contexts, pairs, 2], -1 where padded.
        sets: bool [contexts, sets, entities].
        signs: [labels], 1 for the soft maximum, -1 for the soft minimum.

    Returns:
        [contexts, sets, labels]: sign * log of the mean over the set's pairs of exp(sign * logit).
    """
    ends = pairs.clamp(min=0).unsqueeze(1).expand(-1, sets.shape[1], -1, -1)
    within = sets.gather(2, ends[..., 0]) & sets.gather(2, ends[..., 1]) & (pairs[:, None, :, 0] >= 0)
    signed = logits.float() * signs
    largest: Any = signed.detach().masked_fill(pairs[..., :1] < 0, -torch.inf).amax(dim=1, keepdim=True)
    powers = (signed - largest).clamp(max=0).exp()
    share = within.to(powers.dtype)
    # Logarithms of sums need all their digits, also where the model runs in bf16.
    with torch.autocast(logits.device.type, enabled=False):
        mean = share @ powers / share.sum(dim=-1, keepdim=True).clamp(min=1)
    found: Tensor = (mean.clamp(min=_LEAST).log() + largest) * signs
    return found * (share.sum(dim=-1, keepdim=True) > 0)


AutoConfig.register(_KIND, CombinationConfig)
AutoModelForSequenceClassification.register(CombinationConfig, CombinationModel)
