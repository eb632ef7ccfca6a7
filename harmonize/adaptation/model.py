"""An encoder with an output over its vocabulary: loaded, measured, and written for `--encoder`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy

from harmonize.adaptation.masking import IGNORED, MaskedRows, batch_of
from harmonize.errors import HarmonizeError
from harmonize.relation.model.encoder_model import WEIGHT_TYPE
from harmonize.relation.model.encoders import TINY, encoder_folder, load_encoder
from harmonize.relation.model.heads import HEADS

__all__ = ["Masked", "load_masked", "masked_loss", "perplexity", "write_encoder"]

WEIGHTS = "model.safetensors"


class Masked(NamedTuple):
    """An encoder that tells masked tokens.

    Attributes:
        made: its output was made here, with random weights, since the encoder brings none.
        beside: weights of the encoder that no masked token needs (BERT's pooler), by name.
    """

    tokenizer: Any
    model: Any
    made: bool
    beside: dict[str, torch.Tensor]
    max_length: int

    @property
    def padding(self) -> int:
        """The id of the padding token."""
        return int(self.tokenizer.pad_token_id)


def load_masked(name: str, texts: Callable[[], Iterable[str]]) -> Masked:
    """An encoder by name, with an output over the vocabulary whose weights are those of the embeddings.

    Args:
        name: see harmonize.relation.model.encoders.
        texts: asked for by "tiny" alone.

    Raises:
        HarmonizeError: it cannot be had, or is none that is trained by masking.
    """
    from transformers import AutoModelForMaskedLM

    encoder = load_encoder(name, HEADS["cls"], ("LABEL_0", "LABEL_1"), {}, texts)
    if name == TINY:
        model = AutoModelForMaskedLM.from_config(encoder.model().config)
        return Masked(encoder.tokenizer, model, True, {}, encoder.max_length)
    source = encoder_folder(name)
    model, loading = _had(name, AutoModelForMaskedLM, source)
    own = f"{model.base_model_prefix}."
    lacking = [key for key in loading["missing_keys"] if key.startswith(own)]
    if lacking:
        raise HarmonizeError(
            f"encoder {name}: expected all weights of {type(model).__name__}, {len(lacking)} are missing"
        )
    return Masked(
        encoder.tokenizer,
        model,
        bool(loading["missing_keys"]),
        _beside(name, model, source),
        encoder.max_length,
    )


def _had(name: str, kind: Any, source: str) -> tuple[Any, Any]:
    """(model, what transformers says of its weights), or an error of one line."""
    try:
        model, loading = kind.from_pretrained(
            source, dtype=WEIGHT_TYPE, output_loading_info=True, tie_word_embeddings=True
        )
    except (OSError, ValueError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise HarmonizeError(f"encoder {name}: {reason}") from None
    return model, loading


def _beside(name: str, model: Any, source: str) -> dict[str, torch.Tensor]:
    """Weights of the bare encoder that the model with an output over the vocabulary leaves aside."""
    from transformers import AutoModel

    bare, loading = _had(name, AutoModel, source)
    taken, lacking = set(model.base_model.state_dict()), set(loading["missing_keys"])
    return {
        f"{model.base_model_prefix}.{key}": tensor
        for key, tensor in bare.state_dict().items()
        if key not in taken and key not in lacking
    }


def write_encoder(folder: Path, masked: Masked) -> None:
    """Write model and tokenizer as `--encoder` reads them, with the weights that stand beside."""
    masked.model.save_pretrained(str(folder))
    masked.tokenizer.save_pretrained(str(folder))
    weights = folder / WEIGHTS
    if masked.beside:
        part = weights.with_name(f"{WEIGHTS}.part")
        tensors = {name: tensor.contiguous() for name, tensor in masked.beside.items()}
        save_file({**load_file(weights), **tensors}, part, metadata={"format": "pt"})
        part.replace(weights)
    # They are written for their owner's eyes alone.
    weights.chmod((folder / "config.json").stat().st_mode & 0o777)


def masked_loss(model: Any, batch: dict[str, torch.Tensor], bf16: bool) -> tuple[torch.Tensor, int]:
    """(summed cross entropy, in nats, of the tokens to be told; how many there are).

    Where the model is BERT, RoBERTa or MPNet its output is asked about those tokens alone, which for a small
    encoder with a large vocabulary halves the work.
    """
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    told = batch["labels"] != IGNORED
    output = getattr(model, "cls", None) or getattr(model, "lm_head", None)
    with torch.autocast(told.device.type, torch.bfloat16, enabled=bf16):
        if output is not None:
            logits = output(model.base_model(**inputs).last_hidden_state[told])
        else:
            logits = model(**inputs).logits[told]
    return cross_entropy(logits.float(), batch["labels"][told], reduction="sum"), int(told.sum())


def perplexity(model: Any, rows: MaskedRows, batch_size: int, padding: int, bf16: bool) -> float:
    """exp of the mean cross entropy of the masked tokens of rows; the masks are the same each time."""
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    total, count = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(rows), batch_size):
            items = [rows[place] for place in range(start, min(start + batch_size, len(rows)))]
            batch = {name: tensor.to(device) for name, tensor in batch_of(items, padding).items()}
            loss, told = masked_loss(model, batch, bf16)
            total, count = total + float(loss), count + told
    model.train(was_training)
    mean = total / max(1, count)
    return math.exp(mean) if mean < 700 else math.inf
