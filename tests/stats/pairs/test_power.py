"""What pairs can see, against the noncentral t and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.pairs.effect import effect_of
from loadstone.stats.pairs.power import floor, pairs_for, pairs_to_decide, sd_interval, visible
from loadstone.stats.pairs.sequential import looks


def noncentral_power(effect: float, pairs: int, level: float) -> float:
    """That the near end of Student's interval is beyond 0, for a spread of 1."""
    bound = scipy.stats.t.ppf(0.5 + level / 2, pairs - 1)
    return float(scipy.stats.nct.sf(bound, pairs - 1, effect * math.sqrt(pairs)))


@pytest.mark.parametrize("pairs", [10, 12, 20, 50, 200])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_what_is_visible_is_seen_that_often(pairs: int, power: float, level: float) -> None:
    """The sum of two quantiles stands for the noncentral t: to 3.5 points of power."""
    assert noncentral_power(visible(1, pairs, level, power), pairs, level) == pytest.approx(power, abs=0.035)


@pytest.mark.parametrize("pairs", [6, 7, 8, 9, 10, 14])
def test_it_is_seen_that_often_in_simulation(pairs: int) -> None:
    effect, random = visible(0.1, pairs), np.random.default_rng(pairs + 100)
    seen = np.mean([effect_of(random.normal(effect, 0.1, pairs).tolist()).low > 0 for _ in range(2000)])
    assert seen == pytest.approx(0.8, abs=0.035)


@pytest.mark.parametrize("pairs", [6, 9, 10])
def test_identical_sides_stay_within_the_floor_that_often(pairs: int) -> None:
    margin, random = floor(0.1, pairs), np.random.default_rng(pairs)
    clear = np.mean([effect_of(random.normal(0, 0.1, pairs).tolist()).high <= margin for _ in range(2000)])
    assert clear == pytest.approx(0.8, abs=0.035)


def test_six_pairs_need_all_of_a_kind() -> None:
    """Six normal differences are all above 0 in .8 of cases where one is so in the sixth root of it."""
    assert visible(1, 6) == pytest.approx(scipy.stats.norm.ppf(0.8 ** (1 / 6)), rel=0.02)


def test_few_pairs_see_nothing() -> None:
    assert visible(0.1, 5) == math.inf
    assert visible(0, 5) == math.inf
    assert visible(0, 6) == 0
    assert floor(0.1, 3) == math.inf
    assert visible(1, 8, looks(6, 20).levels[0]) > visible(1, 8)


@given(st.floats(0.001, 1), st.floats(0.01, 0.5))
def test_pairs_for_are_the_fewest(sd: float, effect: float) -> None:
    found = pairs_for(sd, effect)
    assert found == pairs_for(sd, -effect)
    if found is None:
        assert visible(sd, 200) > effect
    else:
        assert visible(sd, found) <= effect
        assert found == 6 or visible(sd, found - 1) > effect


def test_pairs_for_nothing_are_none() -> None:
    assert pairs_for(0.1, 0.0) is None
    assert pairs_for(0.1, 0.0001) is None
    assert pairs_for(0.1, 0.02, most=100) is None
    assert pairs_for(0.1, 0.02, most=200) == pytest.approx(198, abs=3)


def test_what_is_decided_needs_no_more() -> None:
    margin = math.log(1.05)
    random = np.random.default_rng(5)
    assert pairs_to_decide(random.normal(0, 0.01, 10).tolist(), margin) == 10
    assert pairs_to_decide(random.normal(0.3, 0.01, 10).tolist(), margin) == 10
    assert pairs_to_decide(random.normal(-0.3, 0.01, 6).tolist(), margin) == 6


def test_what_is_undecided_needs_more_and_then_decides() -> None:
    margin, random = math.log(1.05), np.random.default_rng(6)
    needed = []
    for _ in range(300):
        differences = random.normal(0, 0.06, 10).tolist()
        found = pairs_to_decide(differences, margin)
        if effect_of(differences).high > margin:
            assert found is None or found > 10
            needed.append(found or 200)
    enough = int(np.median(needed))
    decided = np.mean([effect_of(random.normal(0, 0.06, enough).tolist()).high <= margin for _ in range(1000)])
    assert decided > 0.7


def test_an_effect_at_the_margin_is_never_decided() -> None:
    assert pairs_to_decide([0.04, 0.06] * 5, 0.05) is None
    assert pairs_to_decide([0.04], 0.05) is None
    assert pairs_to_decide([], 0.05) is None


@pytest.mark.parametrize("pairs", [2, 6, 10, 50, 400])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_of_a_spread_is_scipys(pairs: int, level: float) -> None:
    low, high = sd_interval(2.0, pairs, level)
    degrees = pairs - 1
    assert low == pytest.approx(2 * math.sqrt(degrees / scipy.stats.chi2.ppf(0.5 + level / 2, degrees)), rel=1e-9)
    assert high == pytest.approx(2 * math.sqrt(degrees / scipy.stats.chi2.ppf(0.5 - level / 2, degrees)), rel=1e-9)


def test_one_pair_has_no_spread() -> None:
    with pytest.raises(ValueError, match="two pairs"):
        sd_interval(1.0, 1)
