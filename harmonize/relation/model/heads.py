"""The kinds of classifier, by name: how pairs become inputs, and what stands on the encoder.

cls        a pair with its context is one input, classified by its first vector (BioREx, section 3.4)
entities, cls+entities, mean, sll_attention, sll_lstm, sll_bilstm
           the same input, classified by other vectors too, see harmonize.relation.model.pair_model
document, atlop, graph, counts
           a context is one input for all its pairs, see document_model.py, atlop_model.py, graph_model.py
           and counts_model.py
combination
           the same for sets of its entities, see harmonize.relation.model.combination_model
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoModelForSequenceClassification

from harmonize.errors import HarmonizeError, UnknownName
from harmonize.relation.combinations import COMBINATION
from harmonize.relation.encode.batches import EncodedPairs, padded
from harmonize.relation.encode.combinations import CombinationEncoder, padded_combinations
from harmonize.relation.encode.documents import DocumentEncoder, EncodedDocuments, padded_documents
from harmonize.relation.encode.encoding import PairEncoder
from harmonize.relation.encode.graphs import GraphEncoder, padded_graphs
from harmonize.relation.labels import LabelSpace
from harmonize.relation.model.atlop_model import AtlopModel
from harmonize.relation.model.combination_model import CombinationModel
from harmonize.relation.model.context_model import ContextModel
from harmonize.relation.model.counts_model import CountsModel
from harmonize.relation.model.document_model import DocumentModel
from harmonize.relation.model.encoder_model import WEIGHT_TYPE, EncoderModel, EncoderModelConfig
from harmonize.relation.model.graph_model import GraphModel
from harmonize.relation.model.objective import AdaptiveThreshold, Loss
from harmonize.relation.model.pair_model import POOLINGS, PairModel

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
        encoder: (tokenizer, tags, max_length, kind of input, knowledge or None) -> the encoder of pairs.
        inputs: (encoded, labels of the pairs) -> the encoded inputs.
        padded: (items, padding, types_too=...) -> a batch, with labels as the model gives its logits.
        fresh: (configuration) -> a model with random weights.
        pretrained: (source, configuration) -> a model with those of a folder or hub.
        of_contexts: an input is a context with all its pairs, not a pair with its context.
        loss: (labels, weights of the labels or None) -> what training minimizes.
        several: of a pair it learns all labels, not only the first.
    """

    name: str
    encoder: Callable[..., PairEncoder | DocumentEncoder]
    inputs: Callable[[Iterable[Any], Any], EncodedInputs]
    padded: Callable[..., dict[str, torch.Tensor]]
    fresh: Callable[[Any], Any]
    pretrained: Callable[[str, Any], Any]
    of_contexts: bool = False
    loss: Callable[[LabelSpace, torch.Tensor | None], Callable[..., torch.Tensor]] = Loss
    several: bool = False


_OTHER_HEAD = "encoder {}: expected an encoder or a run of the same head, got one of another"


def _cls_pretrained(source: str, config: Any) -> Any:
    if isinstance(config, EncoderModelConfig):
        raise HarmonizeError(_OTHER_HEAD.format(source))
    return AutoModelForSequenceClassification.from_pretrained(
        source, config=config, dtype=WEIGHT_TYPE, ignore_mismatched_sizes=True
    )


def _pretrained(model: type[EncoderModel], own: dict[str, str], source: str, config: Any) -> Any:
    """A model of ours: from a run of its kind, or with fresh weights on an encoder."""
    if not isinstance(config, EncoderModelConfig):
        return model.on(AutoModel.from_pretrained(source, config=config, dtype=WEIGHT_TYPE), **own)
    if not isinstance(config, model.config_class) or any(
        getattr(config, name) != value for name, value in own.items()
    ):
        raise HarmonizeError(_OTHER_HEAD.format(source))
    return model.from_pretrained(source, config=config, dtype=WEIGHT_TYPE, ignore_mismatched_sizes=True)


def _fresh(model: type[EncoderModel], own: dict[str, str], config: Any) -> Any:
    return model.on(AutoModel.from_config(config), **own)


def _combination_pretrained(source: str, config: Any) -> Any:
    """Also from a run of another head: what it has learnt of pairs is what sets are made of."""
    if isinstance(config, EncoderModelConfig) and not isinstance(config, CombinationModel.config_class):
        return CombinationModel.from_run(source, config)
    return _pretrained(CombinationModel, {}, source, config)


def _of_pairs(pooling: str) -> Head:
    own = {"pooling": pooling}
    return Head(
        pooling,
        PairEncoder,
        EncodedPairs,
        partial(padded, places_too=True),
        partial(_fresh, PairModel, own),
        partial(_pretrained, PairModel, own),
    )


def _of_contexts(name: str, model: type[ContextModel], **further: Any) -> Head:
    parts = {"encoder": DocumentEncoder, "inputs": EncodedDocuments, "padded": padded_documents, **further}
    return Head(
        name,
        fresh=partial(_fresh, model, {}),
        pretrained=partial(_pretrained, model, {}),
        of_contexts=True,
        **parts,
    )


_ALL = (
    Head(
        "cls",
        PairEncoder,
        EncodedPairs,
        padded,
        AutoModelForSequenceClassification.from_config,
        _cls_pretrained,
    ),
    *(_of_pairs(pooling) for pooling in POOLINGS),
    _of_contexts("document", DocumentModel),
    _of_contexts("atlop", AtlopModel, loss=AdaptiveThreshold, several=True),
    _of_contexts("graph", GraphModel, encoder=GraphEncoder, padded=padded_graphs),
    _of_contexts("counts", CountsModel, encoder=GraphEncoder, padded=padded_graphs),
    Head(
        COMBINATION,
        CombinationEncoder,
        EncodedDocuments,
        padded_combinations,
        partial(_fresh, CombinationModel, {}),
        _combination_pretrained,
        of_contexts=True,
    ),
)
HEADS: Mapping[str, Head] = {head.name: head for head in _ALL}


def head_named(name: str) -> Head:
    """A kind of classifier.

    Raises:
        UnknownName: no such kind.
    """
    if name not in HEADS:
        raise UnknownName("head", name, HEADS)
    return HEADS[name]
