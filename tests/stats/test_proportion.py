"""Intervals of a share: exact ones against scipy, clumped ones against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loadstone.stats.proportion import (
    WILSON_FROM,
    Design,
    clopper_pearson,
    design_effect,
    effective_size,
    quantile_shares,
    requests_to_decide,
    share_interval,
    wilson,
)

INDEPENDENT = Design(1.0, 10**6)


@given(st.integers(min_value=1, max_value=5000), st.data())
def test_the_exact_interval_is_scipys(count: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(min_value=0, max_value=count))
    found = stats.binomtest(bad, count).proportion_ci(method="exact")
    assert clopper_pearson(bad, count) == pytest.approx((found.low, found.high), abs=1e-9)


@given(st.integers(min_value=1, max_value=10**6), st.data())
def test_wilsons_interval_is_scipys(count: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(min_value=0, max_value=count))
    found = stats.binomtest(bad, count).proportion_ci(method="wilson")
    assert wilson(bad, count) == pytest.approx((found.low, found.high), abs=1e-9)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5])
def test_where_wilson_takes_over_it_equals_the_exact_interval(share: float) -> None:
    count = WILSON_FROM / share
    exact, score = clopper_pearson(WILSON_FROM, count), wilson(WILSON_FROM, count)
    width = exact[1] - exact[0]
    assert abs(exact[0] - score[0]) < 0.02 * width
    assert abs(exact[1] - score[1]) < 0.02 * width


def test_independent_requests_have_an_effect_near_one() -> None:
    draw = np.random.default_rng(3)
    effects = []
    for _ in range(100):
        total = draw.poisson(200, 120)
        effects.append(design_effect(draw.binomial(total, 0.02).tolist(), total.tolist()).effect)
    assert 1.0 <= np.median(effects) < 1.4


def test_whole_blocks_going_bad_together_have_the_effect_of_their_size() -> None:
    draw = np.random.default_rng(4)
    bad = (draw.random(2000) < 0.05) * 50
    assert design_effect(bad.tolist(), [50] * 2000).effect == pytest.approx(50, rel=0.3)


def test_neighbouring_blocks_that_go_bad_together_are_seen() -> None:
    draw = np.random.default_rng(5)
    bad = np.repeat((draw.random(250) < 0.05) * 50, 8)
    assert design_effect(bad.tolist(), [50] * 2000).effect > 200


@given(st.lists(st.integers(min_value=0, max_value=100), min_size=2, max_size=200), st.data())
def test_the_effect_is_never_below_one(total: list[int], data: st.DataObject) -> None:
    bad = [data.draw(st.integers(min_value=0, max_value=count)) for count in total]
    design = design_effect(bad, total)
    assert design.effect >= 1
    assert 1 <= design.degrees < len(total)
    assert 0 <= effective_size(sum(total), design) <= sum(total)


def test_nothing_bad_nothing_measured() -> None:
    assert design_effect([0] * 30, [50] * 30) == Design(1.0, 29)
    assert design_effect([], []) == Design(1.0, 1)
    assert share_interval(0, 0, Design(1.0, 1)) == (0.0, 1.0)
    with pytest.raises(ValueError, match="2 bad counts for 1 blocks"):
        design_effect([1, 2], [3])


@given(st.integers(min_value=2, max_value=3000), st.floats(min_value=1, max_value=50), st.data())
def test_clumping_only_widens(count: int, effect: float, data: st.DataObject) -> None:
    bad = data.draw(st.integers(min_value=1, max_value=count - 1))
    narrow, wide = share_interval(bad, count, INDEPENDENT), share_interval(bad, count, Design(effect, 29))
    assert wide[0] <= narrow[0] + 1e-12
    assert wide[1] >= narrow[1] - 1e-12
    assert wide[0] <= bad / count <= wide[1]


def test_a_quantiles_shares_bracket_it_and_cover_the_truth() -> None:
    draw = np.random.default_rng(6)
    truth, hits = -math.log(0.01), 0
    for _ in range(300):
        values = np.sort(draw.exponential(size=2000))
        low, high = quantile_shares(0.99, 2000, INDEPENDENT)
        hits += values[math.ceil(low * 2000) - 1] <= truth <= values[min(math.ceil(high * 2000), 2000) - 1]
    assert low < 0.99 < high
    assert hits >= 0.93 * 300


def test_how_many_more_requests_decide() -> None:
    more = requests_to_decide(0, 200, 0.01, INDEPENDENT)
    assert more is not None
    assert share_interval(0, 200 + more, INDEPENDENT)[1] <= 0.01
    assert share_interval(0, 200 + more * 0.9, INDEPENDENT)[1] > 0.01
    assert requests_to_decide(0, 10_000, 0.01, INDEPENDENT) == 0
    assert requests_to_decide(10, 1000, 0.01, INDEPENDENT) is None
