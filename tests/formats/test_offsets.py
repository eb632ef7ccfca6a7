"""Offsets in other units than code points: there and back again, and which unit a file's mentions show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.formats.offsets import OFFSET_UNITS, Offsets, OffsetUnit, code_points, length_in
from harmonize.model import Span

# A letter, one of two bytes, one of three, and one that is two UTF-16 units and four bytes.
texts = st.text("aβ−🐭\u0301", max_size=20)
units = st.sampled_from(OFFSET_UNITS)


def counted(text: str, unit: OffsetUnit) -> int:
    if unit == "codepoints":
        return len(text)
    return len(text.encode()) if unit == "bytes" else len(text.encode("utf-16-le")) // 2


def in_unit(span: Span, text: str, unit: OffsetUnit) -> Span:
    return Span(counted(text[: span.start], unit), counted(text[: span.end], unit))


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, Span]:
    text = draw(texts)
    start = draw(st.integers(0, len(text)))
    return text, Span(start, draw(st.integers(start, len(text))))


@given(given_span=spans(), unit=units)
def test_a_span_comes_back_from_every_unit(given_span: tuple[str, Span], unit: OffsetUnit) -> None:
    text, span = given_span
    assert code_points(in_unit(span, text, unit), text, unit) == span
    assert length_in(text, unit) == counted(text, unit)


@given(text=texts, unit=units, start=st.integers(0, 90), length=st.integers(0, 5))
def test_whatever_comes_back_is_the_only_span_there(
    text: str, unit: OffsetUnit, start: int, length: int
) -> None:
    span = code_points(Span(start, start + length), text, unit)
    if span is not None and span.end <= len(text):
        assert in_unit(span, text, unit) == (start, start + length)
    elif start + length <= counted(text, unit):
        ends = {counted(text[:place], unit) for place in range(len(text) + 1)}
        assert span is None
        assert not {start, start + length} <= ends


@given(text=texts, unit=units, beyond=st.integers(1, 9))
def test_what_lies_beyond_the_text_keeps_its_distance(text: str, unit: OffsetUnit, beyond: int) -> None:
    end = counted(text, unit)
    assert code_points(Span(end, end + beyond), text, unit) == (len(text), len(text) + beyond)
    assert code_points(Span(-beyond, 0), text, unit) == (-beyond, 0)


TEXT = "Zelpar 🐭 lowers IL-1β and gout."
GOUT = Span(TEXT.index("gout"), TEXT.index("gout") + 4)


@pytest.mark.parametrize("unit", OFFSET_UNITS)
@pytest.mark.parametrize("read_as", OFFSET_UNITS)
def test_a_mention_tells_the_unit_that_it_is_counted_in(unit: OffsetUnit, read_as: OffsetUnit) -> None:
    offsets, raw = Offsets(read_as), in_unit(GOUT, TEXT, unit)
    placed = offsets.placed(raw, "gout", TEXT)
    if unit == read_as:
        assert placed == GOUT
        assert (offsets.fitting, offsets.suspected) == ({}, None)
        assert offsets.against == dict.fromkeys(set(OFFSET_UNITS) - {unit}, 1)
    else:
        assert placed != GOUT
        assert offsets.other_unit(raw, "gout", TEXT) == unit
        assert (offsets.fitting, offsets.suspected) == ({unit: 1}, unit)
        assert f"`--offsets {unit}` reads them" in (offsets.advice() or "")


def test_what_stands_before_every_wide_character_says_nothing() -> None:
    offsets = Offsets()
    assert offsets.placed(Span(0, 6), "Zelpar", TEXT) == (0, 6)
    assert offsets.placed(Span(0, 4), "gout", "gout") == (0, 4)
    assert offsets.other_unit(Span(1, 5), "gout", "gout") is None
    assert (offsets.fitting, offsets.against, offsets.advice()) == ({}, {}, None)


def test_the_file_as_a_whole_decides() -> None:
    offsets = Offsets()
    bytes_ = in_unit(GOUT, TEXT, "bytes")
    for _ in range(3):
        offsets.placed(GOUT, "gout", TEXT)
    for number in range(4):
        assert offsets.suspected is None
        assert offsets.other_unit(bytes_, "gout", TEXT) == "bytes", number
    assert offsets.suspected == "bytes"
    assert offsets.advice() == (
        "4 mentions fit only if offsets count bytes, 3 only if they count code points; "
        "`--offsets bytes` reads them so"
    )
