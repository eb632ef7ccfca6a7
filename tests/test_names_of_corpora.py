"""Names as users give them."""

from __future__ import annotations

import pytest

from harmonize.errors import UnknownName
from harmonize.names import corpus_key

NAMES = {"mine": "BioRED", "biored": "BioRED", "ddi": "DDI 2013", "Ours": "Ours", "ours": "other"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("biored", "biored"), ("BioRED", "biored"), ("MINE", "mine"), ("ddi 2013", "ddi"), ("ours", "ours")],
)
def test_keys_come_before_display_names(name: str, key: str) -> None:
    assert corpus_key(name, NAMES) == key


@pytest.mark.parametrize("name", ["OURS", "nine", ""])
def test_what_is_none_or_could_be_several_is_unknown(name: str) -> None:
    with pytest.raises(
        UnknownName, match=r"unknown corpus .*: expected one of mine, biored, ddi, Ours, ours"
    ):
        corpus_key(name, NAMES)
