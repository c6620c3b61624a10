"""Think times against brute force and scipy, and back from clocks of all kinds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from loadstone.stats.traffic.think import FEWEST_THINKS, fit_think, normal_function


def test_the_normal_function_is_scipys() -> None:
    values = np.linspace(-30, 9, 2000).reshape(20, 100)
    assert normal_function(values) == pytest.approx(stats.norm.cdf(values), rel=1e-12)


@pytest.mark.parametrize("cut_s", [30.0, 1800.0])
def test_an_exact_clock_gives_the_likelihoods_maximum(cut_s: float) -> None:
    rng = np.random.default_rng(1)
    values = np.exp(np.log(8) + rng.standard_normal(4000))
    values = values[values < cut_s]
    found = fit_think(values, np.arange(len(values)), cut_s=cut_s, grain_s=1e-3, rounded_twice=False)
    assert found is not None
    logs = np.log(values)

    def loss(place: np.ndarray) -> float:
        mean, sigma = place[0], np.exp(place[1])
        inside = stats.norm.logcdf((np.log(cut_s) - mean) / sigma)
        return float(-(stats.norm.logpdf(logs, mean, sigma) - inside).sum())

    expected = minimize(loss, [2.0, 0.0]).x
    assert np.log(found.median_s[0]) == pytest.approx(expected[0], abs=0.01)
    assert np.log(found.sigma[0]) == pytest.approx(expected[1], abs=0.01)


@pytest.mark.parametrize(
    ("median_s", "sigma", "grain_s", "cut_s", "lasts"),
    [
        (4.0, 1.1, 1.0, 1800.0, False),
        (0.5, 0.6, 1.0, 1800.0, False),
        (4.0, 1.1, 1e-3, 1800.0, False),
        (60.0, 1.5, 1.0, 300.0, False),
        (4.0, 1.1, 1.0, 1800.0, True),
    ],
)
def test_what_a_clock_blurs_and_the_idle_time_cuts_comes_back(
    median_s: float, sigma: float, grain_s: float, cut_s: float, lasts: bool
) -> None:
    inside = np.zeros(2)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true = np.exp(np.log(median_s) + sigma * rng.standard_normal(1200))
        true = true[true < cut_s][:300]
        began, took = rng.random(len(true)) * 1e4, rng.random(len(true)) * 0.3 * lasts
        values = np.floor((began + true + took) / grain_s) * grain_s - took - np.floor(began / grain_s) * grain_s
        found = fit_think(values, np.arange(len(true)) // 4, cut_s=cut_s, grain_s=grain_s, rounded_twice=lasts)
        assert found is not None
        inside += [found.median_s[1] <= median_s <= found.median_s[2], found.sigma[1] <= sigma <= found.sigma[2]]
    assert inside.min() >= 51  # of 60 at 95 %: 50 or fewer come once in 1,600 times


def test_pauses_of_one_visit_that_go_together_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    visits = np.repeat(np.arange(100), 10)
    values = np.exp(1 + np.repeat(rng.standard_normal(100), 10) + 0.2 * rng.standard_normal(1000))
    apart = fit_think(values, np.arange(1000), cut_s=1800.0, grain_s=1e-3, rounded_twice=False)
    together = fit_think(values, visits, cut_s=1800.0, grain_s=1e-3, rounded_twice=False)
    assert apart is not None
    assert together is not None
    assert together.median_s[2] / together.median_s[1] > 1.2 * apart.median_s[2] / apart.median_s[1]
    assert together.visits == 100


def test_requests_that_overlap_are_told() -> None:
    values = np.concatenate([np.full(50, -0.2), np.linspace(0.5, 9, 50)])
    found = fit_think(values, np.arange(100), cut_s=1800.0, grain_s=1e-3, rounded_twice=True)
    assert found is None or found.overlapping == 0.5


@pytest.mark.parametrize(
    "values", [[], [1.0] * (FEWEST_THINKS - 1), [3.0] * 50, [0.0] * 50, [1e9] * 50, [0.0] * 25 + [1e9] * 25]
)
def test_hostile_pauses_give_nothing_or_finite_numbers(values: list[float]) -> None:
    found = fit_think(np.array(values), np.arange(len(values)), cut_s=1800.0, grain_s=1.0, rounded_twice=False)
    assert found is None or np.isfinite([*found.median_s, *found.sigma]).all()


def test_pauses_that_the_cut_says_nothing_of_are_told_as_seen() -> None:
    rng = np.random.default_rng(4)
    values = rng.random(2000) * 1800
    found = fit_think(values, np.arange(2000), cut_s=1800.0, grain_s=1e-3, rounded_twice=False)
    assert found is not None
    assert not found.longer
    assert found.median_s[0] == pytest.approx(np.exp(np.log(values).mean()), rel=0.03)


def test_in_another_unit_it_is_the_same() -> None:
    rng = np.random.default_rng(3)
    values = np.exp(rng.standard_normal(500))
    one = fit_think(values, np.arange(500), cut_s=1800.0, grain_s=0.01, rounded_twice=False)
    other = fit_think(60 * values, np.arange(500), cut_s=60 * 1800.0, grain_s=0.6, rounded_twice=False)
    assert one is not None
    assert other is not None
    assert other.median_s == pytest.approx([60 * each for each in one.median_s], rel=1e-3)
    assert other.sigma == pytest.approx(one.sigma, rel=1e-3)
