"""What our own models share: an encoder of any kind, and a configuration that holds the encoder's."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.configuration_utils import PreTrainedConfig

__all__ = ["WEIGHT_TYPE", "EncoderModel", "EncoderModelConfig"]

WEIGHT_TYPE = torch.float32
"""Of every model that is loaded, whatever its file is stored in, which transformers would keep: AdamW on half
precision turns small gradients into infinite steps. Mixed precision is autocast's alone."""


class EncoderModelConfig(PreTrainedConfig):
    """The configuration of an EncoderModel.

    Args:
        encoder: the encoder's own configuration.
        dropout: of the vectors that the output layer sees.
    """

    sub_configs = {"encoder": AutoConfig}  # noqa: RUF012 - transformers' own way

    def __init__(
        self, encoder: dict[str, Any] | PreTrainedConfig | None = None, dropout: float = 0.1, **others: Any
    ) -> None:
        if isinstance(encoder, dict):
            encoder = AutoConfig.for_model(**encoder)
        self.encoder = encoder if encoder is not None else AutoConfig.for_model("bert")
        self.dropout = dropout
        super().__init__(**others)

    @property
    def max_position_embeddings(self) -> int:
        """How long an input of the encoder may be, in tokens."""
        return int(getattr(self.encoder, "max_position_embeddings", 512))

    @property
    def initializer_range(self) -> float:
        """How widely random weights are spread."""
        return float(getattr(self.encoder, "initializer_range", 0.02))


class EncoderModel(PreTrainedModel):
    """A model on an encoder without its pooler; its output layer is called `classifier`."""

    config_class: type[EncoderModelConfig] = EncoderModelConfig
    base_model_prefix = "encoder"
    main_input_name = "input_ids"
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: EncoderModelConfig) -> None:
        super().__init__(config)
        self.encoder = _without_pooler(AutoModel.from_config(config.encoder))
        self.dropout = nn.Dropout(config.dropout)

    @classmethod
    def on(cls, encoder: Any, **own: Any) -> Self:
        """A model with fresh weights on an encoder, whose configuration has the labels and the dropout.

        Args:
            own: what the configuration of the kind of model has beside that.
        """
        labels = encoder.config.id2label
        model = cls(
            cls.config_class(
                encoder=encoder.config.to_dict(),
                dropout=getattr(encoder.config, "hidden_dropout_prob", 0.1),
                id2label=labels,
                label2id={label: place for place, label in labels.items()},
                problem_type=encoder.config.problem_type,
                **own,
            )
        )
        model.encoder, model.config.encoder = _without_pooler(encoder), encoder.config
        return model

    def get_input_embeddings(self) -> nn.Module:
        embeddings: nn.Module = self.encoder.get_input_embeddings()
        return embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.encoder.set_input_embeddings(value)

    def resize_token_embeddings(self, *arguments: Any, **options: Any) -> nn.Embedding:
        """As transformers has it; the vocabulary's size stands in the encoder's configuration."""
        embeddings: nn.Embedding = self.encoder.resize_token_embeddings(*arguments, **options)
        self.config.encoder.vocab_size = embeddings.num_embeddings
        return embeddings


def _without_pooler(encoder: Any) -> Any:
    if hasattr(encoder, "pooler"):
        encoder.pooler = None
    return encoder
