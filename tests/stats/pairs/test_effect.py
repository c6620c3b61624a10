"""The effect over pairs: scipy's Student, and what must hold whatever the data."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.pairs.effect import FEWEST, STUDENT_FROM, effect_of

VALUE = st.floats(-3, 3, allow_nan=False).map(lambda value: round(value, 4))
DIFFERENCES = st.lists(VALUE, min_size=1, max_size=14)
LEVEL = st.sampled_from([0.8, 0.95, 0.99])


@pytest.mark.parametrize("count", [10, 11, 25, 200])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_from_ten_pairs_it_is_students(count: int, level: float) -> None:
    differences = np.random.default_rng(count).normal(0.05, 0.1, count)
    found = effect_of(differences.tolist(), level)
    oracle = scipy.stats.ttest_1samp(differences, 0.0)
    interval = oracle.confidence_interval(level)
    assert found.method == "student"
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.p == pytest.approx(oracle.pvalue, rel=1e-6)
    assert found.estimate == pytest.approx(differences.mean())


def test_the_method_changes_at_ten() -> None:
    differences = np.random.default_rng(1).normal(size=STUDENT_FROM).tolist()
    assert effect_of(differences[:-1]).method == "sign-flip"
    assert effect_of(differences).method == "student"
    assert math.isinf(effect_of(differences[: FEWEST - 1]).high)
    assert math.isfinite(effect_of(differences[:FEWEST]).high)


@pytest.mark.parametrize("count", [1, 5, 6, 9, 10, 30])
def test_what_never_varies_is_a_point_and_never_surer_than_its_pairs(count: int) -> None:
    found = effect_of([0.1] * count)
    assert found.estimate == 0.1
    assert found.p == 2.0 ** (1 - count)
    assert (found.low, found.high) == ((0.1, 0.1) if count >= FEWEST else (-math.inf, math.inf))
    assert effect_of([0.0] * count).p == 1


def test_what_hardly_varies_has_an_interval_all_the_same() -> None:
    differences = [0.1] * 9 + [0.1 + 1e-17 * 4]
    found = effect_of(differences)
    assert found.low <= found.estimate <= found.high
    tiny = effect_of([1e-170 * place for place in range(10)])
    assert tiny.low <= tiny.estimate <= tiny.high


@pytest.mark.parametrize("bad", [[], [math.nan] * 6, [0.1] * 9 + [math.inf], [-math.inf]])
def test_what_is_no_number_is_an_error(bad: list[float]) -> None:
    with pytest.raises(ValueError, match=r"pair|finite"):
        effect_of(bad)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        effect_of([0.1] * 6, level)


@given(DIFFERENCES, LEVEL)
def test_swapping_the_sides_turns_everything_around(differences: list[float], level: float) -> None:
    found = effect_of(differences, level)
    swapped = effect_of([-value for value in differences], level)
    assert (swapped.estimate, swapped.low, swapped.high) == pytest.approx(
        (-found.estimate, -found.high, -found.low), abs=1e-9
    )
    assert swapped.p == pytest.approx(found.p)


@given(DIFFERENCES, LEVEL, st.floats(-5, 5))
def test_what_is_added_to_all_is_added_to_the_interval(differences: list[float], level: float, added: float) -> None:
    found = effect_of(differences, level)
    moved = effect_of([value + added for value in differences], level)
    assert (moved.estimate, moved.low, moved.high) == pytest.approx(
        (found.estimate + added, found.low + added, found.high + added), abs=1e-7
    )


@given(DIFFERENCES, LEVEL, st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(differences: list[float], level: float, chance: random.Random) -> None:
    shuffled = list(differences)
    chance.shuffle(shuffled)
    found, again = effect_of(differences, level), effect_of(shuffled, level)
    assert again[:4] == pytest.approx(found[:4], abs=1e-9)


@given(DIFFERENCES, st.floats(0, 3))
def test_what_is_further_out_is_never_less_sure(differences: list[float], further: float) -> None:
    found = effect_of(differences)
    outward = further if found.estimate >= 0 else -further
    assert effect_of([value + outward for value in differences]).p <= found.p + 1e-9


@given(DIFFERENCES, LEVEL)
def test_the_interval_has_the_estimate_and_excludes_0_where_p_is_small(differences: list[float], level: float) -> None:
    found = effect_of(differences, level)
    assert found.low - 1e-12 <= found.estimate <= found.high + 1e-12
    assert 0 < found.p <= 1
    if found.low > 1e-9 or found.high < -1e-9:
        assert found.p <= 1 - level + 1e-9
    elif found.low < -1e-9 and found.high > 1e-9:
        assert found.p > 1 - level - 1e-9


@given(DIFFERENCES)
def test_a_higher_level_is_never_narrower(differences: list[float]) -> None:
    narrow, wide = effect_of(differences, 0.9), effect_of(differences, 0.97)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(st.lists(st.tuples(st.floats(0.001, 10), st.floats(0.001, 10)), min_size=6, max_size=12), st.floats(0.01, 100))
def test_another_unit_of_time_changes_no_ratio(pairs: list[tuple[float, float]], unit: float) -> None:
    found = effect_of([math.log(b / a) for a, b in pairs])
    scaled = effect_of([math.log((b * unit) / (a * unit)) for a, b in pairs])
    assert scaled[:3] == pytest.approx(found[:3], abs=1e-8)


@pytest.mark.parametrize("count", [6, 8, 10, 14])
def test_identical_sides_are_called_different_no_more_often_than_is_said(count: int) -> None:
    """2,000 experiments: the lower end of the share's 99.9 % interval is not above 5 %."""
    rows = np.random.default_rng(count).standard_t(4, (2000, count))
    false = sum(not found.low <= 0 <= found.high for found in (effect_of(row.tolist()) for row in rows))
    assert scipy.stats.binomtest(false, len(rows)).proportion_ci(0.999).low <= 0.05
