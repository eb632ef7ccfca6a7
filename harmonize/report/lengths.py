"""How long the contexts of each corpus are, in an encoder's tokens or in words."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from harmonize.errors import HarmonizeError
from harmonize.union.reader import load_union

__all__ = ["LIMIT", "Bin", "Lengths", "Ruler", "edges", "lengths", "ruler"]

LIMIT = 512
"""The longest input of BERT's encoders, in tokens."""

_BINS_PER_DOUBLING = 3
_FIRST_EDGE, _LAST_EDGE = 4, 1024
_TEXTS_AT_ONCE = 1_000


class Ruler(NamedTuple):
    """What lengths are measured in.

    Attributes:
        unit: "tokens" or "words".
        name: the tokenizer's, None for words.
        vocabulary: how many entries the tokenizer's has.
        measure: the lengths of some texts, without special tokens.
    """

    unit: str
    name: str | None
    vocabulary: int
    measure: Callable[[list[str]], list[int]]


class Bin(NamedTuple):
    """Contexts of start <= length < end."""

    start: int
    end: int
    contexts: int


class Lengths(NamedTuple):
    """The lengths of a corpus' distinct contexts; `above` counts those longer than LIMIT.

    Median and 95th percentile are lengths that occur: the least that so many contexts do not exceed.
    """

    corpus: str
    contexts: int
    median: int
    percentile_95: int
    longest: int
    above: int
    bins: tuple[Bin, ...]


def ruler(tokenizer: str | None) -> Ruler:
    """Load a tokenizer, or count words.

    Args:
        tokenizer: a name on the Hugging Face hub or a local folder; None for words, parted by blanks.

    Raises:
        HarmonizeError: the tokenizer cannot be had, or is one without a vocabulary.
    """
    if tokenizer is None:
        return Ruler("words", None, 0, lambda texts: [len(text.split()) for text in texts])
    advice = "give a folder with --tokenizer, or --tokenizer none for words"
    with _silence():
        from transformers import AutoTokenizer

        try:
            loaded = AutoTokenizer.from_pretrained(tokenizer)
        except Exception as error:  # noqa: BLE001  (the tokenizers library raises nothing narrower)
            reason = str(error).strip().split("\n")[0]
            raise HarmonizeError(
                f"tokenizer {tokenizer}: expected a folder with a tokenizer or a name on the Hugging Face "
                f"hub, got: {reason}; {advice}"
            ) from None
    # A folder without a vocabulary loads all the same, and then knows its special tokens only.
    if len(loaded) <= len(loaded.all_special_tokens):
        raise HarmonizeError(f"tokenizer {tokenizer}: expected a vocabulary, found none; {advice}")

    def measure(texts: list[str]) -> list[int]:
        return [len(ids) for ids in loaded(texts, add_special_tokens=False, verbose=False)["input_ids"]]

    name = Path(tokenizer).resolve().name if Path(tokenizer).is_dir() else tokenizer
    return Ruler("tokens", name, len(loaded), measure)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """No advice on missing frameworks, no retries: the error says what there is to say."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def lengths(folder: Path, corpora: Sequence[str], by: Ruler) -> list[Lengths]:
    """The lengths of the distinct contexts of each corpus of the set at `folder`; all have the same bins.

    Raises:
        UnionError: a file of the set is missing or broken.
    """
    measured = {corpus: _measured(folder, corpus, by) for corpus in corpora}
    bounds = edges(max((values[-1] for values in measured.values() if values), default=0))
    return [_summary(corpus, values, bounds) for corpus, values in measured.items()]


def _measured(folder: Path, corpus: str, by: Ruler) -> list[int]:
    texts = pc.unique(load_union(folder, corpora=[corpus], columns=["text"])["text"])
    values: list[int] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        values += by.measure(texts[start : start + _TEXTS_AT_ONCE].to_pylist())
    return sorted(values)


def edges(longest: int) -> list[int]:
    """Bounds of bins that hold lengths up to `longest`: 0, 4, 5, 6, 8, 10, 13, 16, ..., three a doubling."""
    first = round(math.log2(_FIRST_EDGE)) * _BINS_PER_DOUBLING
    bounds, power = [0], first
    while bounds[-1] <= max(longest, _LAST_EDGE - 1):
        bounds.append(round(2 ** (power / _BINS_PER_DOUBLING)))
        power += 1
    return bounds


def _summary(corpus: str, values: Sequence[int], bounds: Sequence[int]) -> Lengths:
    counts = [0] * (len(bounds) - 1)
    number = 0
    for value in values:
        while value >= bounds[number + 1]:
            number += 1
        counts[number] += 1
    bins = tuple(
        Bin(start, end, count) for start, end, count in zip(bounds, bounds[1:], counts, strict=False)
    )
    return Lengths(
        corpus,
        len(values),
        _at_most(values, 0.5),
        _at_most(values, 0.95),
        values[-1] if values else 0,
        sum(value > LIMIT for value in values),
        bins,
    )


def _at_most(values: Sequence[int], share: float) -> int:
    """The least of the sorted values that `share` of them do not exceed; 0 for no values."""
    return values[math.ceil(share * len(values)) - 1] if values else 0
