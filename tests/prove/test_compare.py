"""A comparison as a whole: its numbers against plain arithmetic, its symmetries, and what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loadstone.model.comparison import Comparison, Metric, label_of
from loadstone.model.side_run import SideRun, StepMeasured
from loadstone.prove.compare import compare
from loadstone.prove.design import design_of, told
from loadstone.stats.histogram import Histogram
from tests.prove.made import SIDES, counted, design, diagnosis, finding, operation, pairs, slo


def named(comparison: Comparison, label: str) -> Metric:
    return next(one for one in comparison.metrics if one.label == label)


def scaled(run: SideRun, times: int) -> SideRun:
    """All its times multiplied, exactly: buckets are an octave's 128."""

    def more(one: Histogram) -> Histogram:
        made = Histogram()
        rows = [(bucket + 128 * (times.bit_length() - 1), count) for bucket, count in one.buckets()]
        made.add(one.count, one.min_ns * times, one.max_ns * times, one.sum_ns * times, rows)
        return made

    def measured(one: StepMeasured) -> StepMeasured:
        return replace(one, response=more(one.response), service=more(one.service))

    return replace(run, whole=measured(run.whole), steps=tuple(measured(one) for one in run.steps))


def swapped(run: SideRun) -> SideRun:
    return replace(run, side="B" if run.side == "A" else "A")


def test_ten_pairs_are_students_interval_on_log_ratios() -> None:
    found = named(compare(SIDES, design(), pairs(10, b=0.9)), "p95 response")
    logs = np.log(found.values)
    low, high = stats.t.interval(0.95, 9, logs.mean(), stats.sem(logs))
    assert found.method == "student"
    assert (found.ratio, found.low, found.high) == pytest.approx(tuple(np.exp([logs.mean(), low, high])), rel=1e-9)
    assert found.p == pytest.approx(stats.ttest_1samp(logs, 0).pvalue, rel=1e-6)
    assert found.ratio == pytest.approx(0.9, rel=0.03)
    assert found.b == pytest.approx(found.a * found.ratio, rel=1e-9)  # type: ignore[operator]


def test_six_pairs_are_the_sign_flip_interval() -> None:
    found = named(compare(SIDES, design(6), pairs(6, b=0.9)), "p95 response")
    logs = np.log(found.values)
    assert found.method == "sign-flip"
    means = [logs[[at for at in range(6) if pattern >> at & 1]].mean() for pattern in range(1, 64)]
    assert (found.low, found.high) == pytest.approx((math.exp(min(means)), math.exp(max(means))))


@given(st.integers(6, 14), st.floats(0.6, 1.6), st.floats(0.001, 0.2), st.integers(0, 2**20))
@settings(max_examples=25, deadline=None)
def test_swapping_the_sides_inverts_ratio_and_interval(count: int, b: float, spread: float, at: int) -> None:
    runs = [replace(run, seed=run.seed + at) for run in pairs(count, b=b, spread=spread)]
    there = compare(SIDES, design(count), runs)
    back = compare(SIDES, design(count), [swapped(run) for run in runs])
    for one in there.metrics:
        other = named(back, one.label)
        assert (one.a, one.b) == pytest.approx((other.b, other.a))
        if one.ratio is not None:
            assert one.ratio * other.ratio == pytest.approx(1)  # type: ignore[operator]
            assert one.low * other.high == pytest.approx(1)  # type: ignore[operator]
        else:
            assert one.low == pytest.approx(-other.high)  # type: ignore[operator]
        assert one.p == pytest.approx(other.p)
        assert not (one.verdict == other.verdict == "faster")


@given(st.integers(6, 12), st.floats(0.6, 1.6), st.sampled_from([2, 4, 64]))
@settings(max_examples=15, deadline=None)
def test_another_unit_of_time_changes_nothing(count: int, b: float, times: int) -> None:
    runs = pairs(count, b=b)
    there, scaled_up = (compare(SIDES, design(count), each) for each in (runs, [scaled(run, times) for run in runs]))
    assert there.verdict == scaled_up.verdict
    for one, other in zip(there.metrics, scaled_up.metrics, strict=True):
        if one.name.endswith(("response", "service")):
            assert one.ratio == pytest.approx(other.ratio, rel=1e-6)
            assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-6)
            assert other.a == pytest.approx(times * one.a, rel=1e-6)  # type: ignore[operator]


@given(st.randoms())
@settings(max_examples=10, deadline=None)
def test_the_order_in_which_runs_are_given_is_nothing(random: object) -> None:
    runs = pairs(8, b=0.9)
    there = compare(SIDES, design(8), runs)
    random.shuffle(runs)  # type: ignore[attr-defined]
    assert compare(SIDES, design(8), runs) == there


def test_more_is_better_is_turned_around() -> None:
    changed = {(at, "B"): {"achieved_per_s": 60.0 + at} for at in range(10)}
    found = named(compare(SIDES, design(), pairs(10, changed=changed)), "throughput")
    assert found.more_is_better
    assert found.ratio == pytest.approx(120 / 64.5, rel=0.01)
    assert found.verdict == "slower"


def test_a_metric_that_only_some_runs_have_never_passes() -> None:
    changed = {(at, "B"): {"service_cpu_s": None} for at in range(2)}
    found = named(compare(SIDES, design(), pairs(10, b=0.5, changed=changed)), "CPU a request")
    assert (found.verdict, found.note, len(found.values)) == ("undecided", "measured in 8 of 10 pairs", 8)


def test_an_objective_with_too_few_requests_is_told_and_the_judged_one_decides_nothing() -> None:
    rare = slo(objective="p99.9 < 1s")
    second = compare(SIDES, design(), pairs(10, b=0.5), slos=[slo(), rare])
    assert second.verdict == "faster"
    assert [(one.code, one.level) for one in second.caveats if one.code == "few-requests"] == [("few-requests", "note")]
    first = compare(SIDES, design(), pairs(10, b=0.5), slos=[rare, slo()])
    assert first.verdict == "undecided"
    assert "p99.9 response of browse.detail was not measured" in first.sentence


def test_fewer_than_six_pairs_bound_nothing_and_are_json() -> None:
    for count in range(6):
        found = compare(SIDES, design(count), pairs(count, b=0.2))
        assert found.verdict == "undecided"
        assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found


def test_a_look_that_cannot_carry_its_level_is_json_too() -> None:
    made = design_of(requests_per_s={("browse", "list"): 100.0}, budget_s=1_500.0, measured_s=10.0)
    early = told(made, pairs=6, order=made.order[:6], together=False, spent_s=1.0)
    found = compare(SIDES, msgspec.structs.replace(early, level=0.999), pairs(6, b=0.2))
    assert found.verdict == "undecided"
    assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found


def test_a_journey_without_a_step_is_judged_by_its_own_requests() -> None:
    def whole_journey(run: SideRun) -> SideRun:
        return replace(run, steps=(*run.steps, replace(run.whole, journey="browse", step=None)))

    asked = msgspec.structs.replace(slo(), step=None)
    found = compare(SIDES, design(), [whole_journey(run) for run in pairs(10, b=0.5)], slos=[asked])
    one = next(one for one in found.metrics if one.judged)
    assert (one.label, one.verdict, found.verdict) == ("p95 response of browse", "faster", "faster")
    assert found.sentence.startswith("Faster: p95 response of browse is 0.5")
    without = compare(SIDES, design(), pairs(10, b=0.5), slos=[asked])
    assert without.verdict == "undecided"
    assert "p95 response of browse was not measured" in without.sentence


def test_what_it_says_of_the_pairs() -> None:
    found = compare(SIDES, design(), pairs(10, b=0.9), slos=[slo()], experiment="x7f3a")
    assert [label_of("", one.journey, one.step) for one in found.shifts] == [" of browse.detail", ""]
    assert all(0.85 < point.ratio < 0.95 for one in found.shifts for point in one.points)
    assert found.design.smallest["p95 response of browse.detail"] == pytest.approx(1.03, abs=0.02)
    assert [row.pair for row in found.pairs] == [*range(10)]
    assert found.measured["ratio"].value == named(found, "p95 response of browse.detail").ratio
    assert not found.calibrated
    assert compare(SIDES, design(), pairs(10), final=False).shifts == ()


def test_a_secondary_metric_that_is_slower_makes_it_slower() -> None:
    changed = {(at, "B"): {"times": 0.8, "service_cpu_s": 4.8} for at in range(10)}
    found = compare(SIDES, design(), pairs(10, changed=changed))
    assert named(found, "p95 response").verdict == "faster"
    assert (found.verdict, found.sentence[:30]) == ("slower", "Slower: CPU a request is 2.00 ")


def test_counts_alone_never_pass_and_may_fail() -> None:
    more, less, same = (
        compare(SIDES, design(), [], counted=(counted(2.0), counted(b, side="B"))) for b in (3.0, 1.0, 2.0)
    )
    assert (more.verdict, less.verdict, same.verdict) == ("slower", "undecided", "undecided")
    assert named(less, "statements a request").verdict == "faster"
    assert more.caveats == ()


def test_a_finding_is_proved_for_its_reason() -> None:
    told = finding()
    a = counted(2.0, operations=[operation(12.0, 0.011)], diagnosis=diagnosis(told))
    cured = counted(2.0, side="B", operations=[operation(1.0, 0.001)], diagnosis=diagnosis())
    same = counted(2.0, side="B", operations=[operation(12.0, 0.011)], diagnosis=diagnosis(told))
    confirmed = compare(SIDES, design(), pairs(10, b=0.5), counted=(a, cured), finding=told)
    assert (confirmed.verdict, confirmed.reason, confirmed.same_load) == ("faster", "confirmed", True)
    assert confirmed.sentence.startswith("Faster, for the stated reason: ")
    assert set(confirmed.measured) == {"ratio", "p50_s", "p99_s"}
    refuted = compare(SIDES, design(), pairs(10, b=0.5), counted=(a, same), finding=told)
    assert (refuted.verdict, refuted.reason) == ("faster", "refuted")
    nothing = compare(SIDES, design(), pairs(10), counted=(a, cured), finding=told)
    assert (nothing.verdict, nothing.reason) == ("not-worse", "no-effect")
    few = compare(SIDES, design(), pairs(4, b=0.5), counted=(a, cured), finding=told)
    assert (few.verdict, few.reason) == ("undecided", None)


def test_the_measured_level_of_b_has_its_interval() -> None:
    found = compare(SIDES, design(), pairs(10, b=0.5), finding=finding())
    level = found.measured["p99_s"]
    assert level.low < level.value < level.high
    assert level.value == pytest.approx(named(found, "p99 response of browse.detail").b)
