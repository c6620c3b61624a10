"""Bands of a run: exact means, sums that add up, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from loadstone.stats.bands import DRAWS, Band, Bands, bounded

MEDIAN, BEYOND = Band(0.4, 0.6), Band(0.99, 1.0)


def one_group(bands: Bands, value: NDArray[np.float64]) -> NDArray[np.float64]:
    return bands.table(np.arange(len(value)), value, np.zeros(len(value), np.int64), 1)


@pytest.mark.parametrize("count", [100, 500, 1000, 6000])
def test_a_band_holds_the_requests_of_its_ranks(count: int) -> None:
    duration = np.random.default_rng(3).permutation(count).astype(np.float64)
    bands = Bands(duration)
    table = one_group(bands, duration)
    ranks = np.arange(count)
    assert bands.means(table, MEDIAN)[0, 0] == pytest.approx(ranks[int(0.4 * count) : int(0.6 * count)].mean())
    assert bands.means(table, BEYOND)[0, 0] == pytest.approx(ranks[int(0.99 * count) :].mean())


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=60), st.integers(1, 5))
def test_parts_add_up_to_the_whole_in_every_draw(duration: list[float], groups: int) -> None:
    whole = np.array(duration)
    share = np.random.default_rng(1).dirichlet(np.ones(groups), len(whole))
    bands = Bands(whole)
    place = np.repeat(np.arange(len(whole)), groups)
    parts = bands.table(place, (share * whole[:, None]).ravel(), np.tile(np.arange(groups), len(whole)), groups)
    summed = bands.means(parts, MEDIAN).sum(axis=1)
    assert np.allclose(summed, bands.means(one_group(bands, whole), MEDIAN)[:, 0], equal_nan=True, rtol=1e-9)


def test_equal_durations_do_not_stand_for_a_stretch_of_time() -> None:
    bands = Bands(np.ones(2400))
    late = (np.arange(2400) >= 1200).astype(np.float64)
    assert bands.means(one_group(bands, late), MEDIAN)[0, 0] == pytest.approx(0.5, abs=0.1)


def test_no_request_is_no_answer() -> None:
    bands = Bands(np.empty(0))
    means = bands.means(np.zeros((1, 240, 1)), MEDIAN)
    assert means.shape == (DRAWS + 1, 1)
    assert bounded(means[:, 0]) is None


def clumped(random: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Waiting times of a queue at load .8, and a fault of 20 ms in 3 % of its requests: (duration, fault's time)."""
    service = random.exponential(0.008, count)
    fault = np.where(random.random(count) < 0.03, 0.02, 0.0)
    gaps = random.exponential(0.0115, count)
    wait = np.zeros(count)
    for place in range(1, count):
        wait[place] = max(0.0, wait[place - 1] + service[place - 1] + fault[place - 1] - gaps[place])
    return wait + service + fault, fault


def test_intervals_hold_the_truth_in_a_queue() -> None:
    """Nominal 90 %: at least 33 of 40 runs of a queue at load .75 (a binomial of .9 gives fewer in 5 %)."""
    random = np.random.default_rng(11)
    long, fault = clumped(random, 400_000)
    cut, low, high = np.quantile(long, [0.99, 0.4, 0.6])
    middle = (long >= low) & (long < high)
    truth = fault[long >= cut].mean() - fault[middle].mean()
    held = 0
    for seed in range(40):
        duration, cost = clumped(random, 4000)
        bands = Bands(duration, seed)
        table = one_group(bands, cost)
        found = bounded((bands.means(table, BEYOND) - bands.means(table, MEDIAN))[:, 0])
        assert found is not None
        held += found.low <= truth <= found.high
    assert held >= 33
