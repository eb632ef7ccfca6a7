"""Shards, and classifiers that fail; they stand in a module that workers can import."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from prediction_cases import Fake, article, written

from harmonize.errors import HarmonizeError
from harmonize.pipelines.shard import shard
from harmonize.relation.pair import Pair

UNLUCKY = "Hexerin"
"""The chemical of an article that the classifiers below fail at."""


def articles(count: int, unlucky: int | None = None) -> str:
    """So many articles of two pairs each; the unlucky one's chemical has another name."""
    texts = [article(number) for number in range(1, count + 1)]
    if unlucky is not None:
        texts[unlucky - 1] = texts[unlucky - 1].replace("Aspirin", UNLUCKY)
    return "".join(texts)


def sharded(folder: Path, text: str, documents_per_shard: int = 3, name: str = "shards") -> Path:
    """A folder of shards of articles in PubTator."""
    out = folder / name
    shard(written(folder, text, f"{name}.PubTator"), out, documents_per_shard=documents_per_shard)
    return out


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(folder: Path) -> list[dict[str, object]]:
    """The rows of a folder's parts, in order."""
    parts = sorted((folder / "data").glob("*.parquet"))
    return [row for part in parts for row in pq.ParquetFile(part).read().to_pylist()]


class Failing(Fake):
    """Does not take a pair of the unlucky chemical."""

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        if any(UNLUCKY in repr(pair) for pair in pairs):
            self.fail()
        return super().probabilities(pairs)

    def fail(self) -> None:
        raise HarmonizeError("a pair that the classifier was not trained on")


class Crashing(Failing):
    """Meets a fault that nobody has thought of."""

    def fail(self) -> None:
        raise ZeroDivisionError("first line\nsecond line")


class Dying(Failing):
    """Kills its process, the first time.

    Args:
        marks: a folder that gets a file for each process that is killed.
    """

    def __init__(self, marks: Path) -> None:
        super().__init__()
        self.marks = marks

    def fail(self) -> None:
        if not any(self.marks.iterdir()):
            (self.marks / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
