"""What the benches for stopping and for quantiles rest on: that they measure what is built."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from scipy.stats.mstats import hdquantiles

from benches import quantile_spread, stopping
from loadstone.stats.pairs.effect import effect_of
from loadstone.stats.pairs.sequential import RHO, looks


@pytest.mark.parametrize("pairs", [6, 8, 9, 10, 14])
@pytest.mark.parametrize("level", [0.95, 0.98])
def test_many_intervals_at_once_are_those_of_effect_of(pairs: int, level: float) -> None:
    rows = np.random.default_rng(pairs).normal(0.1, 1, (50, pairs))
    low, high = stopping.interval(rows, 1 - level)
    found = [effect_of(row.tolist(), level) for row in rows]
    assert low == pytest.approx([one.low for one in found])
    assert high == pytest.approx([one.high for one in found])


@pytest.mark.parametrize("most", stopping.MOST)
def test_the_rule_that_is_built_is_measured(most: int) -> None:
    told = dict(zip(stopping.numbers(most), stopping.levels(f"power {RHO:g}", most), strict=True))
    built = looks(stopping.FIRST, most, stopping.EVERY)
    assert [1 - told[pairs] for pairs in built.pairs] == pytest.approx(built.levels)


@pytest.mark.parametrize("shape", stopping.SHAPES)
def test_shapes_have_mean_0_and_spread_1(shape: str) -> None:
    drawn = stopping.SHAPES[shape](np.random.default_rng(1), (100, 5_000))
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, abs=0.06)


def test_the_power_of_fixed_pairs_is_the_noncentral_ts() -> None:
    bound = scipy.stats.t.isf(0.025, 9)
    power = scipy.stats.nct.sf(bound, 9, 0.9 * np.sqrt(10)) + scipy.stats.nct.cdf(-bound, 9, 0.9 * np.sqrt(10))
    assert stopping.fixed_power(0.9, 10) == pytest.approx(power, abs=1e-4)
    assert stopping.fixed_pairs(0.9, power) == pytest.approx(10, abs=0.01)
    assert stopping.fixed_power(stopping.visible(20), 20) == pytest.approx(0.8)


def test_the_e_process_alarms_rarely_and_narrows() -> None:
    rows = stopping.normal(np.random.default_rng(2), (2000, 20))
    intervals = stopping.always_valid(0.5, rows)
    assert stopping.taken(intervals, 20, stopping.without_zero).decided < 0.05
    assert (intervals[-1][1] - intervals[-1][0]).mean() < (intervals[2][1] - intervals[2][0]).mean()


def test_one_worker_is_lindleys_queue() -> None:
    random = np.random.default_rng(3)
    services, gaps = random.exponential(1, (200, 3)), random.exponential(1.5, (200, 3))
    found = quantile_spread.responses(services, gaps, 1)
    wait = np.zeros(3)
    for place in range(200):
        assert found[place] == pytest.approx(wait + services[place])
        if place < 199:
            wait = np.maximum(0, wait + services[place] - gaps[place + 1])


@pytest.mark.parametrize("share", quantile_spread.SHARES)
@pytest.mark.parametrize("name", quantile_spread.ESTIMATORS)
def test_weights_are_of_a_mean(share: float, name: str) -> None:
    weights = quantile_spread.ESTIMATORS[name](share, 300)
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0
    assert abs(weights @ np.arange(1, 301) / 300 - share) < 0.01
    if name == "trimmed":
        assert np.count_nonzero(weights) <= np.sqrt(300) + 2


def test_harrell_davis_is_scipys() -> None:
    values = np.sort(np.random.default_rng(4).normal(size=300))
    assert quantile_spread.harrell_davis(0.95, 300) @ values == pytest.approx(float(hdquantiles(values, [0.95])[0]))
