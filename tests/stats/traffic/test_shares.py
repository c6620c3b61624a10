"""Shares and means of what comes in visits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loadstone.stats.proportion import clopper_pearson
from loadstone.stats.traffic.shares import clustered_share, mean_interval, ratio_design


def sums(marked: np.ndarray, sizes: np.ndarray) -> tuple[float, float, float, float, float, int]:
    return (
        float(marked.sum()),
        float(sizes.sum()),
        float(marked @ marked),
        float(marked @ sizes),
        float(sizes @ sizes),
        len(sizes),
    )


def test_the_effect_is_the_variance_over_visits() -> None:
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 20, 500).astype(float)
    marked = rng.binomial(sizes.astype(int), rng.beta(1, 3, 500)).astype(float)
    design = ratio_design(*sums(marked, sizes))
    share = marked.sum() / sizes.sum()
    scatter = 500 / 499 * ((marked - share * sizes) ** 2).sum() / sizes.sum() ** 2
    assert design.effect == pytest.approx(scatter / (share * (1 - share) / sizes.sum()))
    assert design.effect > 2


@pytest.mark.parametrize(("share", "visits"), [(0.3, 2000), (0.01, 3000), (0.4, 40)])
def test_a_share_lies_within_its_interval_though_visits_differ(share: float, visits: int) -> None:
    inside = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        sizes = rng.geometric(0.3, visits).astype(float)
        own = rng.beta(share * 3, (1 - share) * 3, visits)
        value, low, high = clustered_share(*sums(rng.binomial(sizes.astype(int), own).astype(float), sizes))
        assert low <= value <= high
        inside += low <= share <= high
    assert inside >= 88  # of 100 at 95 %: 87 or fewer come once in 350 times


@pytest.mark.parametrize(("marked", "count"), [(30, 5000), (400, 1000), (2500, 5000)])
def test_where_there_is_enough_it_is_near_the_exact_one(marked: int, count: int) -> None:
    sizes = np.ones(count)
    told = clustered_share(*sums((np.arange(count) < marked).astype(float), sizes))
    exact = clopper_pearson(marked, count)
    assert told[1:] == pytest.approx(exact, rel=0.05)


def test_none_and_all() -> None:
    assert clustered_share(0, 0, 0, 0, 0, 0) == (0.0, 0.0, 1.0)
    value, low, high = clustered_share(50, 50, 50, 50, 50, 50)
    assert (value, high) == (1, 1)
    assert 0.9 < low < 1


def test_a_mean_has_the_interval_of_its_logarithm() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(200):
        lengths = rng.geometric(0.4, 300).astype(float)
        _, low, high = mean_interval(float(lengths.sum()), float(lengths @ lengths), 300)
        inside += low <= 2.5 <= high
    assert inside >= 180
    assert mean_interval(0, 0, 0) == (0.0, 0.0, math.inf)
    assert mean_interval(4, 16, 1) == (4.0, 0.0, math.inf)
