"""Layers of an encoder that training leaves as they are: no gradient is computed for them."""

from __future__ import annotations

from typing import Any

from torch import nn

from harmonize.errors import HarmonizeError

__all__ = ["freeze"]


def freeze(model: Any, layers: int) -> None:
    """Leave the embeddings of a classifier's encoder and its lowest layers as they are; 0 freezes nothing.

    What all layers share, such as MPNet's relative positions, is frozen with them. A pooler is not.

    Args:
        model: a classifier with its encoder as `base_model`.
        layers: how many.

    Raises:
        HarmonizeError: the encoder has no more layers than that.
    """
    if not layers:
        return
    encoder = model.base_model
    stack = _stack(encoder)
    if layers >= len(stack):
        raise HarmonizeError(f"frozen_layers: expected fewer than the encoder's {len(stack)}, got {layers}")
    trained = {id(weight) for part in (stack[layers:], *_poolers(encoder)) for weight in part.parameters()}
    for weight in encoder.parameters():
        weight.requires_grad_(id(weight) in trained)


def _stack(encoder: Any) -> nn.ModuleList:
    """The layers, from the lowest to the highest."""
    count = encoder.config.num_hidden_layers
    for module in encoder.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise HarmonizeError("frozen_layers: expected an encoder of layers one upon the other, this is none")


def _poolers(encoder: Any) -> list[nn.Module]:
    pooler = getattr(encoder, "pooler", None)
    return [] if pooler is None else [pooler]
