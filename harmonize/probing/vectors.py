"""The vectors that a frozen encoder has for the two mentions of a pair, layer by layer.

An entity's vector is the one that the head "entities" sees: where that mention begins, with its tag, which is
the nearest to the other entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError
from harmonize.relation.encode.batches import EncodedPairs, padded
from harmonize.relation.encode.encoding import PairEncoder
from harmonize.relation.encode.order import token_batches
from harmonize.relation.model.device import precision_named
from harmonize.relation.pair import Pair

__all__ = ["Vectors", "write_vectors"]

Vectors = NDArray[np.float16]
"""[pairs, layers + 1, 2, width]: of the embeddings and of each layer, for head and tail."""

_BATCH_TOKENS = {"cpu": 4096, "cuda": 65536}


def write_vectors(model: Any, encoder: PairEncoder, pairs: Iterable[Pair], path: Path) -> Vectors:
    """Read each pair once and keep its vectors in a file, which what is returned maps into memory.

    Args:
        model: the bare encoder, in evaluation mode, on its device.
        path: of the .npy file to write.

    Raises:
        HarmonizeError: no pairs, or an input too short to hold both entities.
    """
    encoded = list(encoder(pairs))
    if not encoded:
        raise HarmonizeError("expected pairs to read, got none")
    if any(one.lost for one in encoded):
        raise HarmonizeError("expected a mention of each entity in the input; take a larger --max-length")
    inputs = EncodedPairs(encoded, [-1] * len(encoded))
    device = next(model.parameters()).device
    vectors: Vectors | None = None
    with torch.inference_mode():
        for places in token_batches(inputs.lengths, _BATCH_TOKENS[device.type]):
            found = _vectors(model, encoder, [inputs[int(place)] for place in places], device)
            if vectors is None:
                shape = (len(inputs), *found.shape[1:])
                vectors = np.lib.format.open_memmap(path, "w+", dtype=np.float16, shape=shape)
            vectors[places] = found
    assert vectors is not None
    return vectors


def _vectors(
    model: Any, encoder: PairEncoder, items: Sequence[dict[str, Any]], device: torch.device
) -> NDArray[np.float16]:
    """[inputs, layers + 1, 2, width]"""
    made = padded(items, encoder.padding, types_too=encoder.knows_types, places_too=True)
    batch = {name: tensor.to(device) for name, tensor in made.items() if name != "labels"}
    places = batch.pop("places")
    with torch.autocast(device.type, torch.bfloat16, enabled=precision_named("auto", device) == "bf16"):
        states = model(**batch, output_hidden_states=True).hidden_states
    rows = torch.arange(len(items), device=device)[:, None]
    layers = torch.stack([state[rows, places] for state in states], dim=1)
    return np.asarray(layers.float().cpu().numpy(), dtype=np.float16)
