"""The graph head: an entity is what its mentions, their sentences and the entities beside it make of it.

    nodes   each mention, entity and sentence of a context, beginning as what the encoder has read there
    edges   a mention and its entity; a mention and its sentence; two mentions of one sentence; an entity
            and a sentence that mentions it; two sentences that follow each other
    layers  a node gets the mean of its neighbours of each kind of edge, by weights of that kind (relational
            graph convolution, Schlichtkrull et al. 2018), added to what it was

Nodes and edges are those of the edge-oriented graph for documents (Christopoulou et al. 2019). The entities'
vectors then go the document head's way, so that the two differ by the graph alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification

from harmonize.relation.model.context_model import ContextConfig, Reading, pooled, taken
from harmonize.relation.model.document_model import DocumentModel
from harmonize.relation.model.encoder_model import EncoderModelConfig

__all__ = ["GRAPH", "GraphConfig", "GraphLayer", "GraphModel", "edges_of", "one_hot"]

GRAPH = "harmonize-graph"
_LAYERS = 2
_EDGES = 5


class GraphConfig(ContextConfig):
    """The configuration of a GraphModel; see ContextConfig."""

    model_type = GRAPH

    # transformers makes one that takes the encoder as it is for every class without.
    def __init__(self, encoder: Any = None, dropout: float = 0.1, block: int = 16, **others: Any) -> None:
        super().__init__(encoder=encoder, dropout=dropout, block=block, **others)


class GraphLayer(nn.Module):
    """One step along the edges.

    Args:
        width: of a node.
        dropout: of what a node gets.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.own = nn.Linear(width, width)
        self.neighbours = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(_EDGES))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        """[contexts, nodes, width] and [contexts, kinds, nodes, nodes] whose rows sum to 1 or 0."""
        got = self.own(nodes)
        for kind, layer in enumerate(self.neighbours):
            got = got + edges[:, kind] @ layer(nodes)
        found: Tensor = self.norm(nodes + self.dropout(torch.relu(got)))
        return found


class GraphModel(DocumentModel):
    """See the module. Inputs are those of harmonize.relation.encode.graphs.padded_graphs."""

    config_class: type[EncoderModelConfig] = GraphConfig

    def _add_layers(self, width: int) -> None:
        super()._add_layers(width)
        self.graph = nn.ModuleList(GraphLayer(width, self.config.dropout) for _ in range(_LAYERS))

    def _entities(self, reading: Reading, mentions: Tensor, **of_kind: Tensor) -> Tensor:
        sentences, sentence_of = of_kind["sentences"], of_kind["sentence_of"]
        tokens = reading.tokens
        entities = pooled(tokens, mentions)
        nodes = torch.cat((entities, taken(tokens, mentions[:, :, 1]), _means(tokens, sentences)), dim=1)
        edges = edges_of(mentions[:, :, 0], sentence_of, sentences, entities.shape[1]).to(nodes.dtype)
        for layer in self.graph:
            nodes = layer(nodes, edges)
        return nodes[:, : entities.shape[1]]


def edges_of(entity_of: Tensor, sentence_of: Tensor, sentences: Tensor, entities: int) -> Tensor:
    """The edges between a context's entities, mentions and sentences, in this order.

    Args:
        entity_of, sentence_of: [contexts, mentions], -1 where padded.
        sentences: [contexts, sentences, 2], empty where padded.
        entities: how many there are, padding included.

    Returns:
        [contexts, kinds, nodes, nodes]; a row has the same number for each neighbour and sums to 1, or to 0
        where there is none. None is of what is padded.
    """
    is_of = one_hot(entity_of, entities)
    stands_in = one_hot(sentence_of, sentences.shape[1])
    together = stands_in @ stands_in.transpose(1, 2)
    together = together * (1 - torch.eye(together.shape[1], device=together.device))
    is_there = (sentences[:, :, 1] > sentences[:, :, 0]).float()
    follows = torch.diag_embed(is_there[:, 1:], offset=1)
    mentioned = (is_of.transpose(1, 2) @ stands_in).clamp(max=1)
    count = entities + entity_of.shape[1]
    edges = is_of.new_zeros((len(is_of), _EDGES, *(2 * [count + sentences.shape[1]])))
    of_entities, of_mentions, of_sentences = (
        slice(0, entities),
        slice(entities, count),
        slice(count, None),
    )
    edges[:, 0, of_mentions, of_entities] = is_of
    edges[:, 1, of_mentions, of_sentences] = stands_in
    edges[:, 2, of_mentions, of_mentions] = together / 2
    edges[:, 3, of_entities, of_sentences] = mentioned
    edges[:, 4, of_sentences, of_sentences] = follows
    edges = edges + edges.transpose(2, 3)
    return edges / edges.sum(dim=-1, keepdim=True).clamp(min=1)


def one_hot(places: Tensor, count: int) -> Tensor:
    """Which of `count` each place is: [contexts, mentions] -> [contexts, mentions, count], zeros for -1."""
    return (places.unsqueeze(-1) == torch.arange(count, device=places.device)).float()


def _means(tokens: Tensor, ranges: Tensor) -> Tensor:
    """The mean vector of each range: [contexts, ranges, width], zeros of an empty one."""
    places = torch.arange(tokens.shape[1], device=tokens.device)
    inside = ((places >= ranges[:, :, :1]) & (places < ranges[:, :, 1:])).to(tokens.dtype)
    return (inside / inside.sum(dim=-1, keepdim=True).clamp(min=1)) @ tokens


AutoConfig.register(GRAPH, GraphConfig)
AutoModelForSequenceClassification.register(GraphConfig, GraphModel)
