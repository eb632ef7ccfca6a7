"""Which part of a long context is kept."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonize.relation.encode.windows import Range, kept

Context = tuple[int, list[Range], list[Range], int]


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """(length, mentions of the head, of the tail, room); a mention has two tags and something between."""
    length = draw(st.integers(6, 120))

    def mention() -> Range:
        start = draw(st.integers(0, length - 3))
        return Range(start, draw(st.integers(start + 3, min(length, start + draw(st.integers(3, 40))))))

    heads, tails = ([mention() for _ in range(draw(st.integers(1, 5)))] for _ in range(2))
    return length, heads, tails, draw(st.integers(2, 130))


def distance(one: Range, other: Range) -> int:
    first, second = sorted((one, other))
    return max(0, second.start - first.end)


def holds(windows: list[Range], mention: Range) -> bool:
    return any(window.start <= mention.start and mention.end <= window.end for window in windows)


@given(contexts())
def test_windows_are_at_most_the_room_inside_ordered_and_apart(context: Context) -> None:
    length, _, _, room = context
    windows = kept(*context)
    assert 1 <= len(windows) <= 2
    assert sum(window.size for window in windows) <= room
    assert all(0 <= window.start < window.end <= length for window in windows)
    assert all(one.end < other.start for one, other in pairwise(windows))


@given(contexts())
def test_what_fits_is_whole(context: Context) -> None:
    length, _, _, room = context
    assert (kept(*context) == [Range(0, length)]) == (length <= room)


@given(contexts())
def test_of_each_entity_a_mention_is_whole_where_the_nearest_two_fit(context: Context) -> None:
    _, heads, tails, room = context
    windows = kept(*context)
    least = min(distance(*both) for both in product(heads, tails))
    nearest = [both for both in product(heads, tails) if distance(*both) == least]
    fit = all(max(one.size, other.size) <= room // 2 for one, other in nearest)
    if fit:
        assert any(holds(windows, one) and holds(windows, other) for one, other in nearest)


@given(contexts())
def test_the_nearest_two_stand_in_one_window_where_they_fit_into_it(context: Context) -> None:
    _, heads, tails, room = context
    windows = kept(*context)
    least = min(distance(*both) for both in product(heads, tails))
    nearest = [
        Range(min(one.start, other.start), max(one.end, other.end))
        for one, other in product(heads, tails)
        if distance(one, other) == least
    ]
    if all(both.size <= room for both in nearest):
        assert len(windows) == 1
        assert any(holds(windows, both) for both in nearest)


@given(contexts())
def test_no_mention_is_cut_but_those_that_the_room_cannot_hold(context: Context) -> None:
    """A mention that meets one of the kept two may be cut: leaving it out would cut that one."""
    _, heads, tails, _ = context
    windows = kept(*context)
    least = min(distance(*both) for both in product(heads, tails))
    nearest = {mention for both in product(heads, tails) if distance(*both) == least for mention in both}
    core = [Range(min(map(min, nearest)), max(mention.end for mention in nearest))]
    for mention in {*heads, *tails} - nearest:
        if any(
            mention.start < part.end and part.start < mention.end
            for part in (core if len(windows) == 1 else nearest)
        ):
            continue
        met = [window for window in windows if window.start < mention.end and mention.start < window.end]
        assert all(holds([window], mention) for window in met)


@pytest.mark.parametrize(
    ("heads", "tails", "room", "expected"),
    [
        # The nearest two are not the first ones.
        ([(0, 3), (50, 53)], [(56, 59), (95, 98)], 20, [(45, 65)]),
        # What one side lacks the other gets.
        ([(1, 4)], [(6, 9)], 20, [(0, 20)]),
        ([(90, 93)], [(95, 98)], 20, [(80, 100)]),
        # Too far apart: a window each.
        ([(10, 13)], [(80, 83)], 20, [(7, 17), (77, 87)]),
        ([(80, 83)], [(10, 13)], 21, [(7, 17), (76, 87)]),
        # One so long that only its beginning is kept.
        ([(0, 60)], [(80, 83)], 20, [(0, 10), (77, 87)]),
        # A mention at the edge is left out rather than cut, of one window and of two.
        ([(44, 47), (50, 53)], [(56, 59)], 18, [(47, 64)]),
        ([(10, 13), (15, 19)], [(80, 83), (74, 78)], 20, [(13, 22), (71, 80)]),
        ([(10, 13)], [(13, 16)], 6, [(10, 16)]),
    ],
)
def test_examples(
    heads: list[tuple[int, int]],
    tails: list[tuple[int, int]],
    room: int,
    expected: list[tuple[int, int]],
) -> None:
    found = kept(100, [Range(*one) for one in heads], [Range(*one) for one in tails], room)
    assert found == [Range(*one) for one in expected]


def test_of_equally_near_ones_the_first_are_kept() -> None:
    heads, tails = [Range(10, 13), Range(60, 63)], [Range(15, 18), Range(65, 68)]
    assert holds(kept(100, heads, tails, 10), heads[0])
