"""Adjusted p values against scipy, and the share of false ones under a null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from loadstone.stats.false_discovery import adjusted


@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=50), st.booleans())
def test_it_is_scipys(p: list[float], any_dependence: bool) -> None:
    expected = false_discovery_control(p, method="by" if any_dependence else "bh")
    assert adjusted(np.log(p), any_dependence=any_dependence) == pytest.approx(expected, rel=1e-9)


def test_nothing_and_nan() -> None:
    assert len(adjusted(np.empty(0))) == 0
    assert adjusted(np.array([np.nan, -50.0]))[0] == 1
    assert adjusted(np.array([-np.inf, -5000.0])).max() == 0


def test_false_ones_stay_few_under_dependence() -> None:
    """2000 families of 20 tests that are one coin and its reverse: at most 5 % with any false one (binomial, 3 sd)."""
    random = np.random.default_rng(2)
    uniform = np.clip(random.random(2000), 1e-9, 1 - 1e-9)
    false = sum(bool((adjusted(np.log(np.array([one, 1 - one] * 10))) <= 0.05).any()) for one in uniform)
    assert false <= 2000 * 0.05 + 3 * np.sqrt(2000 * 0.05 * 0.95)
