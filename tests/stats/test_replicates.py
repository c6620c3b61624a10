"""Slopes and changes over runs: exact where the answer is, and holding the truth as often as they promise."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.replicates import change, growth, line, trend


@given(st.floats(-100, 100), st.floats(-10, 10), st.lists(st.floats(0.1, 50), min_size=3, max_size=12, unique=True))
def test_a_line_is_found_exactly(intercept: float, slope: float, levels: list[float]) -> None:
    x = np.array(levels)
    if np.ptp(x) < 0.01:
        return
    found = line(x, intercept + slope * x, np.arange(1.0, len(x) + 1))
    assert found is not None
    assert found.value == pytest.approx(slope, abs=1e-6 * (1 + abs(intercept) / np.ptp(x)))
    assert found.low <= found.value <= found.high


def test_the_line_is_numpys() -> None:
    random = np.random.default_rng(1)
    x, y, weight = random.random(9), random.random(9), random.integers(1, 9, 9).astype(np.float64)
    found = line(x, y, weight)
    fitted, covariance = np.polyfit(x, y, 1, w=np.sqrt(weight), cov=True)
    assert found is not None
    assert found.value == pytest.approx(fitted[0])
    assert found.high - found.value == pytest.approx(2.364624 * np.sqrt(covariance[0, 0]), rel=1e-5)  # t, 7 degrees


def test_intervals_hold_the_truth() -> None:
    """Nominal 95 %: at least 930 of 1000 (binomial, 3 sd)."""
    random = np.random.default_rng(3)
    level = np.repeat([10.0, 20.0, 40.0], 2)
    held = np.zeros(2)
    for _ in range(1000):
        y = 3 + 0.5 * level + random.normal(0, 2, 6)
        slope, grown = line(level, y, np.ones(6)), change(level, y)
        assert slope is not None
        assert grown is not None
        held += [slope.low <= 0.5 <= slope.high, grown.low <= 15 <= grown.high]
    assert held.min() >= 930


def test_too_few_tell_nothing() -> None:
    one = np.ones(3)
    assert line(one, one, one) is None
    assert line(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.ones(2)) is None
    assert line(np.array([1.0, 2.0, 3.0]), np.array([1.0, np.nan, 2.0]), one) is None
    assert change(np.array([1.0, 2.0, 3.0]), one) is None
    assert change(np.array([1.0, 1.0]), np.array([1.0, 2.0])) is None
    assert change(np.array([1.0, 2.0, 2.0]), np.array([1.0, np.nan, 2.0])) is None


def test_the_trend_by_hand() -> None:
    """8 runs in perfect order are one of 8! / 2^4 = 2520 orders."""
    level = np.repeat([1.0, 2.0, 3.0, 4.0], 2)
    assert trend(level, np.arange(8.0)) == pytest.approx(1 / 2520)
    assert trend(level, -np.arange(8.0)) == 1
    assert trend(np.array([1.0, 1.0, 2.0, 2.0]), np.arange(4.0)) == pytest.approx(1 / 6)
    assert trend(level, np.ones(8)) > 0.4
    assert trend(np.empty(0), np.empty(0)) == 1


def test_the_trend_is_every_order_counted() -> None:
    level = np.repeat([1.0, 2.0, 3.0], 2)

    def ordered(y: tuple[float, ...]) -> int:
        return sum(y[b] > y[a] for a in range(6) for b in range(6) if level[a] < level[b])

    every = [ordered(order) for order in permutations((1.0, 2.0, 3.0, 4.0, 5.0, 6.0))]
    for order in ((1.0, 3.0, 2.0, 5.0, 4.0, 6.0), (3.0, 1.0, 6.0, 2.0, 5.0, 4.0)):
        share = sum(one >= ordered(order) for one in every) / len(every)
        assert trend(level, np.array(order)) == pytest.approx(share)


def test_the_trend_sees_a_growth_whose_busiest_level_is_wild() -> None:
    level = np.repeat([7.5, 15.0, 30.0, 45.0], 2)
    y = np.array([0.0322, 0.0323, 0.0334, 0.0337, 0.05, 0.09, 0.12, 0.34])
    grown = change(level, y)
    assert grown is not None
    assert grown.low < 0
    assert trend(level, y) < 0.001
    on_logs = growth(level, y, 0.0003)
    assert on_logs is not None
    assert 0 < on_logs.low < on_logs.value == grown.value < on_logs.high


def test_a_growth_of_nothing_is_none() -> None:
    level = np.repeat([1.0, 2.0], 2)
    found = growth(level, np.zeros(4), 0.001)
    assert found is not None
    assert found[:3] == (0, 0, 0)
    assert growth(level, np.ones(4), 0.0) is None
    assert growth(np.ones(4), np.ones(4), 0.1) is None
