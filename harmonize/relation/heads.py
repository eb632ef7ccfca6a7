"""The kinds of classifier, by name: how pairs become inputs, and what stands on the encoder.

cls        a pair with its context is one input, classified by its first vector (BioREx, section 3.4)
document   a context is one input for all its pairs, see harmonize.relation.document_model
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoModelForSequenceClassification

from harmonize.errors import HarmonizeError, UnknownName
from harmonize.relation.batches import EncodedPairs, padded
from harmonize.relation.document_model import DocumentConfig, DocumentModel
from harmonize.relation.documents import DocumentEncoder, EncodedDocuments, padded_documents
from harmonize.relation.encoding import PairEncoder

__all__ = ["HEADS", "EncodedInputs", "Head", "head_named"]


class EncodedInputs(Protocol):
    """Encoded inputs, each of one pair or of several."""

    lengths: NDArray[np.int64]
    """Of each input, in tokens."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> dict[str, Any]: ...

    def places(self, items: Iterable[int]) -> NDArray[np.int64]:
        """Of the pairs of inputs, one input after the other, where they stand in what was encoded."""


@dataclass(frozen=True)
class Head:
    """A kind of classifier.

    Attributes:
        encoder: (tokenizer, tags, max_length, ask=...) -> the encoder of pairs.
        inputs: (encoded, labels of the pairs) -> the encoded inputs.
        padded: (items, padding, types_too=...) -> a batch, with labels as the model gives its logits.
        fresh: (configuration) -> a model with random weights.
        pretrained: (source, configuration) -> a model with those of a folder or hub.
    """

    name: str
    encoder: Callable[..., PairEncoder | DocumentEncoder]
    inputs: Callable[[Iterable[Any], Sequence[int]], EncodedInputs]
    padded: Callable[..., dict[str, torch.Tensor]]
    fresh: Callable[[Any], Any]
    pretrained: Callable[[str, Any], Any]


def _cls_pretrained(source: str, config: Any) -> Any:
    if isinstance(config, DocumentConfig):
        raise HarmonizeError(
            f"encoder {source}: expected an encoder or a run of head cls, got one of head document"
        )
    return AutoModelForSequenceClassification.from_pretrained(
        source, config=config, ignore_mismatched_sizes=True
    )


def _document_pretrained(source: str, config: Any) -> Any:
    if isinstance(config, DocumentConfig):
        return DocumentModel.from_pretrained(source, config=config, ignore_mismatched_sizes=True)
    return DocumentModel.on(AutoModel.from_pretrained(source, config=config))


HEADS: Mapping[str, Head] = {
    "cls": Head(
        "cls",
        PairEncoder,
        EncodedPairs,
        padded,
        AutoModelForSequenceClassification.from_config,
        _cls_pretrained,
    ),
    "document": Head(
        "document",
        DocumentEncoder,
        EncodedDocuments,
        padded_documents,
        lambda config: DocumentModel.on(AutoModel.from_config(config)),
        _document_pretrained,
    ),
}


def head_named(name: str) -> Head:
    """A kind of classifier.

    Raises:
        UnknownName: no such kind.
    """
    if name not in HEADS:
        raise UnknownName("head", name, HEADS)
    return HEADS[name]
