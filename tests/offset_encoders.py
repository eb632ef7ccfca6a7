"""Random encoders of the family that counts positions from behind the padding's id: MPNet, RoBERTa."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import MPNetConfig, MPNetModel, MPNetTokenizer, RobertaConfig, RobertaModel

__all__ = ["LONGEST", "offset_encoder"]

LONGEST = 128
"""Tokens that they read; their tables of positions have two more places, of which one is the padding's."""
_WORDS = "what is are the relation relations in between and of with a was were gene disease aspirin by to ? ."
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789?.,;:()[]<>/@$%+-'"
_MODELS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "mpnet": (MPNetConfig, MPNetModel, {}),
    "roberta": (RobertaConfig, RobertaModel, {"type_vocab_size": 1}),
}


def offset_encoder(folder: Path, kind: str) -> Path:
    """Write an encoder of two layers, its weights far apart, and say where it is.

    Its tokenizer is MPNet's, of letters and a few words: `<s>`, `<pad>` with id 1, `</s>`, no token types. It
    sets no length of its own.
    """
    config, model, own = _MODELS[kind]
    pieces = [*_CHARACTERS, *(f"##{character}" for character in _CHARACTERS), *_WORDS.split()]
    tokens = dict.fromkeys(["<s>", "<pad>", "</s>", "[UNK]", *pieces, "<mask>"])
    tokenizer = MPNetTokenizer(vocab={token: place for place, token in enumerate(tokens)})
    assert tokenizer.pad_token_id == 1
    torch.manual_seed(0)
    made = model(
        config(
            vocab_size=len(tokens),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=32,
            max_position_embeddings=LONGEST + 2,
            initializer_range=0.2,
            **own,
        )
    )
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
