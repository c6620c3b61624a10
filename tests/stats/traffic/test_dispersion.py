"""The index of dispersion, its trend and its interval; and bursts that have the indexes asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.traffic.bursts import burst_variances, nearest_indexes
from loadstone.stats.traffic.dispersion import FEWEST_WINDOWS, index_of_dispersion


def test_it_is_variance_over_mean_less_the_trend() -> None:
    counts = np.random.default_rng(1).poisson(5, 400)
    found = index_of_dispersion(counts, 1)
    assert found is not None
    place = np.linspace(-1, 1, 400)
    trend = np.polyval(np.polyfit(place, counts, 2), place)
    assert found.value == pytest.approx(((counts - trend) ** 2).sum() / 397 / counts.mean(), rel=1e-9)
    assert found.windows == 400


@pytest.mark.parametrize(("rate", "windows"), [(0.3, 600), (4.0, 60), (50.0, 20), (2.0, 8)])
def test_poisson_is_one_as_often_as_said(rate: float, windows: int) -> None:
    inside = 0
    for seed in range(200):
        found = index_of_dispersion(np.random.default_rng(seed).poisson(rate, windows), 1)
        inside += found is not None and found.low <= 1 <= found.high
    assert inside >= 178  # of 200 at 95 %: 177 or fewer come once in 5,000 times


def test_a_drift_within_the_hour_is_not_taken_for_bursts() -> None:
    hour = np.linspace(-1, 1, 3600)
    rate = 2 * (1 + 0.5 * hour - 0.3 * hour**2)
    inside = 0
    for seed in range(40):
        counts = np.random.default_rng(seed).poisson(rate)
        found = index_of_dispersion(counts, 60)
        assert found is not None
        inside += found.low <= 1 <= found.high
        raw = counts.reshape(60, 60).sum(axis=1)
        assert raw.var() / raw.mean() > 4
    assert inside >= 34


@pytest.mark.parametrize("at", [0, 30, 59])
def test_all_in_one_minute_of_the_hour_is_a_burst(at: int) -> None:
    counts = np.zeros(60, dtype=np.int64)
    counts[at] = 120
    found = index_of_dispersion(counts, 1)
    assert found is not None
    assert 90 < found.value < 130


def test_windows_that_follow_each_other_count_for_fewer() -> None:
    rng = np.random.default_rng(2)
    lasting = np.repeat(rng.gamma(1, 1, 40), 10)
    found = index_of_dispersion(rng.poisson(20 * lasting), 1)
    shuffled = index_of_dispersion(rng.permutation(rng.poisson(20 * lasting)), 1)
    assert found is not None
    assert shuffled is not None
    assert found.degrees < shuffled.degrees


@pytest.mark.parametrize(("counts", "grains"), [([], 1), ([3] * (FEWEST_WINDOWS - 1), 1), ([0] * 99, 1), ([5] * 99, 0)])
def test_too_little_tells_nothing(counts: list[int], grains: int) -> None:
    assert index_of_dispersion(np.array(counts, dtype=np.int64), grains) is None


def test_clockwork_has_no_dispersion() -> None:
    found = index_of_dispersion(np.full(100, 7), 1)
    assert found is not None
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.high < 1


def simulated(
    rate: float, windows: tuple[int, ...], variances: tuple[float, ...], seconds: int, seed: int
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factor = np.ones(seconds)
    for window, variance in zip(windows, variances, strict=True):
        if variance > 0:
            factor *= np.repeat(rng.gamma(1 / variance, variance, seconds // window), window)
    return rng.poisson(rate * factor)


@pytest.mark.parametrize("rate", [0.5, 20.0])
def test_bursts_have_the_indexes_asked_for(rate: float) -> None:
    windows, indexes = (1, 10, 60), (1.4, 2.5, 4.6)
    counts = simulated(rate, windows, burst_variances(rate, windows, indexes), 600_000, 3)
    for window, index in zip(windows, indexes, strict=True):
        sums = counts.reshape(-1, window).sum(axis=1)
        assert sums.var() / sums.mean() == pytest.approx(index, rel=0.06)


def test_what_can_be_is_left_as_it_is() -> None:
    assert nearest_indexes((1, 10, 60), (1.4, 2.5, 4.6)) == pytest.approx((1.4, 2.5, 4.6))
    assert nearest_indexes((1, 10, 60), (1.0, 1.0, 1.0)) == (1.0, 1.0, 1.0)
    assert burst_variances(3.0, (1, 10), (1.0, 1.0)) == (0.0, 0.0)


@given(st.lists(st.floats(0, 500), min_size=1, max_size=4), st.floats(0.01, 1000))
def test_whatever_is_asked_for_some_rate_can_have_the_nearest(indexes: list[float], rate: float) -> None:
    windows = [1.0, 10.0, 60.0, 600.0][: len(indexes)]
    near = nearest_indexes(windows, indexes)
    assert all(each >= 1 for each in near)
    assert near[-1] == pytest.approx(max(1.0, near[-1]))
    assert nearest_indexes(windows, near) == pytest.approx(near)
    assert all(each >= -1e-9 for each in burst_variances(rate, windows, near))


def test_windows_are_told_in_order() -> None:
    with pytest.raises(ValueError, match="grow"):
        nearest_indexes((10, 1), (1, 2))
