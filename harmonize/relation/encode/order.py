"""In which order inputs are read, and what shares a batch: inputs of like length, so that little is padding.

Every order is a function of seed and epoch alone, so that training resumes exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

__all__ = ["Drawn", "LikeLengths", "LongestFirst", "TokenBatches", "token_batches"]

_POOL = 50
"""Batches whose inputs are sorted together."""

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Which inputs an epoch reads: all, or of each corpus as many as hold a number of tokens, drawn anew.

    Attributes:
        lengths: [inputs], in tokens.
        corpora: [inputs], a number for the corpus of each.
        most: tokens of one corpus in an epoch; None for all.
        whole: the corpus that is read whole all the same; None for no such.
    """

    lengths: Places
    corpora: Places
    most: int | None = None
    whole: int | None = None

    @classmethod
    def all_of(cls, lengths: Places) -> Drawn:
        return cls(lengths, np.zeros(len(lengths), dtype=np.int64))

    def count(self, corpus: int) -> int:
        """How many inputs of a corpus an epoch reads, the same number in every epoch."""
        lengths = self.lengths[self.corpora == corpus]
        if self.most is None or corpus == self.whole or lengths.sum() <= self.most:
            return len(lengths)
        return max(1, round(self.most / float(lengths.mean())))

    def __len__(self) -> int:
        return sum(self.count(corpus) for corpus in np.unique(self.corpora))

    def of_epoch(self, random: np.random.Generator) -> Places:
        """The inputs of an epoch, in random order."""
        if self.most is None:
            return random.permutation(len(self.lengths))
        chosen = [
            random.permutation(np.flatnonzero(self.corpora == corpus))[: self.count(corpus)]
            for corpus in np.unique(self.corpora)
        ]
        return random.permutation(np.concatenate(chosen))

    @property
    def tokens(self) -> int:
        """Of an epoch, about."""
        shares = (
            self.count(corpus) * float(self.lengths[self.corpora == corpus].mean())
            for corpus in np.unique(self.corpora)
        )
        return round(sum(shares))


class LikeLengths(Sampler[int]):
    """The inputs of an epoch, each once.

    They are shuffled, pools of some batches are sorted by length, and the batches are shuffled.
    """

    def __init__(self, drawn: Drawn, batch_size: int, seed: int) -> None:
        self.drawn, self.batch_size, self.seed, self.epoch = drawn, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.drawn)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng((self.seed, self.epoch))
        order, lengths = self.drawn.of_epoch(random), self.drawn.lengths
        pool = self.batch_size * _POOL
        batches: list[Places] = []
        for start in range(0, len(order), pool):
            places = order[start : start + pool]
            places = places[np.argsort(-lengths[places], kind="stable")]
            batches += [places[at : at + self.batch_size] for at in range(0, len(places), self.batch_size)]
        # A batch that is not full stays last: one in the middle would shift all that follow it.
        last = [batch for batch in batches if len(batch) < self.batch_size]
        full = [batch for batch in batches if len(batch) == self.batch_size]
        for batch in [*(full[place] for place in random.permutation(len(full))), *last]:
            yield from batch.tolist()


class TokenBatches(Sampler[list[int]]):
    """The inputs of an epoch in batches of about as many tokens each: many sentences, or a few abstracts.

    Every epoch has the same number of batches. Pools of shuffled inputs are sorted by length, up and down in
    turn, so that inputs of like length also meet where one pool ends and the next begins; the row of inputs
    is cut into stretches of equal numbers of tokens, and those are shuffled.

    Args:
        tokens: of a batch, without padding, about.
        rank, processes: of several processes, this one has every `processes`-th batch, beginning with `rank`.
    """

    def __init__(self, drawn: Drawn, tokens: int, seed: int, *, rank: int = 0, processes: int = 1) -> None:
        self.drawn, self.tokens, self.seed, self.epoch = drawn, tokens, seed, 0
        self.rank, self.processes = rank, processes
        wanted = max(1, round(drawn.tokens / tokens / processes)) * processes
        # Each batch has an input at least, and each process as many batches.
        self._count = min(wanted, len(drawn) // processes * processes) or len(drawn)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self._count // self.processes

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch))
        row = self._sorted_in_pools(self.drawn.of_epoch(random))
        batches = np.split(row, self._cuts(row))
        for place in random.permutation(self._count)[self.rank :: self.processes]:
            yield batches[place].tolist()

    def _sorted_in_pools(self, order: Places) -> Places:
        lengths = self.drawn.lengths
        pools = max(1, self._count // _POOL)
        return np.concatenate(
            [
                pool[np.argsort(lengths[pool] if number % 2 else -lengths[pool], kind="stable")]
                for number, pool in enumerate(np.array_split(order, pools))
            ]
        )

    def _cuts(self, row: Places) -> Places:
        """Where the batches but the first begin."""
        ends = np.cumsum(self.drawn.lengths[row])
        numbers = np.arange(1, self._count)
        cuts = np.searchsorted(ends, ends[-1] / self._count * numbers) + 1
        # No batch is empty, however long a single input is.
        cuts = np.maximum.accumulate(np.maximum(cuts - numbers, 0)) + numbers
        return np.asarray(np.minimum(cuts, len(row) - self._count + numbers), dtype=np.int64)


class LongestFirst(Sampler[int]):
    """Every input once, in the order of their lengths, for evaluation: what does not fit fails at once."""

    def __init__(self, lengths: NDArray[np.int64]) -> None:
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        yield from np.argsort(-self.lengths, kind="stable").tolist()


def token_batches(lengths: NDArray[np.int64], tokens: int) -> Iterator[NDArray[np.intp]]:
    """The places of each batch: inputs of like length, as many as fill a number of tokens once padded.

    The longest come first, so that what does not fit into memory fails at once.

    Args:
        lengths: of the inputs, in tokens.
        tokens: of a batch, at most; an input that is longer is a batch of its own.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + max(1, tokens // max(1, int(lengths[order[start]])))
        yield order[start:end]
        start = end
