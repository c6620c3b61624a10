"""The exact test against scipy and against itself."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from loadstone.stats.exact_test import hypergeometric_log_tail


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    total = draw(st.integers(1, 5000))
    drawn, marked = draw(st.integers(0, total)), draw(st.integers(0, total))
    return draw(st.integers(0, min(drawn, marked))), drawn, marked, total


@given(tables())
def test_the_tail_is_scipys(table: tuple[int, int, int, int]) -> None:
    hits, drawn, marked, total = table
    expected = hypergeom.logsf(hits - 1, total, marked, drawn)
    if expected > -600:
        assert hypergeometric_log_tail(*table) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_tail_by_hand() -> None:
    assert hypergeometric_log_tail(5, 5, 5, 100) == pytest.approx(-math.log(math.comb(100, 5)))
    assert hypergeometric_log_tail(0, 5, 5, 100) == 0
    assert hypergeometric_log_tail(6, 5, 5, 100) == -math.inf
    assert hypergeometric_log_tail(2000, 2000, 2000, 200_000) < -5000


def test_counts_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="7 drawn"):
        hypergeometric_log_tail(1, 7, 2, 5)
