"""Sources of the sample and of the real corpora, each read once for all tests of a process."""

from __future__ import annotations

import os
from functools import cache, cached_property
from pathlib import Path

import pytest
from adapter_variants import CATALOGUE, opened

from harmonize.model import Document
from harmonize.registry import adapter
from harmonize.text.sentences import with_sentences

MIRROR = os.environ.get("HARMONIZE_MIRROR") or None


def of_the_mirror(key: str, variant: str) -> list[pytest.MarkDecorator]:
    """The marks of what reads a real source: one worker has all tests of it."""
    return [
        pytest.mark.mirror,
        pytest.mark.skipif(MIRROR is None, reason="HARMONIZE_MIRROR names no folder with the real corpora"),
        pytest.mark.xdist_group(f"{key}-{variant}"),
    ]


class Reading:
    """One source of one corpus, and what was counted while it was read."""

    def __init__(self, key: str, variant: str, root: Path) -> None:
        self.corpus, self.root, self.variant = CATALOGUE[key], root, variant
        self.source, self.ledger = opened(key, variant, root)
        self.documents = list(adapter(key, CATALOGUE)(self.source))

    @cached_property
    def split(self) -> list[Document]:
        """The documents with the sentences that the rules use."""
        return [with_sentences(document) for document in self.documents]

    def again(self) -> list[Document]:
        source, _ = opened(self.corpus.key, self.variant, self.root)
        return list(adapter(self.corpus.key, CATALOGUE)(source))


@cache
def reading_of(key: str, variant: str, root: Path) -> Reading:
    return Reading(key, variant, root)
