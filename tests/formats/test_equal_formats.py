"""One corpus in several formats gives equal Documents."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from harmonize.ledger import READ, Ledger
from harmonize.model import SPLITS, Document, Split
from harmonize.registry import adapter, sample_folder
from harmonize.sources.source import Source
from harmonize.spec import load_catalogue

CATALOGUE = load_catalogue()
MIRROR = os.environ.get("HARMONIZE_MIRROR") or None
needs_mirror = [
    pytest.mark.mirror,
    pytest.mark.skipif(MIRROR is None, reason="HARMONIZE_MIRROR names no folder of real corpora"),
]
VARIANTS = [("biored", "bioc-xml"), ("biored", "bioc-json"), ("bc5cdr", "bioc-xml")]


def documents(
    root: Path, key: str, variant: str, splits: tuple[Split, ...], ledger: Ledger
) -> list[Document]:
    corpus = CATALOGUE[key]
    sources = {variant: {split: corpus.spec.sources[variant][split] for split in splits}}
    corpus = replace(corpus, spec=corpus.spec.model_copy(update={"sources": sources}))
    found = list(adapter(key, CATALOGUE)(Source(corpus, variant, root / key, ledger)))
    for document in found:
        ledger.leave(document.split, READ, "documents")
        ledger.leave(document.split, READ, "mentions", len(document.mentions))
        ledger.leave(document.split, READ, "relations", len(document.relations))
    ledger.check()
    return found


def assert_equal(root: Path, key: str, variant: str, splits: tuple[Split, ...]) -> None:
    left = documents(root, key, "pubtator", splits, Ledger())
    right = documents(root, key, variant, splits, Ledger())
    assert left
    assert [document.id for document in left] == [document.id for document in right]
    assert left == right


@pytest.mark.parametrize(("key", "variant"), VARIANTS)
def test_sample_formats_give_equal_documents(key: str, variant: str) -> None:
    assert_equal(sample_folder(), key, variant, SPLITS)


def test_sample_of_bc5cdr_sets_aside_individual_mentions_in_bioc_only() -> None:
    ledgers = {name: Ledger() for name in ("pubtator", "bioc-xml")}
    for name, ledger in ledgers.items():
        documents(sample_folder(), "bc5cdr", name, SPLITS, ledger)
    dropped: dict[str, Counter[str]] = {name: Counter() for name in ledgers}
    for name, ledger in ledgers.items():
        for split in SPLITS:
            dropped[name].update(ledger.as_dict(split)[READ]["mentions"]["dropped"])  # type: ignore[call-overload]
    assert not dropped["pubtator"]
    assert list(dropped["bioc-xml"]) == ["part of a composite mention"]


def mirror() -> Path:
    assert MIRROR is not None
    return Path(MIRROR)


@pytest.mark.parametrize("variant", [pytest.param(v, marks=needs_mirror) for v in ("bioc-xml", "bioc-json")])
def test_real_biored_formats_give_equal_documents(variant: str) -> None:
    files = CATALOGUE["biored"].spec.sources[variant]
    there = [split for split in SPLITS if all((mirror() / "biored" / name).exists() for name in files[split])]
    assert there
    assert_equal(mirror(), "biored", variant, tuple(there))


@pytest.mark.parametrize("split", [pytest.param(split, marks=needs_mirror) for split in SPLITS])
def test_real_bc5cdr_formats_give_equal_documents(split: Split) -> None:
    assert_equal(mirror(), "bc5cdr", "bioc-xml", (split,))
