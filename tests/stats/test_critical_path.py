"""The critical path fills the root's time exactly, and follows what ended last; own times against counting instants."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.critical_path import OVERLAP, critical_path, own_times


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[int], list[list[int]]]:
    """Spans with any instants, each but the first under an earlier one."""
    count = draw(st.integers(1, 12))
    scale = draw(st.sampled_from([1, OVERLAP // 3, OVERLAP * 5]))
    start = [draw(st.integers(-20, 20)) * scale for _ in range(count)]
    end = [begin + draw(st.integers(0, 20)) * scale for begin in start]
    children: list[list[int]] = [[] for _ in range(count)]
    for place in range(1, count):
        children[draw(st.integers(0, place - 1))].append(place)
    return start, end, children


@given(trees())
def test_sections_fill_the_roots_time(tree: tuple[list[int], list[int], list[list[int]]]) -> None:
    start, end, children = tree
    path = critical_path(start, end, children, 0)
    assert sum(finish - begin for _, begin, finish in path) == end[0] - start[0]
    assert all(one[2] == other[1] for one, other in pairwise(path))
    for place, begin, finish in path:
        assert start[place] <= begin < finish
        assert finish <= end[place]
    if path:
        assert (path[0][1], path[-1][2]) == (start[0], end[0])


@given(trees())
def test_own_time_is_what_no_child_covers(tree: tuple[list[int], list[int], list[list[int]]]) -> None:
    start, end, children = tree
    edges = sorted({*start, *end})
    for place, own in enumerate(own_times(start, end, children)):
        bare = sum(
            later - sooner
            for sooner, later in pairwise(edges)
            if start[place] <= sooner
            and later <= end[place]
            and not any(start[child] <= sooner and later <= end[child] for child in children[place])
        )
        assert own == bare


def path(spans: list[tuple[int, int]], children: dict[int, list[int]]) -> list[tuple[int, int, int]]:
    """In milliseconds."""
    below = [children.get(place, []) for place in range(len(spans))]
    found = critical_path([s * OVERLAP for s, _ in spans], [e * OVERLAP for _, e in spans], below, 0)
    return [(place, begin // OVERLAP, end // OVERLAP) for place, begin, end in found]


def test_serial_children_are_all_waited_for() -> None:
    assert path([(0, 100), (10, 40), (50, 90)], {0: [1, 2]}) == [
        (0, 0, 10),
        (1, 10, 40),
        (0, 40, 50),
        (2, 50, 90),
        (0, 90, 100),
    ]


def test_of_parallel_children_the_last_to_finish_is_waited_for() -> None:
    assert path([(0, 100), (0, 60), (10, 100), (5, 70)], {0: [1, 2, 3]}) == [(0, 0, 10), (2, 10, 100)]


def test_siblings_that_overlap_a_little_are_serial() -> None:
    spans = [(0, 100), (0, 51), (50, 100)]
    assert path(spans, {0: [1, 2]}) == [(1, 0, 50), (2, 50, 100)]
    spans = [(0, 100), (0, 53), (50, 100)]
    assert path(spans, {0: [1, 2]}) == [(0, 0, 50), (2, 50, 100)]


def test_short_siblings_side_by_side_are_not_serial() -> None:
    start, end = [0, 0, 400_000], [1_000_000, 700_000, 1_000_000]
    assert critical_path(start, end, [[1, 2], [], []], 0) == [(0, 0, 400_000), (2, 400_000, 1_000_000)]


def test_a_child_that_outlives_its_parent_is_cut() -> None:
    assert path([(0, 100), (50, 400), (200, 300)], {0: [1], 1: [2]}) == [(0, 0, 50), (1, 50, 100)]


def test_a_child_out_of_its_parents_time_is_not_waited_for() -> None:
    assert path([(0, 100), (-50, -10), (150, 160)], {0: [1, 2]}) == [(0, 0, 100)]


def test_the_path_goes_down_into_what_is_waited_for() -> None:
    assert path([(0, 100), (10, 90), (20, 80)], {0: [1], 1: [2]}) == [
        (0, 0, 10),
        (1, 10, 20),
        (2, 20, 80),
        (1, 80, 90),
        (0, 90, 100),
    ]


def test_a_deep_chain_needs_no_deep_stack() -> None:
    depth = 20_000
    start = list(range(depth))
    end = [2 * depth - place for place in start]
    children = [[place + 1] for place in range(depth - 1)] + [[]]
    assert sum(e - b for _, b, e in critical_path(start, end, children, 0)) == 2 * depth
