"""Harrell-Davis from buckets against scipy's from the values themselves."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.mstats import hdquantiles

from loadstone.stats.histogram import TOP_NS, Histogram, bucket_middles, bucket_span
from loadstone.stats.pairs import quantiles
from loadstone.stats.pairs.quantiles import harrell_davis, quantiles_of

SHARES = (0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999)
VALUES = st.lists(st.integers(1, 10**9), min_size=1, max_size=60)


def drawn(count: int) -> list[int]:
    return [int(value) for value in np.random.default_rng(count).lognormal(0, 1, count) * 1e7]


@pytest.mark.parametrize("count", [1, 2, 10, 1_000, 100_000])
@pytest.mark.parametrize("share", SHARES)
def test_it_is_scipys_within_a_bucket(count: int, share: float) -> None:
    values = drawn(count)
    oracle = values[0] if count == 1 else float(hdquantiles(values, [share])[0])
    assert harrell_davis(Histogram.of(values), share) == pytest.approx(oracle / 1e9, rel=1 / 256)


@given(VALUES, st.sampled_from(SHARES))
@settings(deadline=None)
def test_few_values_and_ties(values: list[int], share: float) -> None:
    values = [*values, *values[: len(values) // 2]]
    oracle = values[0] if len(values) == 1 else float(hdquantiles(values, [share])[0])
    assert harrell_davis(Histogram.of(values), share) == pytest.approx(oracle / 1e9, rel=1 / 256)


@pytest.mark.parametrize("count", [1, 2, 17, 100_000])
def test_what_is_all_the_same_is_that(count: int) -> None:
    assert harrell_davis(Histogram.of([12_345_678] * count), 0.95) == 0.012345678


def test_the_ends_are_exact() -> None:
    values = [1_000_001, 5_000_003, 9_000_007]
    histogram = Histogram.of(values)
    assert harrell_davis(histogram, 0) == 0.001000001
    assert harrell_davis(histogram, 1) == 0.009000007
    assert harrell_davis(Histogram.of([1_000_001, 9_000_007]), 0.5) == pytest.approx(0.005000004, rel=1e-9)


def test_nothing_has_no_quantile() -> None:
    assert harrell_davis(Histogram(), 0.5) is None
    assert quantiles_of(Histogram(), (0.5, 0.9)) == [None, None]


def test_several_at_once_are_each() -> None:
    histogram = Histogram.of(drawn(3_000))
    shares = (0, *SHARES, 1)
    assert quantiles_of(histogram, shares) == [harrell_davis(histogram, share) for share in shares]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        harrell_davis(Histogram.of([1, 2]), share)


@given(VALUES, VALUES, st.sampled_from(SHARES))
def test_merged_histograms_are_those_of_all_values(first: list[int], second: list[int], share: float) -> None:
    merged = Histogram.of(first)
    merged.merge(Histogram.of(second))
    assert harrell_davis(merged, share) == pytest.approx(harrell_davis(Histogram.of(first + second), share))


@given(VALUES, st.sampled_from(SHARES))
def test_it_lies_within_the_values_and_rises_with_the_share(values: list[int], share: float) -> None:
    histogram = Histogram.of(values)
    found, higher = harrell_davis(histogram, share), harrell_davis(histogram, min(share + 0.05, 1))
    assert found is not None
    assert higher is not None
    assert min(values) / 1e9 * (1 - 1e-9) <= found <= higher * (1 + 1e-9)
    assert higher <= max(values) / 1e9 * (1 + 1e-9)


@given(VALUES, st.sampled_from(SHARES), st.integers(1, 10))
def test_a_power_of_two_in_time_is_one_in_the_quantile(values: list[int], share: float, power: int) -> None:
    """Buckets shift by whole octaves from 256 ns on."""
    values = [value + 256 for value in values]
    found = harrell_davis(Histogram.of(values), share)
    scaled = harrell_davis(Histogram.of([value << power for value in values]), share)
    assert scaled is not None
    assert scaled / 2**power == pytest.approx(found, rel=1 / 256)


@pytest.mark.parametrize("count", [1, 3, 100, 10_000, 1_000_000])
def test_the_beta_function_is_scipys(count: int) -> None:
    for share in SHARES:
        a, b = (count + 1) * share, (count + 1) * (1 - share)
        near = share + np.linspace(-15, 15, 200) * np.sqrt(share * (1 - share) / (count + 2))
        x = np.unique(np.clip(np.concatenate([np.linspace(0, 1, 200), near]), 0, 1))
        found = quantiles._beta_function(a, b, x)
        assert np.abs(found - scipy.special.betainc(a, b, x)).max() < 1e-7


def test_middles_are_those_of_the_layout() -> None:
    values = [1, 127, 128, 255, 256, 257, 511, 512, 10**6, 10**9, 10**12, TOP_NS - 1]
    histogram = Histogram.of([0, *values, TOP_NS * 2])
    middles, running = bucket_middles(histogram)
    buckets = [bucket for bucket, _ in histogram.buckets()]
    assert middles.tolist() == [(sum(bucket_span(bucket)) - 1) / 2 for bucket in buckets]
    assert running[-1] == histogram.count
    assert len(bucket_middles(Histogram())[0]) == 0
