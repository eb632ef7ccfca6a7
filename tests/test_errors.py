"""What every message is: one line, of bounded length, that a stream can print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.errors import HarmonizeError, MalformedInput, UnknownName

LONGEST = 8_000


@given(st.text(st.characters(), max_size=300))
def test_a_message_is_one_line_that_can_be_printed(text: str) -> None:
    message = str(HarmonizeError(text))
    assert len(message.splitlines()) <= 1
    message.encode()


def test_a_message_that_quotes_megabytes_keeps_its_place_and_its_end() -> None:
    message = str(MalformedInput("a.json", "expected an id, got " + "x" * 3_000_000 + " here", line=7))
    assert len(message) <= LONGEST
    assert message.startswith("a.json:7: expected an id, got xxx")
    assert "more ... x" in message
    assert message.endswith("x here")


@given(st.integers(LONGEST - 50, LONGEST + 50))
def test_nothing_is_lost_without_being_counted(length: int) -> None:
    message = str(HarmonizeError("x" * length))
    if length <= LONGEST:
        assert message == "x" * length
    else:
        left_out = int(message.split(" ... ")[1].removesuffix(" more").replace(",", ""))
        assert message.count("x") + left_out == length


@pytest.mark.parametrize(
    ("name", "hint"),
    [("biord", "; did you mean biored?"), ("BioRED", "; did you mean biored?"), ("x", ""), ("", "")],
)
def test_the_nearest_name_is_told(name: str, hint: str) -> None:
    message = str(UnknownName("corpus", name, (each for each in ("aimed", "biored"))))
    assert message == f"unknown corpus {name!r}: expected one of aimed, biored{hint}"
