"""The shift function over pairs of histograms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loadstone.stats.histogram import Histogram
from loadstone.stats.pairs.shift import SHARES, shift


def pairs_of(count: int, pairs: int = 8, slower: float = 1.0, tail: float = 1.0) -> list[tuple[Histogram, Histogram]]:
    """B ``slower`` in all requests and ``tail`` times in a tenth of them."""
    random = np.random.default_rng(count)
    found = []
    for _ in range(pairs):
        a, b = random.lognormal(0, 0.5, (2, count)) * 1e7
        b = b * slower
        b = np.where(b > np.quantile(b, 0.9), b * tail, b)
        found.append((Histogram.of(a.astype(int).tolist()), Histogram.of(b.astype(int).tolist())))
    return found


@pytest.mark.parametrize(
    ("count", "last"), [(10, None), (100, 0.9), (199, 0.9), (200, 0.95), (1_000, 0.99), (10_000, 0.999)]
)
def test_a_quantile_has_ten_requests_beyond_it(count: int, last: float | None) -> None:
    told = [point.share for point in shift(pairs_of(count, pairs=2))]
    assert (told[-1] if told else None) == last


def test_a_slower_tail_is_in_the_tail_alone() -> None:
    points = {point.share: point for point in shift(pairs_of(2_000, tail=2.0))}
    assert points[0.5].low < 1 < points[0.5].high
    assert points[0.99].low > 1.5
    assert points[0.99].ratio == pytest.approx(2, rel=0.1)
    assert points[0.99].ratio == pytest.approx(points[0.99].b_s / points[0.99].a_s)


def test_a_slow_down_of_all_is_at_every_quantile() -> None:
    points = shift(pairs_of(2_000, slower=1.3))
    assert [point.share for point in points] == list(SHARES[:-1])
    assert all(point.low < 1.3 < point.high and point.low > 1.15 for point in points)


def test_swapping_sides_inverts_every_ratio() -> None:
    pairs = pairs_of(500, slower=1.2)
    for point, turned in zip(shift(pairs), shift([(b, a) for a, b in pairs]), strict=True):
        assert (turned.a_s, turned.b_s) == pytest.approx((point.b_s, point.a_s))
        assert (turned.ratio, turned.low, turned.high) == pytest.approx(
            (1 / point.ratio, 1 / point.high, 1 / point.low)
        )


def test_few_pairs_have_a_ratio_without_ends() -> None:
    point = shift(pairs_of(200, pairs=3))[0]
    assert (point.low, point.high) == (0, math.inf)
    assert 0.8 < point.ratio < 1.25


def test_no_pairs_and_no_time_tell_nothing() -> None:
    assert shift([]) == []
    assert shift([(Histogram(), Histogram())]) == []
    nothing = Histogram.of([0] * 1000)
    assert shift([(nothing, nothing)]) == []
