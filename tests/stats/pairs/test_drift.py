"""Drift over pairs against all permutations and scipy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.stats.pairs.drift import EXACT_TO, drift

VALUES = st.lists(st.integers(-100, 100).map(lambda value: value / 8), min_size=3, max_size=7)


def slow_p(values: list[float]) -> float:
    """The share of all orders whose slope is as steep."""
    across = [place - (len(values) - 1) / 2 for place in range(len(values))]

    def steepness(order: tuple[float, ...] | list[float]) -> float:
        return abs(sum(x * y for x, y in zip(across, order, strict=True)))

    seen = steepness(values)
    return sum(steepness(order) >= seen - 1e-9 for order in itertools.permutations(values)) / math.factorial(
        len(values)
    )


@given(VALUES)
@settings(deadline=None, max_examples=40)
def test_few_values_are_set_against_all_orders(values: list[float]) -> None:
    assert drift(values).p == pytest.approx(slow_p(values))


@pytest.mark.parametrize("count", [6, EXACT_TO, EXACT_TO + 1, 12, 20])
def test_many_are_set_against_a_sample(count: int) -> None:
    values = np.random.default_rng(count).normal(np.linspace(0, 1.2, count), 0.5)
    found = drift(values.tolist())
    oracle = scipy.stats.linregress(np.arange(count), values)
    assert found.slope == pytest.approx(oracle.slope)
    assert found.p == pytest.approx(oracle.pvalue, abs=0.03)
    assert drift(values.tolist()) == found


def test_a_rise_is_found_and_nothing_is_not() -> None:
    assert drift([0.01 * place for place in range(6)]).p == pytest.approx(2 / 720)
    assert drift([0.01 * place for place in range(10)]).p < 0.001
    assert drift([0.3] * 10) == (0.0, 1.0)
    assert drift([1.0, 2.0]) == (0.0, 1.0)
    assert drift([]) == (0.0, 1.0)


@pytest.mark.parametrize("count", [6, 10])
def test_still_values_drift_by_chance_no_more_often_than_is_said(count: int) -> None:
    random = np.random.default_rng(count)
    false = sum(drift(random.standard_t(3, count).tolist()).p < 0.05 for _ in range(300))
    assert scipy.stats.binomtest(false, 300).proportion_ci(0.999).low <= 0.05


@given(st.lists(st.integers(-100, 100).map(lambda value: value / 8), min_size=3, max_size=12))
@settings(deadline=None, max_examples=30)
def test_backwards_it_falls_and_a_shift_changes_nothing(values: list[float]) -> None:
    found = drift(values)
    assert drift([value + 8 for value in values]).slope == pytest.approx(found.slope, abs=1e-9)
    backwards = drift(values[::-1])
    assert backwards.slope == pytest.approx(-found.slope, abs=1e-9)
    assert 0 < found.p <= 1
    if len(values) <= EXACT_TO:
        assert backwards.p == pytest.approx(found.p)


def test_what_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="finite"):
        drift([1.0, 2.0, math.nan])
