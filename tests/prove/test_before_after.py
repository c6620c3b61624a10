"""Sets of runs that were not made in pairs: Welch's interval from three a side, below that counts alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from loadstone.model.comparison import Comparison
from loadstone.model.run import Caveat
from loadstone.model.side_run import Side, SideRun
from loadstone.prove.before_after import before_after
from tests.prove.made import SIDES, caveat, counted, design, finding, operation, side_run, slo

APART = design(0, interleaved=False, looks=(), order=())


def runs(side: Side, count: int, **changed: object) -> list[SideRun]:
    first = 0 if side == "A" else 50
    return [side_run(side, first + at, at, **changed) for at in range(count)]  # type: ignore[arg-type]


def judged(a: list[SideRun], b: list[SideRun], **asked: object) -> Comparison:
    return before_after(SIDES, APART, a, b, **asked)  # type: ignore[arg-type]


def test_three_runs_a_side_are_welchs_interval() -> None:
    a, b = runs("A", 3), runs("B", 4, times=0.5)
    found = next(one for one in judged(a, b).metrics if one.judged)
    from loadstone.stats.pairs.quantiles import harrell_davis

    logs = [np.log([harrell_davis(run.whole.response, 0.95) for run in side]) for side in (a, b)]  # type: ignore[arg-type]
    test = stats.ttest_ind(logs[1], logs[0], equal_var=False)
    ends = test.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((math.exp(ends.low), math.exp(ends.high)), rel=1e-6)
    assert found.p == pytest.approx(test.pvalue, rel=1e-6)
    assert (found.method, found.verdict) == ("welch", "faster")


def test_what_it_says_names_what_it_rests_on() -> None:
    faster = judged(runs("A", 4), runs("B", 4, times=0.5))
    assert faster.sentence.startswith("Faster: p95 response is 0.5")
    assert faster.sentence.endswith("B/A, by runs that were not made in pairs.")
    assert [(one.code, one.level) for one in faster.caveats] == [("before-and-after", "note")]
    undecided = judged(runs("A", 3, spread=0.3), runs("B", 3, spread=0.3))
    assert undecided.verdict == "undecided"
    assert "pairs would decide" not in undecided.sentence


@pytest.mark.parametrize(("count", "other"), [(1, 1), (2, 2), (2, 9), (9, 1)])
@pytest.mark.parametrize("times", [0.1, 1.0, 10.0])
def test_too_few_runs_decide_nothing(count: int, other: int, times: float) -> None:
    found = judged(runs("A", count), runs("B", other, times=times))
    assert found.verdict == "undecided"
    assert all(one.low is None and one.high is None and one.verdict == "undecided" for one in found.metrics)
    assert "whatever changed on the machine in between counts as the change" in found.sentence


def test_counts_decide_one_run_a_side() -> None:
    def by_count(b: float) -> Comparison:
        return judged(runs("A", 1), runs("B", 1, times=9.0), counted=(counted(2.0), counted(b, side="B")))

    fewer, more, same = by_count(1.0), by_count(3.0), by_count(2.0)
    assert (fewer.verdict, more.verdict, same.verdict) == ("faster", "slower", "undecided")
    assert fewer.sentence == (
        "Less work by count: statements a request went from 2 to 1; of latency so few runs decide nothing."
    )


def test_fewer_of_one_and_more_of_another_is_no_pass() -> None:
    a = counted(2.0, columns={"calls": [1.0] * 400})
    b = counted(1.0, side="B", columns={"calls": [2.0] * 400})
    assert judged(runs("A", 1), runs("B", 1), counted=(a, b)).verdict == "slower"


def test_a_difference_beside_the_change_is_undecided() -> None:
    doubt = Caveat("other-machine", "doubt", ("latency", "rate"), "The runs are not of one machine.", "")
    for times in (0.3, 1.0, 3.0):
        found = judged(runs("A", 5), runs("B", 5, times=times), caveats=[doubt])
        assert (found.verdict, found.sentence) == ("undecided", "Undecided: the runs are not of one machine.")
    void = judged(runs("A", 5), runs("B", 5), caveats=[caveat("void", metrics=())])
    assert void.verdict == "invalid"


def test_sides_that_fail_differently_are_undecided() -> None:
    found = judged(runs("A", 5), runs("B", 4, times=0.2, results={"200": 1_100, "503": 100}))
    assert found.verdict == "undecided"
    assert "503: 0 % of A's answers, 8.33 % of B's" in found.sentence


def test_what_fails_does_less_work_and_that_is_no_pass() -> None:
    counts = counted(5.0), counted(0.0, side="B")
    for count in (1, 2):
        found = judged(runs("A", count), runs("B", count, times=0.2, results={"500": 1_200}), counted=counts)
        assert (found.verdict, found.reason) == ("undecided", None)
    other = Caveat("other-load", "doubt", ("latency", "rate"), "The runs did not have the same load.", "")
    assert judged(runs("A", 1), runs("B", 1), counted=counts, caveats=[other]).verdict == "undecided"
    machine = Caveat("other-machine", "doubt", ("latency", "rate"), "The runs are not of one machine.", "")
    assert judged(runs("A", 1), runs("B", 1), counted=counts, caveats=[machine]).verdict == "faster"


@pytest.mark.parametrize("times", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("side", ["A", "B"])
def test_a_run_that_doubts_itself_or_was_stopped_never_passes(side: Side, times: float) -> None:
    for changed in ({"caveats": (caveat(),)}, {"complete": False}):
        a, b = runs("A", 4), runs("B", 4, times=times)
        (a if side == "A" else b)[0] = side_run(side, 70, 9, times=1.0 if side == "A" else times, **changed)
        found = judged(a, b)
        assert found.verdict == "undecided"
        assert f"1 of 4 runs of side {side} was disturbed" in found.sentence


def test_a_run_beside_others_never_passes() -> None:
    b = [side_run("B", 20 + at, at, times=0.3, others_share=0.8 if at == 2 else 0.1) for at in range(4)]
    found = judged(runs("A", 4), b)
    assert found.verdict == "undecided"
    assert "1 of 4 runs of side B was disturbed (Other processes took 80.0 %" in found.sentence


def test_a_metric_that_a_run_lacks_never_passes() -> None:
    found = judged(runs("A", 4), [*runs("B", 3, times=0.3), side_run("B", 60, 9, times=0.3, service_cpu_s=None)])
    cpu = next(one for one in found.metrics if one.name == "CPU a request")
    assert (cpu.verdict, cpu.note) == ("undecided", "measured in 4 of 4 runs of A, 3 of 4 of B")


def test_a_run_that_is_void_or_ended_is_invalid() -> None:
    for changed in ({"ended": "exit status 1"}, {"caveats": (caveat("void"),)}):
        assert judged(runs("A", 3), [*runs("B", 2), side_run("B", 60, 9, **changed)]).verdict == "invalid"


def test_what_nothing_varies_in_is_bounded_by_a_point() -> None:
    errors = next(one for one in judged(runs("A", 3), runs("B", 3)).metrics if one.name == "errors")
    assert (errors.low, errors.high, errors.verdict) == (0.0, 0.0, "not-worse")


def test_swapping_the_sets_inverts_it() -> None:
    a, b = runs("A", 3), runs("B", 5, times=0.8)
    there, back = judged(a, b), judged(b, a)
    for one, other in zip(there.metrics, back.metrics, strict=True):
        if one.ratio is not None and other.ratio is not None:
            assert one.ratio * other.ratio == pytest.approx(1)
            assert one.low * other.high == pytest.approx(1)  # type: ignore[operator]


def test_objectives_and_a_finding_are_told() -> None:
    told = finding()
    sides = (
        counted(2.0, operations=[operation(12.0, 0.011)]),
        counted(2.0, side="B", operations=[operation(1.0, 0.001)]),
    )
    found = judged(runs("A", 3), runs("B", 3, times=0.5), slos=[slo()], finding=told, counted=sides)
    assert next(one for one in found.metrics if one.judged).label == "p95 response of browse.detail"
    assert found.blamed is not None
    assert found.blamed.moved
    assert found.reason is None  # pairs confirm a reason, sets of runs do not
