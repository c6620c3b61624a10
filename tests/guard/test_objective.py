from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from loadstone.guard.objective import CandidateRun, judge_objective
from loadstone.model.guardrail import GuardResult, guard_of
from loadstone.model.slo import Slo, parse_objective
from tests.guard.made import run

SLO = Slo("detail is fast", parse_objective("p99 < 300ms"), "browse", "detail")
ERRORS = Slo("few errors", parse_objective("errors < 1%"))


def judged(slo: Slo, runs: Sequence[CandidateRun], base: Sequence[CandidateRun] = ()) -> GuardResult:
    return judge_objective(guard_of(slo), slo, base, runs)


def times(rng: np.random.Generator, p99_s: float, count: int = 1000) -> list[float]:
    scale = p99_s / -np.log(0.01)
    return list(rng.exponential(scale, count))


def test_well_within_is_a_pass_and_beyond_is_a_fail() -> None:
    rng = np.random.default_rng(1)
    fast = [run(times(rng, 0.1), SLO, pair=pair) for pair in range(6)]
    slow = [run(times(rng, 0.8), SLO, pair=pair) for pair in range(6)]
    passed, failed = judged(SLO, fast), judged(SLO, slow, fast)
    assert passed.verdict == "pass"
    assert failed.verdict == "fail"
    assert failed.limit == 0.3 and failed.unit == "s"
    assert failed.a == pytest.approx(0.1, rel=0.15)
    assert failed.value == pytest.approx(0.8, rel=0.15)
    assert failed.low is not None and failed.high is not None and failed.low < 0.8 < failed.high
    assert failed.sentence.startswith("detail is fast: p99 ")
    assert failed.sentence.endswith("should be under 300 ms over 6 runs.")


def test_a_base_that_misses_it_too_is_told_and_no_excuse() -> None:
    rng = np.random.default_rng(2)
    slow = [run(times(rng, 0.8), SLO, pair=pair) for pair in range(6)]
    result = judged(SLO, slow, slow)
    assert result.verdict == "fail"
    assert "; the base misses it too, with " in result.sentence


def test_at_the_limit_it_is_undecided_and_says_how_many_requests_would_do() -> None:
    rng = np.random.default_rng(3)
    result = judged(SLO, [run(times(rng, 0.29), SLO, pair=pair) for pair in range(6)])
    assert result.verdict == "undecided"
    assert any(words in (result.settle or "") for words in ("would settle it", "too close"))


def test_runs_that_differ_among_each_other_count_for_less_than_their_requests() -> None:
    """Half of the runs all good, half with 3 % bad: on average 1.5 %, but six runs do not say on which side of 1 %."""
    flat = [run([0.1] * 985 + [0.4] * 15, SLO, pair=pair) for pair in range(6)]
    clumped = [
        run([0.1] * (970 if pair % 2 else 1000) + [0.4] * (30 if pair % 2 else 0), SLO, pair=pair) for pair in range(6)
    ]
    assert judged(SLO, flat).verdict == "fail"
    assert judged(SLO, clumped).verdict == "undecided"


def test_dropped_journeys_are_not_forgotten() -> None:
    good = [run([0.1] * 1000, SLO, pair=pair, dropped=50) for pair in range(6)]
    result = judged(SLO, good)
    assert result.verdict == "undecided"
    assert "dropped journeys" in (result.settle or "")
    assert judged(SLO, [run([0.1] * 1000, SLO, pair=pair) for pair in range(6)]).verdict == "pass"


def test_void_runs_are_left_out_and_all_of_them_make_it_invalid() -> None:
    rng = np.random.default_rng(4)
    fast = [run(times(rng, 0.1), SLO, pair=pair) for pair in range(6)]
    void = run(times(rng, 9.0), SLO, pair=6, outcome="invalid", reason="The generator was saturated.")
    assert judged(SLO, [*fast, void]).verdict == "pass"
    alone = judged(SLO, [void])
    assert alone.verdict == "invalid"
    assert alone.sentence == "detail is fast was not measured: the generator was saturated."
    assert judged(SLO, []).verdict == "undecided"


def test_errors_are_told_as_a_share() -> None:
    runs = [run([0.1] * 1000, ERRORS, pair=pair, bad=40) for pair in range(6)]
    result = judged(ERRORS, runs)
    assert (result.verdict, result.unit, result.limit) == ("fail", "share", 0.01)
    assert result.value == pytest.approx(0.04)
    assert "errors 4.00 % [" in result.sentence


def test_a_share_of_good_requests() -> None:
    slo = Slo("most", parse_objective("95% < 300ms"))
    runs = [run([0.1] * 900 + [0.4] * 100, slo, pair=pair) for pair in range(6)]
    result = judged(slo, runs)
    assert result.verdict == "fail"
    assert result.value == pytest.approx(0.9)
    assert "of requests under 300 ms, should be 95 %" in result.sentence


def test_a_share_exactly_at_the_limit_hardly_ever_passes() -> None:
    """The true p99 is the limit: a pass is wrong, and so is a fail, each at most one time in forty and some."""
    rng = np.random.default_rng(5)
    verdicts = []
    for _ in range(80):
        runs = [run(times(rng, 0.3 * rng.lognormal(0, 0.05), 200), SLO, pair=pair) for pair in range(8)]
        verdicts.append(judged(SLO, runs).verdict)
    assert verdicts.count("pass") <= 6
    assert verdicts.count("fail") <= 6
