"""What a comparison says of simulated sides whose difference is known, by the function that judges real ones.

The same in thousands is ``python -m benches.comparisons``; its figures are in docs/accuracy.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from benches.comparison_gate import counted_sides, gated
from benches.comparison_judged import SIDES, compared, tally
from benches.comparison_pairs import effects, log_quantiles, orders
from benches.comparison_runs import Change, Scene, batch
from loadstone.model.comparison import Comparison
from loadstone.model.counted import COUNTERS
from loadstone.model.side_run import SideRun
from loadstone.prove.compare import compare
from loadstone.stats.pairs.sequential import looks

SCENE = Scene(measured_s=6, warm_up_s=1)
WANDERING = replace(SCENE, drift=0.03)


def comparisons(scene: Scene, pairs: int, count: int, seed: int) -> Iterator[tuple[list[SideRun], Comparison]]:
    made = batch(scene, orders(pairs, count, seed), seed)
    for runs, order in zip(made.runs(), made.orders, strict=True):
        yield runs, compared(runs, scene, order, seed)


@pytest.mark.parametrize(("scene", "pairs"), [(SCENE, 10), (WANDERING, 10), (WANDERING, 6)])
def test_identical_sides_are_rarely_told_to_differ(scene: Scene, pairs: int) -> None:
    """At a nominal 5 %, more than 6 of 40 come in one of two hundred."""
    found = tally(scene, pairs, 40, seed=21)
    assert found.judged_above + found.judged_below <= 6
    assert found.verdicts["faster"] + found.verdicts["slower"] <= 6
    assert not found.verdicts["invalid"]
    assert set(found.above) >= {"p50 response", "p95 response", "p99 service", "CPU a request"}


def test_a_test_on_requests_would_tell_them_to_differ_four_times_as_often() -> None:
    from benches.comparison_studies import METHODS, naive_alarms

    alarms = dict(zip(METHODS, naive_alarms(replace(WANDERING, load=0.8), 10, 40, 5), strict=True))
    assert alarms["pairs_p95"] <= 6
    assert min(alarms["mann_whitney"], alarms["welch"], alarms["bootstrap"]) >= 12


@pytest.mark.parametrize(("factor", "verdict"), [(1.5, "slower"), (1 / 1.5, "faster")])
def test_a_large_difference_is_always_told(factor: float, verdict: str) -> None:
    scene = replace(WANDERING, change=Change(response=factor))
    held = 0
    for _, found in comparisons(scene, 10, 15, seed=31):
        judged = next(metric for metric in found.metrics if metric.judged)
        assert found.verdict == verdict
        assert judged.low is not None and judged.high is not None
        held += judged.low < factor < judged.high
    assert held >= 12  # fewer come in one of two hundred


def test_what_cannot_be_seen_is_undecided_and_what_lies_within_the_margin_is_not_worse() -> None:
    few = tally(replace(WANDERING, measured_s=2), 6, 30, seed=41)
    assert few.verdicts["undecided"] >= 24
    many = tally(replace(SCENE, load=0.3, measured_s=20, workers=8), 10, 20, seed=43)
    assert many.verdicts["not-worse"] + many.verdicts["faster"] >= 19


def test_swapping_the_sides_inverts_ratio_and_interval() -> None:
    scene = replace(SCENE, change=Change(service=1.2))
    runs, found = next(comparisons(scene, 8, 1, seed=51))
    turned = [replace(run, side="B" if run.side == "A" else "A") for run in runs]
    swapped = compare(SIDES, found.design, turned)
    for metric, other in zip(found.metrics, swapped.metrics, strict=True):
        if metric.ratio is None or other.ratio is None:
            continue
        assert metric.label == other.label
        assert other.ratio == pytest.approx(1 / metric.ratio)
        assert metric.low is not None and other.high is not None and other.low is not None and metric.high is not None
        assert (other.low, other.high) == pytest.approx((1 / metric.high, 1 / metric.low))


def test_another_unit_of_time_changes_nothing() -> None:
    """Doubling every time moves every value by a whole octave of the histogram, so not even a bucket is lost."""
    made = batch(SCENE, orders(8, 1, 61), 61)
    whole = replace(made, response_s=np.rint(made.response_s * 1e9) / 1e9, lag_s=np.rint(made.lag_s * 1e9) / 1e9)
    doubled = replace(whole, response_s=2 * whole.response_s, lag_s=2 * whole.lag_s)
    one, two = (compared(next(each.runs()), SCENE, made.orders[0], 61) for each in (whole, doubled))
    for metric, other in zip(one.metrics, two.metrics, strict=True):
        told, also = ([one.ratio or 0.0, one.low, one.high] for one in (metric, other))
        assert told == pytest.approx(also, rel=1e-6)
        assert metric.verdict == other.verdict
        if metric.unit == "s" and "CPU" not in metric.name and metric.a is not None:
            assert other.a == pytest.approx(2 * metric.a)


def test_the_whole_comparison_and_its_quantiles_alone_agree() -> None:
    """The studies of power and of looks judge one quantile; that is what the whole comparison tells of it."""
    scene, pairs, seed = replace(WANDERING, change=Change(response=1.1)), 10, 71
    part = seed * 10_000
    logs = log_quantiles(scene, pairs, 4, seed, (0.95,))[0]
    for effect, (_, found) in zip(effects(logs), comparisons(scene, pairs, 4, part), strict=True):
        metric = next(one for one in found.metrics if one.name == "p95 response" and one.step is None)
        told = [math.exp(value) for value in (effect.estimate, effect.low, effect.high)]
        assert [metric.ratio, metric.low, metric.high] == pytest.approx(told)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    logs = log_quantiles(replace(WANDERING, change=Change(response=1.1)), 10, 150, 81, (0.5, 0.95))
    for row in logs:
        held = sum(one.low <= math.log(1.1) <= one.high for one in effects(row))
        assert held >= 134  # fewer come in one of five hundred at 95 %


def test_looking_again_and_again_alarms_no_more_often() -> None:
    planned = looks(6, 20, 2)
    logs = log_quantiles(replace(SCENE, measured_s=3), 20, 200, 91, (0.95,))[0]
    alarmed = 0
    for place in range(200):
        alarmed += any(
            one.low > 0 or one.high < 0
            for pairs, level in zip(*planned, strict=True)
            for one in effects(logs[place : place + 1, :pairs], level)
        )
    assert alarmed <= 20  # more come in one of two thousand at 5 %


def test_one_statement_more_in_every_request_is_always_told() -> None:
    for misses in (0.0, 0.1, 0.5):
        told = Counter(verdict for _, verdict in _statements(misses, 1.0))
        assert told == {"slower": 30}
    assert Counter(verdict for _, verdict in _statements(0.0, 0.0)) == {"not-worse": 30}
    assert Counter(verdict for _, verdict in _statements(0.3, 0.0))["slower"] <= 5


def _statements(misses: float, share: float) -> Iterator[tuple[Comparison, str]]:
    random = np.random.default_rng(101)
    _, template = next(comparisons(replace(SCENE, measured_s=1), 6, 1, seed=1))
    for _ in range(30):
        found = compare(SIDES, template.design, [], counted=counted_sides(random, misses, share))
        yield found, next(one.verdict for one in found.metrics if one.name == COUNTERS["statements"])


def test_a_gate_fails_what_is_half_as_slow_again_and_hardly_ever_what_is_alike() -> None:
    worse = gated(Scene(change=Change(response=1.5), measured_s=10, warm_up_s=2), 5, 111)
    assert (worse["slower"], worse["passed"]) == (5, 0)
    alike = gated(Scene(measured_s=10, warm_up_s=2), 10, 112)
    assert alike["slower"] <= 2
