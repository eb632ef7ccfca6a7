"""Where prediction spends its time: on text, on batches, or in the model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harmonize.relation.encode.order import token_batches
from harmonize.relation.model.classifier import Classifier
from harmonize.relation.model.heads import EncodedInputs
from harmonize.relation.pair import Pair

__all__ = ["shares"]

_BATCH_TOKENS = {"cpu": 4096, "cuda": 65536}
"""As harmonize.relation.model.classifier has it."""


class _Stopwatch:
    """Sums the seconds of calls by what they are for; what a call makes on a GPU is waited for.

    Attributes:
        seconds: by the clock, and those of all cores together.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.seconds: dict[str, NDArray[np.float64]] = {}

    def timed(self, what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **named: Any) -> Any:
            started = _now()
            found = work(*arguments, **named)
            if what == "model" and self._device.type == "cuda":
                torch.cuda.synchronize()
            self.seconds[what] = self.seconds.get(what, 0.0) + _now() - started
            return found

        return measured


def _now() -> NDArray[np.float64]:
    return np.array([time.perf_counter(), time.process_time()])


class _Timed:
    """A tokenizer whose calls are timed, and that is in all else the tokenizer."""

    def __init__(self, tokenizer: Any, watch: _Stopwatch) -> None:
        self._tokenizer, self._call = tokenizer, watch.timed("tokenizer", tokenizer)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._call(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)


def shares(classifier: Classifier, pairs: Sequence[Pair]) -> dict[str, Any]:
    """What one prediction of all pairs is made of.

    Returns:
        "seconds" and their "shares", and "core_seconds", which other work on the machine makes no longer, of
        the tokenizer, of the code around it ("text"), of putting inputs together ("batches") and of the model
        with the way to the device and back; "padding", its share of the tokens that a model is given, by the
        tokens of a batch.
    """
    watch = _Stopwatch(classifier.device)
    head, encoder = classifier.head, classifier.encoder
    encoder.tokenizer = _Timed(encoder.tokenizer, watch)
    batch = watch.timed("batches", head.padded)
    model = watch.timed("model", lambda tensors: _logits(classifier, tensors))
    if classifier.device.type == "cuda":  # the first pass chooses kernels
        classifier.probabilities(pairs)
        watch.seconds.clear()
    encoded = watch.timed("text", lambda: head.inputs(encoder(pairs), [-1] * len(pairs)))()
    bf16 = torch.autocast(classifier.device.type, torch.bfloat16, enabled=classifier.precision == "bf16")
    with torch.inference_mode(), bf16:
        for places in token_batches(encoded.lengths, _BATCH_TOKENS[classifier.device.type]):
            items = [encoded[place] for place in places]
            model(batch(items, encoder.padding, types_too=encoder.knows_types))
    seconds = {**watch.seconds, "text": watch.seconds["text"] - watch.seconds.get("tokenizer", 0.0)}
    total = sum(each[0] for each in seconds.values())
    return {
        "seconds": {what: round(float(each[0]), 3) for what, each in seconds.items()},
        "core_seconds": {what: round(float(each[1]), 3) for what, each in seconds.items()},
        "shares": {what: round(float(each[0] / total), 3) for what, each in seconds.items()},
        "padding": {
            str(tokens): round(_padding(classifier, encoded, tokens), 3) for tokens in _BATCH_TOKENS.values()
        },
    }


def _padding(classifier: Classifier, encoded: EncodedInputs, batch_tokens: int) -> float:
    """Its share in batches of so many tokens."""
    given = 0
    for places in token_batches(encoded.lengths, batch_tokens):
        batch = classifier.head.padded([encoded[place] for place in places], classifier.encoder.padding)
        mask = batch["attention_mask"]
        given += int(mask.any(dim=-1).sum()) * mask.shape[-1]
    return 1 - float(encoded.lengths.sum()) / given


def _logits(classifier: Classifier, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    given = {name: tensor.to(classifier.device) for name, tensor in tensors.items() if name != "labels"}
    logits: torch.Tensor = classifier.model(**given).logits.float().cpu()
    return logits
