"""Own distribution functions against scipy's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special, stats

from loadstone.stats.beta import beta_quantile, incomplete_beta, normal_quantile, student_quantile

SHAPES = st.floats(min_value=0.05, max_value=1e6)
INNER = st.floats(min_value=1e-4, max_value=1 - 1e-4)


@given(SHAPES, SHAPES, INNER)
def test_the_incomplete_beta_function(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-6, abs=1e-9)


@example(11276.0, 0.5, 0.9999)
@given(st.floats(min_value=0.5, max_value=1e5), st.floats(min_value=0.5, max_value=1e5), INNER)
def test_the_beta_quantile_inverts_it(a: float, b: float, share: float) -> None:
    assert special.betainc(a, b, beta_quantile(share, a, b)) == pytest.approx(share, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("a", "b"), [(1e3, 1e9), (5e6, 5e6), (1.0, 1e9)])
def test_large_parameters_converge(a: float, b: float) -> None:
    assert special.betainc(a, b, beta_quantile(0.975, a, b)) == pytest.approx(0.975, abs=1e-5)


def test_outside_the_unit_interval() -> None:
    assert incomplete_beta(2, 3, 0) == 0
    assert incomplete_beta(2, 3, 1) == 1
    with pytest.raises(ValueError, match="between 0 and 1"):
        beta_quantile(1.1, 2, 3)


@given(st.floats(min_value=1, max_value=20_000), st.floats(min_value=0.001, max_value=0.999))
def test_students_quantile(degrees: float, share: float) -> None:
    assert student_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), rel=1e-3, abs=1e-6)


@given(INNER)
def test_the_normal_quantile(share: float) -> None:
    assert normal_quantile(share) == pytest.approx(stats.norm.ppf(share), abs=1e-9)
