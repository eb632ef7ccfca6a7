"""What the counts head is told of a pair, counted again one by one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harmonize.relation.model.counts_model import pair_counts

Mention = tuple[int, int, int]
"""Entity, place and sentence."""


def counted(mentions: list[Mention], head: int, tail: int) -> list[int]:
    """The numbers of a pair, by their definition."""
    entities = {entity for entity, _, _ in mentions}

    def own(entity: int) -> list[Mention]:
        return [mention for mention in mentions if mention[0] == entity]

    def sentences(entity: int) -> set[int]:
        return {sentence for _, _, sentence in own(entity)}

    def alone(entity: int) -> list[int]:
        more = sum(len(own(other)) > len(own(entity)) for other in entities)
        return [len(own(entity)), len(sentences(entity)), more, int(0 in sentences(entity))]

    both = [(one, other) for one in own(head) for other in own(tail)]
    return [
        *alone(head),
        *alone(tail),
        len(sentences(head) & sentences(tail)),
        min(abs(one[2] - other[2]) for one, other in both),
        min(abs(one[1] - other[1]) for one, other in both),
        len(entities),
        max(sentence for _, _, sentence in mentions),
    ]


@st.composite
def contexts(draw: st.DrawFn) -> list[Mention]:
    """Mentions in order, of entities that all have one."""
    count = draw(st.integers(2, 4))
    more = draw(st.lists(st.integers(0, count - 1), max_size=6))
    entities = draw(st.permutations([*range(count), *more]))
    steps = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 2)), min_size=10, max_size=10))
    place = sentence = 0
    mentions = []
    for entity, (further, later) in zip(entities, steps, strict=False):
        place, sentence = place + further, sentence + later
        mentions.append((entity, place, sentence))
    return mentions


@given(st.lists(contexts(), min_size=1, max_size=3))
def test_each_number_is_what_it_says(made: list[list[Mention]]) -> None:
    longest = max(map(len, made))
    asked = [
        [(head, tail) for head in range(4) for tail in range(4) if head != tail and max(head, tail) <= last]
        for last in (max(entity for entity, _, _ in mentions) for mentions in made)
    ]
    most = max(map(len, asked))
    mentions = torch.zeros(len(made), longest, 2, dtype=torch.int64)
    mentions[:, :, 0] = -1
    sentence_of = torch.full((len(made), longest), -1)
    pairs = torch.full((len(made), most, 2), -1)
    for row, (own, own_pairs) in enumerate(zip(made, asked, strict=True)):
        for at, (entity, place, sentence) in enumerate(own):
            mentions[row, at] = torch.tensor([entity, place])
            sentence_of[row, at] = sentence
        pairs[row, : len(own_pairs)] = torch.tensor(own_pairs)
    found = pair_counts(mentions, sentence_of, pairs, length=1000)
    for row, own in enumerate(made):
        for at, (head, tail) in enumerate(asked[row]):
            assert found[row, at].tolist() == counted(own, head, tail)


@pytest.mark.parametrize("sentences", [[0, -1], [-1, -1]])
def test_a_mention_in_no_sentence_is_far_from_all(sentences: list[int]) -> None:
    """Descriptions of entities stand behind the context, in no sentence of it."""
    mentions = torch.tensor([[[0, 3], [1, 9]]])
    (found,) = pair_counts(mentions, torch.tensor([sentences]), torch.tensor([[[0, 1]]]), length=20)[
        0
    ].tolist()
    assert found[:4] == [1, int(0 in sentences), 0, int(0 in sentences)]
    assert found[4:8] == [1, 0, 0, 0]
    assert found[8] == 0
    assert found[9] >= 1000
    assert found[10] == 6


@pytest.mark.parametrize("length", [16, 24, 64])
def test_the_padding_of_windows_is_no_distance(length: int) -> None:
    """Two mentions at the 12th token of the first window, and at the 3rd of the second."""
    mentions = torch.tensor([[[0, 12], [1, length + 3]]])
    (found,) = pair_counts(mentions, torch.tensor([[0, 1]]), torch.tensor([[[0, 1]]]), length)[0].tolist()
    assert found[9] == 1
    assert found[10] >= 1000
