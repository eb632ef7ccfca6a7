"""An encoder small enough for a rehearsal."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModel

from harmonize.relation.model.encoders import TINY, load_encoder
from harmonize.relation.model.heads import HEADS
from harmonize.union.reader import load_union


def tiny_encoder(union: Path, folder: Path, layers: int = 2) -> None:
    """Write an encoder with random weights that knows a set's words."""
    texts = load_union(union, columns=["text"])["text"].unique().to_pylist()
    torch.manual_seed(0)
    encoder = load_encoder(TINY, HEADS["cls"], ["Association", "None"], {}, lambda: texts)
    config = encoder.model().config
    config.num_hidden_layers = layers
    AutoModel.from_config(config).save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
