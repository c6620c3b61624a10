"""Popularity against brute force, and back from logs whose law is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from loadstone.stats.traffic.zipf import Ranked, fit_zipf, ranked_zipf, zipf_weights


def drawn(items: int, exponent: float, shift: float, requests: int, seed: int) -> np.ndarray:
    counts = np.random.default_rng(seed).multinomial(requests, zipf_weights(items, exponent, shift))
    return np.asarray(counts[counts > 0])


def brute(counts: np.ndarray) -> Ranked:
    """The same likelihood term by term, climbed by somebody else."""
    ordered = np.sort(counts)[::-1]
    ranks = np.arange(1, len(ordered) + 1)

    def loss(place: np.ndarray) -> float:
        exponent, shift = place[0], np.expm1(place[1])
        logs = np.log(ranks + shift)
        return float(exponent * (ordered @ logs) + ordered.sum() * np.log(np.exp(-exponent * logs).sum()))

    bounds = [(0, 8), (0, float(np.log1p(len(ordered))))]
    found = min(
        (minimize(loss, start, bounds=bounds, method="L-BFGS-B") for start in ([1.0, 0.4], [0.3, 0.0], [2.0, 3.0])),
        key=lambda each: each.fun,
    )
    return Ranked(float(found.x[0]), float(np.expm1(found.x[1])))


@pytest.mark.parametrize(
    ("items", "exponent", "shift", "requests"),
    [(300, 1.1, 2.7, 5000), (50, 1.0, 0.0, 500), (900, 1.6, 12.0, 20_000), (2000, 0.8, 1.0, 8000)],
)
def test_the_likelihood_is_climbed_to_its_top(items: int, exponent: float, shift: float, requests: int) -> None:
    counts = drawn(items, exponent, shift, requests, 1)
    found, expected = ranked_zipf(counts), brute(counts)
    assert found.exponent == pytest.approx(expected.exponent, abs=0.02)
    assert np.log1p(found.shift) == pytest.approx(np.log1p(expected.shift), abs=0.05)


def test_ranks_read_off_the_counts_are_flattered_and_that_is_undone() -> None:
    raw, whole = [], []
    for seed in range(8):
        counts = drawn(2000, 1.0, 0.0, 4000, seed)
        raw.append(ranked_zipf(counts).exponent)
        found = fit_zipf(counts, seed=seed)
        assert found is not None
        whole.append(found.exponent[0])
    assert abs(np.mean(raw) - 1) > 0.04
    assert abs(np.mean(whole) - 1) < 0.02


def test_items_that_nobody_asked_for_are_counted_too() -> None:
    counts = drawn(1000, 0.8, 0.0, 2500, 3)
    found = fit_zipf(counts)
    assert found is not None
    assert found.seen < 820
    assert found.items == pytest.approx(1000, rel=0.1)


def test_the_law_lies_within_its_interval() -> None:
    inside = 0
    for seed in range(20):
        found = fit_zipf(drawn(300, 1.1, 2.7, 4000, seed + 100), seed=seed)
        assert found is not None
        inside += found.exponent[1] <= 1.1 <= found.exponent[2] and found.shift[1] <= 2.7 <= found.shift[2]
    assert inside >= 16  # of 20 at 95 %: 15 or fewer come once in 400 times


def test_all_alike_is_told_as_such() -> None:
    found = fit_zipf(drawn(100, 0.0, 0.0, 3000, 4))
    assert found is not None
    assert found.exponent[1] == 0
    assert found.exponent[2] < 0.3


def test_visits_that_ask_again_widen_the_interval() -> None:
    counts = drawn(200, 1.0, 1.0, 3000, 5)
    alone, together = fit_zipf(counts), fit_zipf(counts, effect=4.0)
    assert alone is not None
    assert together is not None
    assert together.exponent[2] - together.exponent[1] == pytest.approx(
        2 * (alone.exponent[2] - alone.exponent[1]), rel=1e-6
    )


@pytest.mark.parametrize("counts", [[], [7], [1, 1, 1, 1], [10, 3, 2, 1, 1], [1] * 300])
def test_too_little_tells_nothing(counts: list[int]) -> None:
    assert fit_zipf(np.array(counts, dtype=np.int64)) is None


@pytest.mark.parametrize("counts", [[10_000] * 6, [1] * 1200, [10**9, 1, 1, 1, 1], [5] * 1000])
def test_hostile_counts_give_finite_numbers(counts: list[int]) -> None:
    found = fit_zipf(np.array(counts, dtype=np.int64))
    assert found is not None
    assert np.isfinite([*found.exponent, *found.shift, found.items]).all()
    assert found.exponent[1] <= found.exponent[0] <= found.exponent[2]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=6, max_size=60), st.integers(0, 9))
def test_the_order_of_items_does_not_matter(counts: list[int], seed: int) -> None:
    one = np.array(counts, dtype=np.int64)
    other = np.random.default_rng(seed).permutation(one)
    assert ranked_zipf(one) == ranked_zipf(other)


def test_long_tails_are_summed_in_groups_without_loss() -> None:
    counts = drawn(8000, 1.1, 2.7, 60_000, 6)
    found, expected = ranked_zipf(counts), brute(counts)
    assert found.exponent == pytest.approx(expected.exponent, abs=0.01)
