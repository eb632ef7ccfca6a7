"""Which part of a context is kept where the whole does not fit: never a bare cut on the right.

The two mentions that stand nearest to each other are kept, one of each entity, with what stands between them;
then the text around them, outward on both sides. Where even those two are too far apart, each keeps a window
of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

__all__ = ["Range", "kept", "nearest", "overlapping"]


class Range(NamedTuple):
    """Half-open range [start, end) of tokens."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def kept(length: int, heads: Sequence[Range], tails: Sequence[Range], room: int) -> list[Range]:
    """The ranges of a context's tokens that are kept, in order and apart from each other.

    Args:
        length: of the whole context, in tokens.
        heads, tails: the mentions of each entity, tags included; at least one each.
        room: how many tokens may be kept, at least 2.

    Returns:
        One range where the nearest mentions fit together, two where they do not, of at most `room` tokens in
        all. Of each entity a mention is kept whole, or as much of its beginning as half the room holds.
    """
    if length <= room:
        return [Range(0, length)]
    both_sides = [*heads, *tails]
    head, tail = nearest(heads, tails)
    both = Range(min(head.start, tail.start), max(head.end, tail.end))
    if both.size <= room:
        return [_without_cut_mentions(_widened(both, room, length), both, both_sides)]
    windows, cores = [], []
    for mention, share in zip(sorted((head, tail)), (room // 2, room - room // 2), strict=True):
        cores.append(Range(mention.start, min(mention.end, mention.start + share)))
        windows.append(_widened(cores[-1], share, length))
    return [_without_cut_mentions(window, _within(window, cores), both_sides) for window in _joined(windows)]


def nearest(heads: Iterable[Range], tails: Iterable[Range]) -> tuple[Range, Range]:
    """The two mentions, one of each entity, that stand nearest to each other, the first of equals."""
    return min(product(heads, tails), key=_distance)


def overlapping(length: int, room: int) -> list[Range]:
    """Windows that together show all of a context, each one sharing a quarter of the room with the next.

    Args:
        length: of the context, in tokens.
        room: of a window, in tokens, at least 2.

    Returns:
        As few as that takes, all of one size, no larger than they must be: what is read twice costs twice.
    """
    if length <= room:
        return [Range(0, length)]
    shared = room // 4
    count = max(2, -(-(length - shared) // (room - shared)))
    size = min(room, -(-(length + (count - 1) * shared) // count))
    starts = [round(place * (length - size) / (count - 1)) for place in range(count)]
    return [Range(start, start + size) for start in starts]


def _within(window: Range, cores: Iterable[Range]) -> Range:
    """From the first to the last of those cores that a window holds."""
    held = [core for core in cores if window.start <= core.start and core.end <= window.end]
    return Range(min(core.start for core in held), max(core.end for core in held))


def _distance(mentions: tuple[Range, Range]) -> tuple[int, Range, Range]:
    """Tokens between two mentions, none if they overlap; the first of equally near ones comes first."""
    first, second = sorted(mentions)
    return (max(0, second.start - first.end), *mentions)


def _widened(core: Range, room: int, length: int) -> Range:
    """`core` with as much on both sides as the room holds; what one side lacks the other gets."""
    start = max(0, core.start - (room - core.size) // 2)
    end = min(length, start + room)
    return Range(max(0, end - room), end)


def _without_cut_mentions(window: Range, core: Range, mentions: Sequence[Range]) -> Range:
    """The window less those mentions at its edges that it would cut, since half a pair of tags misleads."""
    start, end = window
    for mention in sorted(mentions):
        if mention.start < start < mention.end <= core.start:
            start = mention.end
    for mention in sorted(mentions, key=lambda mention: mention.end, reverse=True):
        if core.end <= mention.start < end < mention.end:
            end = mention.start
    return Range(start, end)


def _joined(windows: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for window in sorted(windows):
        if joined and window.start <= joined[-1].end:
            joined[-1] = Range(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return joined
