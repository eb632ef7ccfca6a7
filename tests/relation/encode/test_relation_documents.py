"""The document head: contexts that are read once for all their pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from relation_cases import CHEMICAL, DISEASE, GENE, TAGS, entity, pairs, words_tokenizer
from transformers import BertConfig

from harmonize.errors import HarmonizeError
from harmonize.relation.encode import documents as module
from harmonize.relation.encode.documents import IGNORED, DocumentEncoder, EncodedDocuments, padded_documents
from harmonize.relation.encode.encoding import add_tokens
from harmonize.relation.encode.graphs import padded_graphs
from harmonize.relation.encode.prompt import tag_tokens
from harmonize.relation.encode.windows import overlapping
from harmonize.relation.model.atlop_model import AtlopConfig, AtlopModel
from harmonize.relation.model.context_model import ContextConfig, ContextModel, pooled
from harmonize.relation.model.counts_model import CountsConfig, CountsModel
from harmonize.relation.model.document_model import DocumentConfig, DocumentModel
from harmonize.relation.model.graph_model import GraphConfig, GraphModel
from harmonize.relation.model.heads import HEADS
from harmonize.relation.pair import Pair

TEXT = "Aspirin and heparin cause asthma but not gout"
ASPIRIN, HEPARIN = entity(TEXT, CHEMICAL, "Aspirin"), entity(TEXT, CHEMICAL, "heparin")
ASTHMA, GOUT = entity(TEXT, DISEASE, "asthma"), entity(TEXT, DISEASE, "gout")
PAIRS = [
    Pair("biored", "BioRED", TEXT, head, tail)
    for head, tail in ((ASPIRIN, ASTHMA), (HEPARIN, ASTHMA), (ASPIRIN, GOUT), (ASPIRIN, HEPARIN))
]


def encoder(longest: int = 512, *, kind: str = "prompt", head: str = "document") -> DocumentEncoder:
    tokenizer = words_tokenizer(longest=longest)
    add_tokens(tokenizer, tag_tokens(TAGS.values()))
    made = HEADS[head].encoder(tokenizer, TAGS, longest, kind)
    assert isinstance(made, DocumentEncoder)
    return made


def spelled(found: DocumentEncoder, ids: Sequence[int]) -> str:
    return "".join(found.tokenizer.convert_ids_to_tokens(ids))


def test_one_input_shows_every_entity_of_the_context() -> None:
    (one,) = (made := encoder())(PAIRS)
    assert spelled(made, one.input_ids[0]) == (
        "[CLS]WhataretherelationsinBioRED?[SEP]"
        "<C>Aspirin</C>and<C>heparin</C>cause<D>asthma</D>butnot<D>gout</D>[SEP]"
    )
    assert one.token_type_ids[0].index(1) == one.input_ids[0].index(made.tokenizer.sep_token_id) + 1
    assert one.pairs.tolist() == [[0, 1], [2, 1], [0, 3], [0, 2]]
    assert one.places.tolist() == [0, 1, 2, 3]
    assert [spelled(made, [one.input_ids[0][place]]) for _, _, place in one.mentions] == [
        *("<C>", "<D>", "<C>", "<D>")
    ]


def test_without_a_question_the_context_is_alone() -> None:
    (one,) = (made := encoder(kind="tagged"))(PAIRS[:1])
    assert spelled(made, one.input_ids[0]).startswith("[CLS]<C>Aspirin</C>and")
    assert one.mentions[0].tolist() == [0, 0, 1]


def test_each_context_and_corpus_is_an_input_of_its_own() -> None:
    other = "Aspirin against gout"
    elsewhere = Pair(
        "biored", "BioRED", other, entity(other, CHEMICAL, "Aspirin"), entity(other, DISEASE, "gout")
    )
    of_ddi = Pair("ddi", "DDI", TEXT, ASPIRIN, HEPARIN)
    found = list(encoder()([PAIRS[0], elsewhere, of_ddi, PAIRS[1]]))
    assert [one.places.tolist() for one in found] == [[0, 3], [1], [2]]


def test_a_context_of_very_many_pairs_comes_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_PAIRS", 3)
    first, second = encoder()(PAIRS)
    assert first.input_ids == second.input_ids
    assert (first.places.tolist(), second.places.tolist()) == ([0, 1, 2], [3])


def test_an_unknown_type_is_told() -> None:
    strange = Pair("biored", "BioRED", TEXT, ASPIRIN, entity(TEXT, "Planet", "gout"))
    with pytest.raises(HarmonizeError, match="entity type 'Planet'"):
        list(encoder()([strange]))


@given(st.integers(1, 3000), st.integers(2, 600))
def test_overlapping_windows_show_everything(length: int, room: int) -> None:
    windows = overlapping(length, room)
    assert windows[0].start == 0
    assert windows[-1].end == length
    (size,) = {window.size for window in windows}
    assert size <= room
    for one, other in pairwise(windows):
        assert one.start < other.start <= one.end
        assert one.end - other.start >= room // 4 - 1
    # No token is read twice that need not be.
    read_twice = sum(window.size for window in windows) - length
    assert read_twice <= (len(windows) - 1) * (room // 4) + len(windows)


@given(st.lists(pairs(), min_size=1, max_size=4), st.integers(60, 90))
def test_every_mention_of_every_entity_is_in_a_window(made: list[Pair], longest: int) -> None:
    """Whatever overlaps: each pair comes back, each opening tag is where it is said to be."""
    found = (own := encoder(longest))(made)
    seen: list[int] = []
    for one in found:
        seen += one.places.tolist()
        tags = {own.tokenizer.convert_tokens_to_ids(f"<{name}>") for name in TAGS.values()}
        assert all(one.input_ids[window][place] in tags for _, window, place in one.mentions)
        assert all(len(ids) <= longest for ids in one.input_ids)
        context = [made[place] for place in one.places]
        entities = dict.fromkeys(side for pair in context for side in (pair.head, pair.tail))
        assert len(one.mentions) == sum(len(set(each.spans)) for each in entities)
    assert sorted(seen) == list(range(len(made)))


MODELS: dict[str, tuple[type[ContextModel], type[ContextConfig]]] = {
    "document": (DocumentModel, DocumentConfig),
    "atlop": (AtlopModel, AtlopConfig),
    "graph": (GraphModel, GraphConfig),
    "counts": (CountsModel, CountsConfig),
}
each_head = pytest.mark.parametrize("head", MODELS)


def model(encoder: DocumentEncoder, head: str = "document", labels: int = 3) -> ContextModel:
    torch.manual_seed(0)
    small = BertConfig(
        vocab_size=len(encoder.tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        initializer_range=0.3,
    )
    kind, config = MODELS[head]
    return kind(config(encoder=small.to_dict(), num_labels=labels)).eval()


def logits(
    made: DocumentEncoder, of: ContextModel, asked: Sequence[Pair], *batches: Sequence[int]
) -> np.ndarray:
    padded = padded_graphs if isinstance(of, GraphModel) else padded_documents
    held = EncodedDocuments(made(asked), list(range(len(asked))))
    found = np.full((len(asked), of.config.num_labels or 0), np.nan)
    for batch in batches or [range(len(held))]:
        tensors = padded([held[place] for place in batch], made.padding)
        labels = tensors.pop("labels")
        known = labels != IGNORED
        assert labels[known].tolist() == held.places(batch).tolist()
        with torch.inference_mode():
            found[held.places(batch)] = of(**tensors).logits[known].numpy()
    return found


@each_head
def test_padding_changes_nothing(head: str) -> None:
    """A context alone, or beside one of more windows, mentions and pairs."""
    text = "Heparin is given. " * 12
    heparin = entity(text, CHEMICAL, *[(18 * at, 18 * at + 7) for at in range(12)])
    long = [
        Pair("biored", "BioRED", text, heparin, entity(text, GENE, (place, place + 2)))
        for place in (8, 60, 98)
    ]
    asked = [*PAIRS, *long]
    made = encoder(100, head=head)
    of = model(made, head)
    assert [one.windows for one in made(asked)] == [1, 4]
    together, apart = logits(made, of, asked), logits(made, of, asked, [0], [1])
    np.testing.assert_allclose(together, apart, rtol=1e-4, atol=1e-4)
    assert np.ptp(apart, axis=0).min() > 1e-3  # the model tells pairs apart


@each_head
def test_a_pair_is_ordered_and_all_mentions_count(head: str) -> None:
    made = encoder(head=head)
    of = model(made, head)
    turned = Pair("biored", "BioRED", TEXT, ASTHMA, ASPIRIN)
    (there, back) = logits(made, of, [PAIRS[0], turned])
    assert np.abs(there - back).max() > 1e-3
    twice = Pair("biored", "BioRED", TEXT, ASPIRIN, entity(TEXT, DISEASE, "asthma", "gout"))
    assert np.abs(logits(made, of, [twice])[0] - there).max() > 1e-3


def test_entities_are_the_log_sum_exp_of_their_mentions() -> None:
    tokens = torch.randn(1, 6, 64, generator=torch.Generator().manual_seed(0)) * 4
    mentions = torch.tensor([[[0, 1], [1, 4], [0, 5], [-1, 0]]])
    found = pooled(tokens, mentions)[0]
    torch.testing.assert_close(found[0], torch.logsumexp(tokens[0, [1, 5]], dim=0), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found[1], tokens[0, 4], atol=1e-4, rtol=1e-4)


def test_in_bf16_entities_keep_their_digits() -> None:
    tokens = torch.randn(1, 6, 64, generator=torch.Generator().manual_seed(0)) * 4
    mentions = torch.tensor([[[0, 1], [1, 4], [0, 5], [-1, 0]]])
    with torch.autocast("cpu", torch.bfloat16):
        found = pooled(tokens, mentions)
    assert torch.equal(found, pooled(tokens, mentions))
