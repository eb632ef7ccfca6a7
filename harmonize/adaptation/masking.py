"""Whole words masked (Devlin et al. 2019, with whole-word masking as PubMedBERT has it).

Of a row's tokens a share is chosen, word by word; of the chosen words eight in ten become [MASK], one in ten
random tokens, and one in ten stay. What is chosen is a function of seed, epoch and row alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from harmonize.adaptation.packing import Rows

__all__ = ["IGNORED", "MaskedRows", "Masking", "Shuffled", "batch_of"]

IGNORED = -100
"""The label of a token that is not to be told, as torch's cross entropy has it."""
_MASKED, _RANDOM = 0.8, 0.9


class Masking:
    """Masks rows, for one tokenizer.

    Args:
        share: of a row's tokens, frame and unknown ones not counted in.
    """

    def __init__(self, tokenizer: Any, share: float) -> None:
        self.mask, self.share = int(tokenizer.mask_token_id), share
        self._special = np.zeros(len(tokenizer), dtype=bool)
        self._special[tokenizer.all_special_ids] = True
        self._replacements = np.flatnonzero(~self._special)

    def __call__(
        self, row: NDArray[np.int32], random: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Mask a row as `packing` writes it.

        Returns:
            (ids, labels), [tokens] each; the label is the token itself where it is to be told, else IGNORED.
        """
        goes_on = row < 0
        ids = np.where(goes_on, ~row, row).astype(np.int64)
        labels = np.full(len(ids), IGNORED, dtype=np.int64)
        for places in self._chosen(ids, goes_on, random):
            labels[places] = ids[places]
            what = random.random()
            if what < _MASKED:
                ids[places] = self.mask
            elif what < _RANDOM:
                ids[places] = random.choice(self._replacements, len(places))
        return ids, labels

    def _chosen(
        self, ids: NDArray[np.int64], goes_on: NDArray[np.bool_], random: np.random.Generator
    ) -> list[NDArray[np.intp]]:
        """The places of each chosen word: in random order as many as fit into the share, at least one."""
        plain = np.flatnonzero(~self._special[ids])
        if not len(plain):
            return []
        # A word begins where a token does not go on, or goes on with what stood in the row before.
        begins = ~goes_on[plain] | np.r_[True, np.diff(plain) > 1]
        words = np.split(plain, np.flatnonzero(begins)[1:])
        room = max(1, round(self.share * len(plain)))
        chosen: list[NDArray[np.intp]] = []
        for place in random.permutation(len(words)):
            if len(words[place]) <= room or not chosen:
                chosen.append(words[place])
                room -= len(words[place])
            if room <= 0:
                break
        return chosen


class MaskedRows(Dataset[dict[str, Any]]):
    """Rows, masked anew in each epoch: item `epoch * rows + row`."""

    def __init__(self, rows: Rows, masking: Masking, seed: int) -> None:
        self.rows, self.masking, self.seed = rows, masking, seed

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, item: int) -> dict[str, Any]:
        epoch, row = divmod(item, len(self.rows))
        ids, labels = self.masking(self.rows[row], np.random.default_rng((self.seed, epoch, row)))
        return {"input_ids": ids, "labels": labels}


class Shuffled(Sampler[int]):
    """The items of an epoch, in an order that depends on seed and epoch alone: training resumes exactly."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.seed, self.epoch = rows, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.rows)
        yield from (self.epoch * self.rows + order).tolist()


def batch_of(items: Sequence[dict[str, Any]], padding: int) -> dict[str, torch.Tensor]:
    """input_ids, attention_mask and labels: int64 [items, tokens]."""
    batch = {name: torch.from_numpy(np.stack([item[name] for item in items])) for name in items[0]}
    return {**batch, "attention_mask": (batch["input_ids"] != padding).long()}
