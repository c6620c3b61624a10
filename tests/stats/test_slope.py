"""The Theil-Sen slope against scipy's, against lines that are known, and how often its interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from loadstone.stats.slope import MOST_POINTS, slope

NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_subnormal=False).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=40, unique_by=(lambda p: p[0], lambda p: p[1])))
def test_it_is_scipys(points: list[tuple[float, float]]) -> None:
    x, y = zip(*points, strict=True)
    found = slope(x, y)
    expected = stats.theilslopes(y, x, alpha=0.95)
    assert found is not None
    assert found.value == pytest.approx(expected.slope)
    assert found.low == pytest.approx(expected.low_slope)
    assert found.high == pytest.approx(expected.high_slope)


@given(NUMBERS, NUMBERS, st.integers(3, 60))
def test_a_line_has_its_own_slope(start: float, rise: float, count: int) -> None:
    x = np.arange(count, dtype=float)
    found = slope(list(x), list(start + rise * x))
    assert found is not None
    assert found.value == pytest.approx(rise, abs=1e-6)
    assert found.low <= found.value <= found.high


@given(st.integers(0, 2**32 - 1))
def test_a_quarter_of_wild_points_does_not_move_it_far(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.arange(100.0)
    y = 3 * x + random.normal(0, 1, 100)
    wild = random.choice(100, 20, replace=False)
    y[wild] = 1e9
    found = slope(list(x), list(y))
    assert found is not None
    assert 2 < found.value < 30


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    x = np.arange(60.0)
    held = 0
    for _ in range(600):
        found = slope(list(x), list(0.5 * x + random.normal(0, 4, 60)))
        assert found is not None
        held += found.low <= 0.5 <= found.high
    assert 0.93 <= held / 600 <= 0.98


def test_long_series_are_thinned_and_keep_their_slope() -> None:
    x = np.arange(20_000.0)
    found = slope(list(x), list(2 * x + np.sin(x)))
    assert found is not None
    assert found.points == MOST_POINTS
    assert found.value == pytest.approx(2, rel=1e-3)


def test_what_has_no_slope_has_none() -> None:
    assert slope([], []) is None
    assert slope([1, 2], [1, 2]) is None
    assert slope([1, 1, 1], [1, 2, 3]) is None
    assert slope([1, 2, 3], [float("nan")] * 3) is None


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="x has 2 values and y 1"):
        slope([1, 2], [1])


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=30))
def test_turning_y_over_turns_the_slope_over(points: list[tuple[float, float]]) -> None:
    x, y = (list(column) for column in zip(*points, strict=True))
    found = slope(x, y)
    assume(found is not None)
    turned = slope(x, [-value for value in y])
    assert found is not None
    assert turned is not None
    assert turned.value == pytest.approx(-found.value)
