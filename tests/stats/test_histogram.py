"""The layout of docs/formats.md, and quantiles against the sorted values themselves."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.histogram import LAST_BUCKET, TOP_NS, Histogram, bucket_of, bucket_span

VALUES = st.integers(min_value=0, max_value=TOP_NS - 1)
MANY = st.lists(st.one_of(VALUES, st.integers(min_value=1, max_value=10**7)), min_size=1, max_size=200)


def by_the_document(value: int) -> int:
    """docs/formats.md, Histogram, word for word."""
    if value < 128:
        return value
    shift = math.floor(math.log2(value)) - 7
    return 128 * shift + (value >> shift)


def of(histogram: Histogram) -> tuple[int, int, int, int, tuple[tuple[int, int], ...]]:
    return histogram.count, histogram.min_ns, histogram.max_ns, histogram.sum_ns, histogram.buckets()


@given(st.integers(min_value=0, max_value=2**40))
def test_the_layout_is_the_documents(value: int) -> None:
    assert bucket_of(value) == by_the_document(value)


@given(VALUES)
def test_a_bucket_holds_its_values_and_its_middle_is_near(value: int) -> None:
    low, high = bucket_span(bucket_of(value))
    assert low <= value < high
    assert abs((low + high - 1) / 2 - value) <= max(value / 256, 0)


def test_buckets_follow_each_other_without_a_gap() -> None:
    spans = [bucket_span(bucket) for bucket in range(LAST_BUCKET + 1)]
    assert spans[0][0] == 0
    assert all(left[1] == right[0] for left, right in itertools.pairwise(spans))


def test_beyond_the_top_is_the_last_bucket() -> None:
    histogram = Histogram.of([5, TOP_NS * 3])
    assert histogram.buckets() == ((5, 1), (LAST_BUCKET, 1))
    assert histogram.quantile(1.0) == TOP_NS * 3 / 1e9


@given(MANY, st.floats(min_value=0, max_value=1))
def test_a_quantile_is_within_a_bucket_of_the_value_of_its_rank(values: list[int], share: float) -> None:
    ordered = sorted(values)
    rank = min(max(math.ceil(share * len(values) - 1e-9 * max(1, share * len(values))), 1), len(values))
    exact = ordered[rank - 1]
    found = Histogram.of(values).quantile(share)
    assert found is not None
    assert found * 1e9 == pytest.approx(exact, rel=1 / 256, abs=1e-6)
    assert ordered[0] / 1e9 <= found <= ordered[-1] / 1e9


@given(MANY, MANY)
def test_merging_is_addition(left: list[int], right: list[int]) -> None:
    merged = Histogram.of(left)
    merged.merge(Histogram.of(right))
    assert of(merged) == of(Histogram.of(left + right))


def test_merging_an_empty_one_changes_nothing() -> None:
    histogram = Histogram.of([7])
    histogram.merge(Histogram())
    empty = Histogram()
    empty.merge(histogram)
    assert of(histogram) == of(empty) == (1, 7, 7, 7, ((7, 1),))


@given(MANY)
def test_quantiles_never_fall(values: list[int]) -> None:
    histogram = Histogram.of(values)
    found = [histogram.quantile(share) or 0.0 for share in np.linspace(0, 1, 21)]
    assert found == sorted(found)


@given(MANY, st.integers(min_value=2, max_value=12))
def test_rebinning_loses_no_value(values: list[int], bands: int) -> None:
    edges = [10 ** (-9 + 12 * step / bands) for step in range(bands + 1)]
    assert sum(Histogram.of(values).rebin(edges)) == len(values)


def test_rebinning_puts_values_where_they_belong() -> None:
    histogram = Histogram.of([1_000_000, 2_000_000, 50_000_000, 9_000_000_000])
    assert histogram.rebin([0.0015, 0.01, 0.1, 1.0]) == (2, 1, 1)


@given(MANY)
def test_the_distribution_ends_at_the_maximum_with_every_value(values: list[int]) -> None:
    ends, shares = Histogram.of(values).cumulative()
    assert ends[-1] == max(values) / 1e9
    assert shares[-1] == 1
    assert (np.diff(ends) > 0).all()
    assert (np.diff(shares) > 0).all()


@given(MANY, st.integers(min_value=0, max_value=LAST_BUCKET))
def test_counts_above_the_end_of_a_bucket_are_exact(values: list[int], bucket: int) -> None:
    limit = bucket_span(bucket)[1] - 1
    assert Histogram.of(values).above(limit) == sum(value > limit for value in values)


def test_an_empty_histogram_answers_nothing() -> None:
    empty = Histogram()
    assert (empty.quantile(0.5), empty.mean_s, empty.min_s, empty.max_s) == (None, None, None, None)
    assert empty.rebin([0.0, 1.0]) == (0,)
    assert len(empty.cumulative()[0]) == 0


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the layout"):
        Histogram().add(1, 1, 1, 1, ((LAST_BUCKET + 1, 1),))
    with pytest.raises(ValueError, match="between 0 and 1"):
        Histogram().quantile(1.5)
    with pytest.raises(ValueError, match="two edges"):
        Histogram().rebin([1.0])
