"""What a tree of timed spans waited for: the critical path, and the time that is each span's own.

The critical path of a span is walked backwards from its end: what ended last before this instant was waited for,
and so on into it (Jaeger's critical path; Zhang, Ramanathan, Raj, Parwal, Sherwood, Chabbi: CRISP, USENIX ATC 2022).
A child is cut to its parent, as Jaeger does with children that overflow; which of them were waited for at all is the
caller's to say (``loadstone.model.trace``). Children that overlap only a little are taken
to be serial (CRISP): clocks are read before a call returns and after the next begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["OVERLAP", "OVERLAP_SHARE", "critical_path", "own_times"]

OVERLAP_SHARE = Fraction(1, 10)
"""Siblings that overlap by no more than this share of the shorter are serial; two that truly run side by side overlap
by more than half of it in any trace worth a word."""

OVERLAP = 1_000_000
"""And by no more than a millisecond (in the spans' unit, nanoseconds): the resolution of the coarsest exporters."""


def critical_path(
    start: Sequence[int], end: Sequence[int], children: Sequence[Sequence[int]], root: int
) -> list[tuple[int, int, int]]:
    """Sections (place, start, end) in order of time: who had to finish for the root to. They fill the root's time
    without gap or overlap, so that their lengths add up to its duration exactly.

    ``end`` is never before ``start``; ``children`` name each place but the root at most once.
    """
    sections: list[tuple[int, int, int]] = []
    part = OVERLAP_SHARE.denominator
    waiting = [(root, start[root], end[root])]
    while waiting:
        place, low, high = waiting.pop()
        cursor = high
        for finish, begin, child in _last_first(start, end, children[place], low, high):
            overlap = finish - cursor
            if overlap > 0:
                shorter = min(finish - begin, high - cursor)
                if overlap > OVERLAP or overlap * part > shorter:
                    continue
                finish = cursor
            if begin >= finish:
                continue
            if finish < cursor:
                sections.append((place, finish, cursor))
            waiting.append((child, begin, finish))
            cursor = begin
        if low < cursor:
            sections.append((place, low, cursor))
    sections.sort(key=lambda section: section[1])
    return sections


def own_times(start: Sequence[int], end: Sequence[int], children: Sequence[Sequence[int]]) -> list[int]:
    """Of each span, the time that no child of it covers."""
    own: list[int] = []
    for place, below in enumerate(children):
        low, high = start[place], end[place]
        left = high - low
        if below:
            covered = low
            for begin, finish in sorted((start[child], end[child]) for child in below):
                begin, finish = max(begin, covered), min(finish, high)
                if finish > begin:
                    left -= finish - begin
                    covered = finish
        own.append(left)
    return own


def _last_first(
    start: Sequence[int], end: Sequence[int], places: Sequence[int], low: int, high: int
) -> list[tuple[int, int, int]]:
    """The children as (end, start, place), cut to [low, high], the last to end first; of equals the longest."""
    found = [(min(end[place], high), max(start[place], low), place) for place in places]
    found.sort(key=lambda child: (-child[0], child[1]))
    return found
