"""Encoded pairs -> batches of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from harmonize.relation.encode.encoding import Encoded

__all__ = ["EncodedPairs", "padded"]


class EncodedPairs(Dataset[dict[str, Any]]):
    """Encoded pairs in a few large arrays, each with its label's index.

    Args:
        encoded: one by one; only their ids are kept.
        labels: of each, -1 where there is none; or [inputs, labels], how probable each is to be.
    """

    def __init__(self, encoded: Iterable[Encoded], labels: Sequence[int] | NDArray[np.float32]) -> None:
        ids: list[NDArray[np.int32]] = []
        types: list[NDArray[np.int8]] = []
        places: list[tuple[int, int]] = []
        for one in encoded:
            places.append((one.head_place, one.tail_place))
            ids.append(np.array(one.input_ids, dtype=np.int32))
            types.append(np.array(one.token_type_ids, dtype=np.int8))
        if len(ids) != len(labels):
            raise ValueError(f"{len(ids)} inputs, {len(labels)} labels")
        self.lengths = np.array([len(one) for one in ids], dtype=np.int64)
        self._ends = np.cumsum(self.lengths)
        self._ids = np.concatenate(ids) if ids else np.empty(0, dtype=np.int32)
        self._types = np.concatenate(types) if types else np.empty(0, dtype=np.int8)
        self._places = np.array(places, dtype=np.int64).reshape(-1, 2)
        soft = isinstance(labels, np.ndarray) and labels.ndim == 2
        self.labels = np.array(labels, dtype=np.float32 if soft else np.int64)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> dict[str, Any]:
        end = self._ends[place]
        part = slice(end - self.lengths[place], end)
        return {
            "input_ids": self._ids[part],
            "token_type_ids": self._types[part],
            "places": self._places[place],
            "labels": self.labels[place],
        }

    def places(self, items: Iterable[int]) -> NDArray[np.int64]:
        """Where the pairs of inputs stand in what was encoded: one input is one pair."""
        return np.fromiter(items, dtype=np.int64)


def padded(
    items: Sequence[dict[str, Any]],
    padding: int,
    *,
    types_too: bool = True,
    multiple: int = 8,
    places_too: bool = False,
) -> dict[str, torch.Tensor]:
    """A batch, padded to its longest input rounded up to a multiple.

    Args:
        padding: the id of the padding token.
        types_too: the encoder knows token types.
        places_too: the model looks at where the entities stand.

    Returns:
        input_ids, attention_mask, token_type_ids: int64 [items, tokens]; places: int64 [items, 2], of head
        and tail; labels: int64 [items], or float32 [items, labels] where they are soft.
    """
    longest = max(len(item["input_ids"]) for item in items)
    shape = (len(items), -(-longest // multiple) * multiple)
    ids = np.full(shape, padding, dtype=np.int64)
    types, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, item in enumerate(items):
        length = len(item["input_ids"])
        ids[row, :length], types[row, :length], mask[row, :length] = (
            item["input_ids"],
            item["token_type_ids"],
            1,
        )
    arrays = {"input_ids": ids, "attention_mask": mask} | ({"token_type_ids": types} if types_too else {})
    arrays |= {"places": np.stack([item["places"] for item in items])} if places_too else {}
    batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {**batch, "labels": torch.from_numpy(np.stack([item["labels"] for item in items]))}
