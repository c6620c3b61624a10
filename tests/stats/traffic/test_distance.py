"""Distances against scipy, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loadstone.stats.traffic.distance import distances, interval, kolmogorov, resampled_weights, total_variation

numbers = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=40)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # scipy's p value, which is not asked for
@given(numbers, numbers)
def test_kolmogorov_is_scipys(first: list[float], second: list[float]) -> None:
    expected = stats.ks_2samp(first, second, method="asymp").statistic
    assert kolmogorov(np.array(first), np.array(second)) == pytest.approx(expected, abs=1e-12)


@given(numbers, numbers)
def test_weights_are_repetitions(first: list[float], second: list[float]) -> None:
    times = np.random.default_rng(len(first)).integers(0, 4, len(first))
    if times.sum():
        repeated = np.repeat(np.array(first), times)
        weighted = kolmogorov(np.array(first), np.array(second), times.astype(float))
        assert weighted == pytest.approx(kolmogorov(repeated, np.array(second)), abs=1e-12)


def test_total_variation_is_half_the_differences() -> None:
    assert total_variation(np.array([7.0, 3.0]), np.array([50.0, 50.0])) == pytest.approx(0.2)
    assert total_variation(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1
    assert total_variation(np.zeros(2), np.ones(2)) == 1


def test_the_interval_holds_the_distance_of_the_laws() -> None:
    law = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    true = 2 * stats.norm.cdf(0.25) - 1
    inside = 0
    for seed in range(60):
        seen = np.random.default_rng(seed).standard_normal(300) + 0.5
        told = distances(seen, np.arange(300), (law,), resampled_weights(300, seed))[0]
        assert told is not None
        _, low, high = interval(told)
        inside += low <= true <= high
    assert inside >= 51


def test_samples_of_one_law_are_near_nothing() -> None:
    rng = np.random.default_rng(1)
    told = distances(rng.random(400), np.arange(400), (rng.random(4000),), resampled_weights(400, 1))[0]
    assert told is not None
    value, low, high = interval(told)
    assert low <= value <= high
    assert low < 0.03


def test_what_comes_in_clusters_is_known_less_well() -> None:
    rng = np.random.default_rng(2)
    seen, law = np.repeat(rng.standard_normal(60), 20), rng.standard_normal(4000)
    alone = distances(seen, np.arange(1200), (law,), resampled_weights(1200, 3))[0]
    together = distances(seen, np.repeat(np.arange(60), 20), (law,), resampled_weights(60, 3))[0]
    assert alone is not None
    assert together is not None
    assert np.std(together) > 2 * np.std(alone)


def test_nothing_is_told_of_nothing() -> None:
    weights = resampled_weights(3, 1, 30)
    assert distances(np.zeros(0), np.zeros(0, dtype=np.int64), (np.ones(3),), weights) == (None,)
    assert distances(np.ones(3), np.arange(3), (None, np.zeros(0)), weights) == (None, None)
