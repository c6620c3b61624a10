"""Counts of the same requests on two sides."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.pairs.counted import CountedDifference, counted_difference, unpaired_share

NUMBERS = np.arange(400)


def told(a: object, b: object, numbers: object = NUMBERS) -> CountedDifference:
    found = counted_difference(np.asarray(numbers), np.asarray(a, float), np.asarray(numbers), np.asarray(b, float))
    assert found is not None
    return found


def test_forty_one_statements_become_two() -> None:
    found = told(np.full(400, 41), np.full(400, 2))
    assert found == (41, 2, -39, -39, -39, True, 400, 0, 400)


def test_one_more_in_every_request_is_exact_whatever_they_had() -> None:
    a = np.random.default_rng(1).integers(1, 50, 400)
    found = told(a, a + 1)
    assert found.exact
    assert (found.difference, found.low, found.high) == (1, 1, 1)
    assert not told(a, a).difference
    assert told(a, a).exact


def test_a_handful_of_requests_are_not_exact() -> None:
    found = told([3] * 9, [4] * 9, NUMBERS[:9])
    assert not found.exact
    assert (found.low, found.high) == (1, 1)


def test_requests_that_change_by_unlike_counts_have_an_interval() -> None:
    random = np.random.default_rng(2)
    a = random.integers(1, 50, 400)
    found = told(a, a + random.integers(0, 3, 400))
    assert not found.exact
    assert found.low < found.difference < found.high
    assert found.low > 0.8
    assert found.high < 1.2


def test_the_interval_is_students_over_blocks() -> None:
    differences = np.random.default_rng(3).normal(0.1, 1, 400)
    found = told(np.zeros(400), differences)
    oracle = scipy.stats.ttest_1samp(differences.reshape(20, 20).mean(axis=1), 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high))


def test_bursts_do_not_make_it_surer_than_it_is() -> None:
    """Forty bursts, their differences of either sign, are forty things and not 400: the interval has 0."""
    missed = 0
    for seed in range(300):
        bursts = np.random.default_rng(seed).standard_normal(40).repeat(10)
        found = told(np.zeros(400), bursts)
        missed += not found.low <= 0 <= found.high
    assert scipy.stats.binomtest(missed, 300).proportion_ci(0.999).low <= 0.05


@pytest.mark.parametrize("rare", [6, 8, 20])
def test_a_rare_path_is_seen_where_all_that_differ_do_so_one_way(rare: int) -> None:
    b = np.zeros(4000)
    b[np.random.default_rng(rare).choice(4000, rare, replace=False)] = 1
    found = told(np.zeros(4000), b, np.arange(4000))
    assert (found.up, found.down) == (rare, 0)
    assert 0 < found.low < found.difference < found.high
    turned = told(b, np.zeros(4000), np.arange(4000))
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_a_rare_path_of_either_way_or_of_few_is_not() -> None:
    b = np.zeros(4000)
    b[[100, 900, 1700, 2500, 3300]] = 1
    assert told(np.zeros(4000), b, np.arange(4000)).low <= 0
    b[[200, 1000, 1800, 2600, 3400]] = -1
    found = told(np.zeros(4000), b, np.arange(4000))
    assert (found.up, found.down) == (5, 5)
    assert found.low < 0 < found.high


def test_requests_are_paired_by_their_number_in_any_order() -> None:
    random = np.random.default_rng(4)
    order = random.permutation(400)
    a = random.integers(1, 50, 400).astype(float)
    found = counted_difference(NUMBERS, a, order, a[order] + 2)
    assert found is not None
    assert found[:2] == pytest.approx((a.mean(), a.mean() + 2))
    assert found[2:] == (2, 2, 2, True, 400, 400, 0)


def test_a_few_without_partner_are_left_out_many_are_not() -> None:
    values = np.full(400, 5.0)
    found = counted_difference(NUMBERS, values, NUMBERS[:396], values[:396])
    assert found is not None
    assert found.requests == 396
    assert unpaired_share(NUMBERS, NUMBERS[:396]) == pytest.approx(0.01)
    assert counted_difference(NUMBERS, values, NUMBERS[:390], values[:390]) is None
    assert unpaired_share(NUMBERS, NUMBERS[:390]) == pytest.approx(0.025)
    assert counted_difference(NUMBERS, values, NUMBERS + 400, values) is None
    assert counted_difference(NUMBERS[:0], values[:0], NUMBERS[:0], values[:0]) is None
    assert unpaired_share(NUMBERS[:0], NUMBERS[:0]) == 1


def test_what_is_unknown_is_left_out_where_it_is_rare() -> None:
    a, b = np.full(400, 5.0), np.full(400, 6.0)
    b[:4] = np.nan
    found = counted_difference(NUMBERS, a, NUMBERS, b)
    assert found is not None
    assert (found.requests, found.exact) == (396, True)
    b[:40] = np.nan
    assert counted_difference(NUMBERS, a, NUMBERS, b) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=90))
def test_swapping_sides_turns_the_difference_around(counts: list[tuple[int, int]]) -> None:
    a, b = (np.array(side, float) for side in zip(*counts, strict=True))
    found, turned = told(a, b, np.arange(len(a))), told(b, a, np.arange(len(a)))
    assert (turned.difference, turned.low, turned.high) == pytest.approx(
        (-found.difference, -found.high, -found.low), abs=1e-9
    )
    assert (turned.exact, turned.up, turned.down) == (found.exact, found.down, found.up)
    assert found.low <= found.difference + 1e-9
    assert found.difference <= found.high + 1e-9
