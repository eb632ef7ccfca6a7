"""Where head and tail stand: distance, pieces to mark, and short quotations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonize.model import Span
from harmonize.report.spans import ELLIPSIS, Context, gap, nearest, pieces, quoted


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 3), (5, 8), 2),
        ((5, 8), (0, 3), 2),
        ((0, 3), (3, 6), 0),
        ((0, 9), (2, 4), 0),
        ((0, 5), (3, 9), 0),
        ((4, 6), (4, 6), 0),
    ],
)
def test_gap_counts_the_characters_between(
    one: tuple[int, int], other: tuple[int, int], expected: int
) -> None:
    assert gap(Span(*one), Span(*other)) == expected


def test_nearest_takes_the_closest_mentions_and_the_earliest_of_equals() -> None:
    head, tail = (Span(0, 2), Span(40, 42), Span(60, 62)), (Span(20, 22), Span(45, 47), Span(65, 67))
    assert nearest(head, tail) == (Span(40, 42), Span(45, 47))


def marked(context: Context) -> list[tuple[str, str, str]]:
    return [(piece.text, "+".join(piece.sides), "+".join(piece.ends)) for piece in pieces(context)]


def test_a_mention_inside_another_is_marked_as_both() -> None:
    context = Context("a interleukin receptor b", (Span(2, 22),), (Span(2, 13),))
    assert marked(context) == [
        ("a ", "", ""),
        ("interleukin", "head+tail", "tail"),
        (" receptor", "head", "head"),
        (" b", "", ""),
    ]


def test_crossing_mentions_share_their_middle_only() -> None:
    assert marked(Context("abcdef", (Span(0, 4),), (Span(2, 6),))) == [
        ("ab", "head", ""),
        ("cd", "head+tail", "head"),
        ("ef", "tail", "tail"),
    ]


def test_a_discontinuous_mention_leaves_its_gap_unmarked() -> None:
    assert marked(Context("oral or iv drug", (Span(0, 4), Span(11, 15)), (Span(8, 10),))) == [
        ("oral", "head", "head"),
        (" or ", "", ""),
        ("iv", "tail", "tail"),
        (" ", "", ""),
        ("drug", "head", "head"),
    ]


def test_mentions_that_touch_stay_apart() -> None:
    assert marked(Context("abcd", (Span(0, 2),), (Span(2, 4),))) == [
        ("ab", "head", "head"),
        ("cd", "tail", "tail"),
    ]


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    text = draw(st.text(st.sampled_from("ab 🧬μ."), min_size=1, max_size=80))
    places = st.integers(0, len(text) - 1)
    sides = []
    for _ in range(2):
        starts = draw(st.sets(places, min_size=1, max_size=4))
        sides.append(tuple(sorted(Span(start, draw(st.integers(start + 1, len(text)))) for start in starts)))
    return Context(text, sides[0], sides[1])


@given(contexts())
def test_pieces_make_up_the_text_and_cover_each_mention(context: Context) -> None:
    found = pieces(context)
    assert "".join(piece.text for piece in found) == context.text
    position = 0
    for piece in found:
        here = range(position, position + len(piece.text))
        for side, spans in (("head", context.head), ("tail", context.tail)):
            inside = [any(span.start <= place < span.end for span in spans) for place in here]
            assert inside == [side in piece.sides] * len(here)
            assert (side in piece.ends) == any(span.end == here.stop for span in spans)
        position = here.stop


@given(contexts(), st.integers(2, 60))
@settings(max_examples=300)
def test_a_quotation_is_short_and_shows_both_entities(context: Context, quote: int) -> None:
    shown = quoted(context, quote)
    if len(context.text) <= quote:
        assert shown == context
    parts = [part.strip() for part in shown.text.split(ELLIPSIS)]
    assert sum(map(len, parts)) <= quote
    assert all(part in context.text for part in parts)
    for spans, whole in ((shown.head, context.head), (shown.tail, context.tail)):
        assert spans
        spelled = {span.of(context.text) for span in whole}
        for span in spans:
            assert 0 <= span.start < span.end <= len(shown.text)
            assert ELLIPSIS not in span.of(shown.text)
            assert any(span.of(shown.text) in mention for mention in spelled)


def test_a_quotation_shows_the_nearest_pair_in_whole_words() -> None:
    text = (
        "Aspirin was given early. "
        + "Nothing happened for weeks. " * 9
        + "Later aspirin blocked COX-2 for good."
    )
    head = (Span(0, 7), Span(text.index("aspirin"), text.index("aspirin") + 7))
    tail = (Span(text.index("COX-2"), text.index("COX-2") + 5),)
    shown = quoted(Context(text, head, tail), 40)
    assert shown.text == "… Later aspirin blocked COX-2 for good."
    assert [span.of(shown.text) for span in shown.head + shown.tail] == ["aspirin", "COX-2"]


def test_entities_far_apart_are_quoted_each_by_itself() -> None:
    text = "The drug aspirin here. " + "Nothing happened for weeks. " * 9 + "There the gene COX-2 is."
    head = (Span(9, 16),)
    tail = (Span(text.index("COX-2"), text.index("COX-2") + 5),)
    shown = quoted(Context(text, head, tail), 40)
    assert shown.text == "… drug aspirin here. … the gene COX-2 is."
    assert [span.of(shown.text) for span in shown.head + shown.tail] == ["aspirin", "COX-2"]
