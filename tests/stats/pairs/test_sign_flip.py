"""The exact test and its interval, against enumeration of every pattern of signs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.stats.pairs.sign_flip import MOST, rank_of_end, sign_flip_interval, sign_flip_p

DIFFERENCES = st.lists(st.integers(-1000, 1000).map(lambda value: value / 64), min_size=1, max_size=9)


def slow_p(differences: list[float], centre: float = 0.0) -> float:
    """The share of all 2^n patterns that are at least as far from ``centre`` as the one seen."""
    about = [difference - centre for difference in differences]
    seen = abs(sum(about))
    hits = sum(
        abs(sum(sign * value for sign, value in zip(signs, about, strict=True))) >= seen - 1e-9
        for signs in itertools.product((1, -1), repeat=len(about))
    )
    return hits / 2.0 ** len(about)


def slow_end(differences: list[float], level: float, outward: float) -> float:
    """Where the test stops to reject, between far out and the mean, by bisection."""
    inner = sum(differences) / len(differences)
    outer = inner + outward * 100
    for _ in range(80):
        middle = (inner + outer) / 2
        if slow_p(differences, middle) > 1 - level + 1e-12:
            inner = middle
        else:
            outer = middle
    return inner


@given(DIFFERENCES)
@settings(deadline=None)
def test_the_p_value_is_that_of_all_patterns(differences: list[float]) -> None:
    assert sign_flip_p(differences) == slow_p(differences)


@pytest.mark.parametrize("count", [2, 6, 9, 11])
def test_the_p_value_is_scipys(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.3, 1, count)
    oracle = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert sign_flip_p(differences.tolist()) == pytest.approx(oracle.pvalue)


@pytest.mark.parametrize(("count", "level"), [(6, 0.95), (6, 0.8), (7, 0.95), (7, 0.98), (8, 0.95), (9, 0.99)])
def test_the_interval_is_the_test_turned_around(count: int, level: float) -> None:
    for seed in range(3):
        differences = np.random.default_rng([count, seed]).standard_t(3, count).tolist()
        low, high = sign_flip_interval(differences, level)
        assert low == pytest.approx(slow_end(differences, level, -1), abs=1e-9)
        assert high == pytest.approx(slow_end(differences, level, 1), abs=1e-9)


def test_six_are_the_first_that_carry_the_level() -> None:
    assert sign_flip_interval([1.0, 2, 3, 4, 5], 0.95) == (-math.inf, math.inf)
    assert sign_flip_interval([1.0, 2, 3, 4, 5, 6], 0.95) == (1, 6)
    assert sign_flip_interval([1.0, 2, 3, 4, 5, 6], 1 - 2 / 64) == (1, 6)
    assert sign_flip_interval([1.0, 2, 3, 4, 5, 6], 1 - 1.9 / 64) == (-math.inf, math.inf)


@pytest.mark.parametrize("count", range(1, 17))
def test_an_end_is_where_the_level_just_holds(count: int) -> None:
    for level in (0.5, 0.9, 0.95, 0.99, 0.999):
        rank = rank_of_end(count, level)
        assert 1 - 2 * rank / 2**count >= level - 1e-9
        assert 1 - 2 * (rank + 1) / 2**count < level


def test_sixteen_differences_and_a_high_level() -> None:
    differences = np.random.default_rng(4).normal(size=16).tolist()
    low, high = sign_flip_interval(differences, 0.9999)
    narrow = sign_flip_interval(differences, 0.95)
    assert min(differences) < low < narrow[0] < narrow[1] < high < max(differences)


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    """62 of 64, whatever the symmetric shape: 4,000 samples, so 3 standard errors are .8 %."""
    samples = np.random.default_rng(11).standard_cauchy((4000, 6))
    held = np.mean([low <= 0 <= high for low, high in (sign_flip_interval(row.tolist(), 0.95) for row in samples)])
    assert held == pytest.approx(62 / 64, abs=0.0083)


def test_too_many_subsets_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        sign_flip_p([float(value) for value in range(MOST + 1)])
