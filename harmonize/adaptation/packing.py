"""Texts -> rows of tokens in a file, made once and read through memory mapping.

    [CLS] first text [SEP] second te        a text that does not fit goes on in the next row
    [CLS] ##xt [SEP] third text [PAD]       [SEP] between two texts; little or no padding

A token that goes on with the word of the token before it is written as its id's complement (~id, negative),
so that whole words can be masked, whatever the tokenizer's way of writing that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harmonize.errors import HarmonizeError

__all__ = ["Frame", "Packed", "Rows", "open_rows", "pack"]

Rows = NDArray[np.int32]
"""[rows, tokens of a row]"""

_BATCH = 512


class Frame(NamedTuple):
    """The ids that frame texts in rows."""

    first: int
    between: int
    padding: int

    @classmethod
    def of(cls, tokenizer: Any) -> Frame:
        """Those of a tokenizer.

        Raises:
            HarmonizeError: it lacks one, or a mask: no encoder that is trained by masking.
        """
        ids = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
        if None in (*ids, tokenizer.mask_token_id):
            raise HarmonizeError(
                "expected an encoder whose tokenizer has tokens for the beginning, the end, padding and masks"
            )
        return cls(*ids)


class Packed(NamedTuple):
    """What a file of rows holds.

    Attributes:
        tokens: of texts, without the frame's.
    """

    texts: int
    tokens: int
    rows: int


def pack(texts: Iterable[str], tokenizer: Any, max_length: int, path: Path) -> Packed:
    """Write texts as rows; memory holds a batch of them.

    Raises:
        HarmonizeError: see Frame.
    """
    with path.open("wb") as file:
        writer = _Writer(file, Frame.of(tokenizer), max_length)
        for tokens in _tokens(texts, tokenizer):
            writer.add(tokens)
        return writer.finished()


def open_rows(path: Path, max_length: int) -> Rows:
    """The rows of a file that `pack` has written, read as they are asked for."""
    if not path.stat().st_size:
        return np.empty((0, max_length), dtype=np.int32)
    return np.memmap(path, dtype=np.int32, mode="r").reshape(-1, max_length)


def _tokens(texts: Iterable[str], tokenizer: Any) -> Iterator[NDArray[np.int32]]:
    """The tokens of each text, those that go on with a word as complements."""
    remaining = iter(texts)
    while batch := list(islice(remaining, _BATCH)):
        # Text that spells [SEP] stays text.
        encoded = tokenizer(
            batch,
            add_special_tokens=False,
            split_special_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        for place, ids in enumerate(encoded["input_ids"]):
            tokens = np.array(ids, dtype=np.int32)
            words = np.array(
                [-1 if word is None else word for word in encoded.word_ids(place)], dtype=np.int64
            )
            goes_on = np.zeros(len(tokens), dtype=bool)
            goes_on[1:] = words[1:] == words[:-1]
            yield np.where(goes_on, ~tokens, tokens)


class _Writer:
    """Fills rows with texts and writes each that is full."""

    def __init__(self, file: IO[bytes], frame: Frame, max_length: int) -> None:
        self._file, self._frame = file, frame
        self._row = np.empty(max_length, dtype=np.int32)
        self._row[0] = frame.first
        self._end = max_length - 1  # where the last [SEP] of a full row stands
        self._filled, self._texts, self._tokens, self._rows = 1, 0, 0, 0

    def add(self, tokens: NDArray[np.int32]) -> None:
        self._texts += 1
        self._tokens += len(tokens)
        if len(tokens) and self._filled > 1:
            if self._filled + 1 < self._end:
                self._row[self._filled] = self._frame.between
                self._filled += 1
            else:
                self._write()
        while len(tokens):
            taken = tokens[: self._end - self._filled]
            self._row[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            tokens = tokens[len(taken) :]
            if self._filled == self._end:
                self._write()

    def finished(self) -> Packed:
        if self._filled > 1:
            self._write()
        return Packed(self._texts, self._tokens, self._rows)

    def _write(self) -> None:
        self._row[self._filled] = self._frame.between
        self._row[self._filled + 1 :] = self._frame.padding
        self._file.write(self._row.tobytes())
        self._filled = 1
        self._rows += 1
