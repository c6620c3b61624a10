"""Simulated runs against queueing theory, and their histograms against those of the engine's layout."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benches.comparison_runs import LAWS, STEPS, Change, Scene, batch, buckets_of, histogram_of, responses
from loadstone.stats.histogram import TOP_NS, Histogram, bucket_of


@given(st.lists(st.integers(0, 2 * TOP_NS), min_size=1, max_size=50))
def test_many_values_fall_into_the_buckets_of_one_by_one(values: list[int]) -> None:
    array = np.array(values, np.int64)
    assert buckets_of(array).tolist() == [bucket_of(value) for value in values]
    mine, slow = histogram_of(array), Histogram.of(values)
    assert (mine.count, mine.min_ns, mine.max_ns, mine.sum_ns) == (slow.count, slow.min_ns, slow.max_ns, slow.sum_ns)
    assert mine.buckets() == slow.buckets()


@given(st.integers(1, 5), st.integers(0, 1000))
def test_a_queue_is_what_serving_one_after_the_other_gives(workers: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    arrivals = np.cumsum(random.standard_exponential((40, 1)), axis=0)
    services = random.standard_exponential((40, 1, 2)) * workers
    found = responses(services, arrivals, workers)
    for side in range(2):
        free = [0.0] * workers
        for place in range(40):
            free.sort()
            free[0] = max(free[0], arrivals[place, 0]) + services[place, 0, side]
            assert found[place, 0, side] == pytest.approx(free[0] - arrivals[place, 0])


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_waiting_agrees_with_erlang(workers: int, load: float) -> None:
    """The mean wait of M/M/c (Erlang C, 1917)."""
    random = np.random.default_rng(7)
    size = (40_000, 20)
    services = random.standard_exponential((*size, 1))
    arrivals = np.cumsum(random.standard_exponential(size), axis=0) / (workers * load)
    waited = (responses(services, arrivals, workers) - services)[2_000:].mean(axis=(0, 2))
    offered = workers * load
    last = offered**workers / math.factorial(workers) / (1 - load)
    chance = last / (sum(offered**k / math.factorial(k) for k in range(workers)) + last)
    told = chance / (workers * (1 - load))
    assert abs(waited.mean() - told) < 4 * waited.std() / math.sqrt(20)


@pytest.mark.parametrize("law", LAWS)
def test_service_times_have_mean_one(law: str) -> None:
    drawn = LAWS[law](np.random.default_rng(1), (400_000,))
    assert abs(drawn.mean() - 1) < 4 * drawn.std() / math.sqrt(len(drawn))
    assert sum(share for _, _, share, _ in STEPS) == pytest.approx(1)
    assert sum(share * mean for _, _, share, mean in STEPS) == pytest.approx(1)


def test_sides_share_arrivals_and_not_service_times() -> None:
    scene = Scene(workers=1, load=0.5, measured_s=5, warm_up_s=1)
    made = batch(scene, [("AB", "BA", "BA")] * 4, seed=3)
    assert made.response_s.shape == (500, 4, 3, 2)
    assert not np.isclose(made.response_s[..., 0], made.response_s[..., 1]).any()
    again = batch(scene, [("AB", "BA", "BA")] * 4, seed=3)
    assert (made.response_s == again.response_s).all()


def test_a_run_holds_what_was_simulated() -> None:
    scene = Scene(measured_s=4, warm_up_s=1)
    made = batch(scene, [("AB", "BA")] * 2, seed=5)
    runs = list(made.runs())
    assert [[run.side for run in one] for one in runs] == [["A", "B", "B", "A"]] * 2
    for place, one in enumerate(runs):
        for run in one:
            values = made.response_s[:, place, run.pair, "AB".index(run.side)]
            assert run.whole.response.min_ns == round(values.min() * 1e9)
            assert run.whole.requests == scene.measured == sum(step.requests for step in run.steps)
            detail = run.step("browse", "detail")
            assert detail is not None and detail.requests == int((made.step[:, place, run.pair] == 1).sum())
            assert run.whole.service.sum_ns < run.whole.response.sum_ns
            assert [run.seed for run in one] == [5, 5, 6, 6]


def test_a_change_of_responses_scales_every_quantile() -> None:
    plain = batch(Scene(measured_s=4), [("AB",) * 3], seed=9)
    slower = batch(Scene(measured_s=4, change=Change(response=1.1)), [("AB",) * 3], seed=9)
    lag = plain.lag_s[..., 1]
    assert np.allclose(slower.response_s[..., 1] - lag, 1.1 * (plain.response_s[..., 1] - lag))
    assert (slower.response_s[..., 0] == plain.response_s[..., 0]).all()


def test_a_wandering_host_is_alike_in_neighbours_in_time() -> None:
    orders = [("AB", "BA", "AB", "BA")] * 2_000
    scene = Scene(rate_per_s=200, measured_s=1, warm_up_s=0)
    level = np.log(batch(replace(scene, drift=0.03), orders, 11).work_s / batch(scene, orders, 11).work_s)
    assert level.std() == pytest.approx(0.03, rel=0.05)
    in_time = np.stack([level[:, pair, ::step] for pair, step in enumerate((1, -1, 1, -1))], axis=1).reshape(-1, 8)
    assert np.corrcoef(in_time[:, :-1].ravel(), in_time[:, 1:].ravel())[0, 1] == pytest.approx(0.8, abs=0.03)


def test_a_disturbed_run_is_longer_for_a_quarter() -> None:
    orders = [("AB", "BA")] * 500
    steady, disturbed = (batch(Scene(measured_s=2, disturbed=share), orders, seed=13).work_s for share in (0.0, 0.5))
    hit = disturbed > steady
    assert hit.mean() == pytest.approx(0.5, abs=0.05)
    assert (disturbed[hit] / steady[hit]).mean() == pytest.approx(1.125, abs=0.01)
