"""Orders: every input of an epoch once, by seed and epoch alone, in batches of like lengths or of tokens."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harmonize.relation.encode.order import Drawn, LikeLengths, LongestFirst, TokenBatches, token_batches

lengths_of_pairs = st.lists(st.integers(1, 30), max_size=300).map(
    lambda found: np.array(found, dtype=np.int64)
)


@given(lengths_of_pairs, st.integers(1, 9), st.integers(0, 3), st.integers(0, 3))
def test_an_epoch_is_a_permutation_by_seed_and_epoch(
    lengths: np.ndarray, batch: int, seed: int, epoch: int
) -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = LikeLengths(Drawn.all_of(lengths), batch, seed)
        sampler.set_epoch(epoch)
        assert len(sampler) == len(lengths)
        return list(sampler)

    assert sorted(order(seed, epoch)) == list(range(len(lengths)))
    assert order(seed, epoch) == order(seed, epoch)
    if len(lengths) > 100:
        assert len({tuple(order(seed, epoch + more)) for more in range(3)}) == 3
        assert order(seed, epoch) != order(seed + 1, epoch)


def test_batches_hold_inputs_of_like_length() -> None:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 500, 4000)
    order = list(LikeLengths(Drawn.all_of(lengths), 16, 0))
    spread = [np.ptp(lengths[order[at : at + 16]]) for at in range(0, 4000, 16)]
    assert np.mean(spread) < 20


@given(lengths_of_pairs, st.integers(1, 200))
def test_batches_of_tokens_hold_everything_longest_first(lengths: np.ndarray, tokens: int) -> None:
    batches = list(token_batches(lengths, tokens))
    assert [place for batch in batches for place in batch] == np.argsort(-lengths, kind="stable").tolist()
    for batch, following in pairwise([*batches, np.array([], dtype=np.int64)]):
        padded_size = len(batch) * lengths[batch].max()
        assert padded_size <= tokens or len(batch) == 1
        if len(following):
            assert (len(batch) + 1) * lengths[batch].max() > tokens, "one more would have fitted"


@given(lengths_of_pairs)
def test_an_evaluation_reads_everything_longest_first(lengths: np.ndarray) -> None:
    sampler = LongestFirst(lengths)
    assert len(sampler) == len(lengths)
    assert sorted(sampler) == list(range(len(lengths)))
    assert (np.diff(lengths[list(sampler)]) <= 0).all()


def test_only_the_last_batch_is_short() -> None:
    """A short one within would shift the inputs of unlike length into the batches after it."""
    lengths = np.arange(1, 1006, dtype=np.int64)
    order = list(LikeLengths(Drawn.all_of(lengths), 10, 1))
    spread = [np.ptp(lengths[order[at : at + 10]]) for at in range(0, 1000, 10)]
    assert max(spread) < 100


# What an epoch draws

inputs = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), min_size=1, max_size=200).map(
    lambda found: tuple(np.array(each, dtype=np.int64) for each in zip(*found, strict=True))
)


@given(inputs, st.integers(1, 400), st.one_of(st.none(), st.integers(0, 3)), st.integers(0, 3))
def test_an_epoch_reads_small_corpora_whole_and_of_large_ones_a_part(
    made: tuple[np.ndarray, np.ndarray], most: int, whole: int | None, epoch: int
) -> None:
    lengths, corpora = made
    drawn = Drawn(lengths, corpora, most, whole)
    read = drawn.of_epoch(np.random.default_rng(epoch))
    assert len(read) == len(set(read.tolist())) == len(drawn)
    for corpus in range(4):
        own = corpora == corpus
        found = int((corpora[read] == corpus).sum())
        assert found == (drawn.count(corpus) if own.any() else 0)
        if corpus == whole or lengths[own].sum() <= most:
            assert found == own.sum()
        else:
            assert found <= max(1, round(most / lengths[own].mean()))


def test_what_is_not_read_in_one_epoch_is_read_in_another() -> None:
    lengths = np.full(100, 10, dtype=np.int64)
    drawn = Drawn(lengths, np.zeros(100, dtype=np.int64), most=300)
    read = [set(drawn.of_epoch(np.random.default_rng((0, epoch))).tolist()) for epoch in range(20)]
    assert {len(each) for each in read} == {30}
    assert set.union(*read) == set(range(100))


def test_everything_is_read_where_nothing_is_said() -> None:
    lengths = np.array([5, 7, 9], dtype=np.int64)
    drawn = Drawn.all_of(lengths)
    assert (len(drawn), drawn.tokens) == (3, 21)
    assert sorted(drawn.of_epoch(np.random.default_rng(0)).tolist()) == [0, 1, 2]


# Batches of tokens


@given(inputs, st.integers(1, 300), st.integers(1, 3), st.integers(0, 2))
def test_token_batches_of_all_processes_are_an_epoch(
    made: tuple[np.ndarray, np.ndarray], tokens: int, processes: int, epoch: int
) -> None:
    lengths, corpora = made
    assume(len(lengths) >= processes)
    read: list[int] = []
    counts = set()
    for rank in range(processes):
        batches = TokenBatches(Drawn(lengths, corpora), tokens, 1, rank=rank, processes=processes)
        batches.set_epoch(epoch)
        found = list(batches)
        assert found == list(batches), "an order of its own each time"
        assert all(found)
        assert len(found) == len(batches)
        counts.add(len(found))
        read += [place for batch in found for place in batch]
    assert sorted(read) == list(range(len(lengths)))
    assert len(counts) == 1, "no process waits for another"


def test_batches_hold_about_as_many_tokens_of_abstracts_as_of_sentences() -> None:
    random = np.random.default_rng(0)
    lengths = np.concatenate((random.integers(20, 120, 4000), random.integers(300, 900, 400)))
    batches = TokenBatches(Drawn.all_of(lengths), 2000, 0)
    found = list(batches)
    assert len(found) == round(lengths.sum() / 2000)
    sums = np.array([lengths[batch].sum() for batch in found])
    assert sums.mean() == pytest.approx(2000, rel=0.01)
    assert (np.abs(sums - 2000) < 900).all()
    padded = sum(len(batch) * lengths[batch].max() for batch in found)
    assert padded < 1.1 * lengths.sum()
    sizes = [len(batch) for batch in found]
    assert min(sizes) <= 3
    assert max(sizes) >= 40


def test_every_epoch_has_as_many_batches_and_an_order_of_its_own() -> None:
    lengths = np.random.default_rng(3).integers(5, 50, 500)
    batches = TokenBatches(Drawn(lengths, np.arange(500) % 2, most=3000), 200, 7)
    epochs = []
    for epoch in range(3):
        batches.set_epoch(epoch)
        epochs.append(list(batches))
    assert len({len(each) for each in epochs}) == 1
    assert len({str(each) for each in epochs}) == 3


def test_an_input_longer_than_a_batch_is_read_all_the_same() -> None:
    lengths = np.array([1, 1, 500, 1, 1], dtype=np.int64)
    found = list(TokenBatches(Drawn.all_of(lengths), 100, 0))
    assert sorted(place for batch in found for place in batch) == [0, 1, 2, 3, 4]
    assert all(found)
