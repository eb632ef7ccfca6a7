"""The graph of a context: which sentences are found in it, and what stands beside what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from relation_cases import CHEMICAL, DISEASE, TAGS, entity, pairs, words_tokenizer

from harmonize.model import Span
from harmonize.relation.encode.documents import DocumentEncoder
from harmonize.relation.encode.encoding import add_tokens
from harmonize.relation.encode.graphs import EncodedGraph, GraphEncoder, padded_graphs
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.model.graph_model import GraphLayer, edges_of
from harmonize.relation.pair import Pair

TEXT = "Aspirin is old. It may cause asthma in men. Gout and asthma are rare."
ASPIRIN, ASTHMA = entity(TEXT, CHEMICAL, "Aspirin"), entity(TEXT, DISEASE, "asthma", (53, 59))
GOUT = entity(TEXT, DISEASE, "Gout")
PAIRS = [Pair("biored", "BioRED", TEXT, ASPIRIN, ASTHMA), Pair("biored", "BioRED", TEXT, ASPIRIN, GOUT)]


def encoder(longest: int = 512) -> GraphEncoder:
    tokenizer = words_tokenizer(longest=longest)
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    return GraphEncoder(tokenizer, TAGS, longest)


def graphs(made: GraphEncoder, asked: list[Pair]) -> list[EncodedGraph]:
    found = list(made(asked))
    assert all(isinstance(one, EncodedGraph) for one in found)
    return [one for one in found if isinstance(one, EncodedGraph)]


def spelled(made: GraphEncoder, one: EncodedGraph) -> list[str]:
    return [
        "".join(made.tokenizer.convert_ids_to_tokens(one.input_ids[window][start:end]))
        for window, start, end in one.sentences
    ]


def test_sentences_are_shown_with_their_mentions() -> None:
    (one,) = graphs(made := encoder(), PAIRS)
    assert spelled(made, one) == [
        "<C>Aspirin</C>isold[UNK]",
        "Itmaycause<D>asthma</D>inmen[UNK]",
        "<D>Gout</D>and<D>asthma</D>arerare[UNK]",
    ]
    assert one.mentions[:, 0].tolist() == [0, 1, 1, 2]
    assert one.sentence_of.tolist() == [0, 1, 2, 2]


def test_a_sentence_does_not_end_inside_a_mention() -> None:
    text = "Ca. albicans causes thrush. It is common."
    pair = Pair("biored", "BioRED", text, entity(text, CHEMICAL, (0, 12)), entity(text, DISEASE, "thrush"))
    (one,) = graphs(made := encoder(), [pair])
    assert spelled(made, one)[0] == "<C>Ca[UNK]albicans</C>causes<D>thrush</D>[UNK]"
    assert one.sentence_of.tolist() == [0, 0]


def test_the_sentences_that_a_pair_comes_with_are_taken() -> None:
    told = tuple(Span(*place) for place in ((0, 43), (44, len(TEXT))))
    (one,) = graphs(made := encoder(), [replace(pair, sentences=told) for pair in PAIRS])
    assert spelled(made, one) == [
        "<C>Aspirin</C>isold[UNK]Itmaycause<D>asthma</D>inmen[UNK]",
        "<D>Gout</D>and<D>asthma</D>arerare[UNK]",
    ]
    assert one.sentence_of.tolist() == [0, 0, 1, 1]


def test_the_words_are_those_of_a_document() -> None:
    made = encoder()
    (graph,) = graphs(made, PAIRS)
    (document,) = DocumentEncoder(made.tokenizer, TAGS, 512)(PAIRS)
    assert graph.input_ids == document.input_ids
    np.testing.assert_array_equal(graph.mentions, document.mentions)


@given(st.lists(pairs(), min_size=1, max_size=3), st.integers(60, 90))
def test_every_mention_is_in_a_sentence_of_its_context(asked: list[Pair], longest: int) -> None:
    made = encoder(longest)
    found = graphs(made, asked)
    for one in found:
        assert ((one.sentence_of >= 0) & (one.sentence_of < len(one.sentences))).all()
        for window, start, end in one.sentences:
            assert 0 <= start <= end <= len(one.input_ids[window])
    items = [{"document": one, "labels": np.zeros(len(one.pairs), dtype=np.int64)} for one in found]
    batch = padded_graphs(items, made.padding)
    edges = edges_of(
        batch["mentions"][:, :, 0],
        batch["sentence_of"],
        batch["sentences"],
        int(batch["mentions"][:, :, 0].max()) + 1,
    )
    sums = edges.sum(dim=-1)
    assert ((sums - 1).abs() < 1e-5).logical_or(sums == 0).all()


def test_the_edges_are_those_of_the_module() -> None:
    """Two entities, three mentions (the last one is padding), two sentences and one of padding."""
    entity_of = torch.tensor([[0, 1, 1, -1]])
    sentence_of = torch.tensor([[0, 0, 1, -1]])
    sentences = torch.tensor([[[1, 5], [5, 9], [0, 0]]])
    edges = edges_of(entity_of, sentence_of, sentences, 2)[0]
    # Nodes: entities 0 and 1, mentions 2 to 5, sentences 6 to 8.
    found = [{(a, b) for a, b in (each > 0).nonzero().tolist() if a < b} for each in edges]
    assert found == [
        {(0, 2), (1, 3), (1, 4)},
        {(2, 6), (3, 6), (4, 7)},
        {(2, 3)},
        {(0, 6), (1, 6), (1, 7)},
        {(6, 7)},
    ]
    assert ((edges > 0) == (edges > 0).transpose(1, 2)).all()
    torch.testing.assert_close(edges[0, 1, 3:5], torch.tensor([0.5, 0.5]))
    assert edges[:, [5, 8]].sum() == 0
    assert edges.sum(dim=-1).unique().tolist() == pytest.approx([0, 1])


def test_a_layer_moves_nodes_by_their_neighbours() -> None:
    torch.manual_seed(0)
    layer = GraphLayer(16, 0.0)
    nodes = torch.randn(1, 9, 16)
    edges = edges_of(
        torch.tensor([[0, 1, 1, -1]]),
        torch.tensor([[0, 0, 1, -1]]),
        torch.tensor([[[1, 5], [5, 9], [0, 0]]]),
        2,
    )
    changed = nodes.clone()
    changed[0, 7] += 1
    with torch.no_grad():
        moved = (layer(nodes, edges) - layer(changed, edges))[0].abs().sum(dim=-1) > 1e-6
    assert moved.nonzero().flatten().tolist() == [1, 4, 6, 7]
