"""Summaries of simulated runs: what is counted, how objectives are judged, what the exit code is."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.drive.facts import PlanFacts
from loadstone.drive.fake import Script, Stall
from loadstone.drive.summary import exit_code, summarise
from loadstone.model.run import Caveat, Outcome, SloResult, Validity
from loadstone.model.slo import Objective, Slo
from tests.drive.plans import FAST, FEW_ERRORS, P99, intervals, phase, plan, summary

TWO_PHASES = plan((phase("warm-up", 5, rate=40.0, measured=False), phase("steady", 20, rate=50.0)), arrivals="even")


def test_warm_up_is_left_out_of_everything_but_the_generator() -> None:
    found = summary(document=TWO_PHASES)
    told = intervals(TWO_PHASES)
    assert found.duration_s == 20
    assert found.offered_per_s == 50
    steady = [c for i in told for c in i.cells if c.phase == 1 and c.step is not None]
    assert found.requests == sum(cell.count for cell in steady)
    assert found.generator.cpu_s == pytest.approx(sum(interval.generator.cpu_s for interval in told))


def test_journeys_and_requests_are_counted_apart() -> None:
    found = summary(Script(error_share=0.05), document=TWO_PHASES)
    rows = {(step.journey, step.step): step for step in found.steps}
    assert list(rows) == [("browse", "list"), ("browse", "detail"), ("browse", None)]
    assert found.requests == rows["browse", "list"].requests + rows["browse", "detail"].requests
    assert found.errors == rows["browse", "list"].errors + rows["browse", "detail"].errors
    assert rows["browse", None].requests == rows["browse", "list"].requests == 1000
    assert rows["browse", None].errors == found.errors
    assert found.achieved_per_s == pytest.approx(50, rel=0.02)
    assert all(sum(step.results.values()) == step.requests for step in found.steps)


def test_the_last_replies_belong_to_the_schedule_unless_a_queue_is_left() -> None:
    document = plan((phase("steady", 10, rate=50.0),), arrivals="even")
    told = intervals(document, Script(mean_s=0.0))
    last = told[9]
    longer = msgspec.structs.replace(last, t_s=10.25, span_s=1.25)
    drained = (*told[:9], longer, *(msgspec.structs.replace(each, t_s=each.t_s + 0.25) for each in told[10:]))
    found = summarise("r", PlanFacts.of(document), drained, (), "complete")
    assert (found.offered_per_s, found.duration_s) == (50, 10)
    assert found.achieved_per_s == summarise("r", PlanFacts.of(document), told, (), "complete").achieved_per_s
    slow = summary(Script(workers=1, service="constant", mean_s=0.02, timeout_s=100), document=document)
    # 100 requests a second come and 50 are served: 25 journeys a second at most.
    assert slow.achieved_per_s < 30


def test_latencies_are_those_of_the_service_and_of_the_lag() -> None:
    found = summary(Script(service="constant", mean_s=0.02, lag_s=0.005))
    latency = found.latency_s
    assert latency.service.p99 == pytest.approx(0.02, rel=0.004)
    assert latency.lag.p50 == pytest.approx(0.005, rel=0.004)
    assert latency.response.max == pytest.approx(0.025)
    assert latency.first_byte.p50 == pytest.approx(0.016, rel=0.004)


def test_an_interrupted_run_is_measured_as_far_as_it_went() -> None:
    document = plan((phase("steady", 20, rate=50.0),), arrivals="even")
    found = summarise("r", PlanFacts.of(document), intervals(document)[:7], (), "interrupted")
    assert found.duration_s == 7
    assert found.offered_per_s == 50
    assert found.validity == "valid"


def test_far_within_is_a_pass_and_says_its_value() -> None:
    found = summary(Script(mean_s=0.01), FAST, P99, FEW_ERRORS)
    assert [slo.outcome for slo in found.slos] == ["pass"] * 3
    share, quantile, errors = found.slos
    assert (share.value, share.limit, share.bad) == (1.0, 0.99, 0)
    assert quantile.value == found.steps[1].latency_s.response.p99
    assert quantile.limit == 0.3
    assert (errors.value, errors.limit) == (0.0, 0.01)
    assert share.good == found.steps[1].requests
    assert errors.good == found.requests
    assert (found.outcome, exit_code(found)) == ("pass", 0)


def test_far_outside_is_a_fail() -> None:
    found = summary(Script(mean_s=0.5, error_share=0.2), FAST, P99, FEW_ERRORS)
    assert [slo.outcome for slo in found.slos] == ["fail"] * 3
    assert (found.outcome, exit_code(found)) == ("fail", 1)
    quantile = found.slos[1]
    assert quantile.interval is not None
    assert 0.3 <= quantile.interval[0] <= (quantile.value or 0) <= quantile.interval[1]


def test_near_the_limit_is_undecided_and_says_what_would_settle_it() -> None:
    found = summary(Script(mean_s=0.3 / np.log(80.0)), FAST)
    assert found.slos[0].outcome == "undecided"
    assert "more requests would settle it" in (found.slos[0].reason or "")
    assert (found.outcome, exit_code(found)) == ("undecided", 3)


def test_a_stall_clumps_and_widens_the_interval() -> None:
    """The same number of bad requests, scattered and in one clump: the clump carries less."""
    scattered = summary(Script(mean_s=0.3 / np.log(200.0)), FAST).slos[0]
    clumped = summary(Script(mean_s=0.01, stalls=(Stall(10, 0.4),)), FAST).slos[0]
    assert scattered.interval is not None
    assert clumped.interval is not None
    assert 1 <= clumped.bad <= scattered.bad * 3
    assert clumped.interval[0] < scattered.interval[0]
    assert "clumped" in (clumped.reason or "")


def test_a_limit_is_judged_by_exact_counts_not_by_a_bucket() -> None:
    # All responses lie in one bucket with the limit: only the engine's own count tells them apart.
    within = summary(Script(service="constant", mean_s=0.29999, lag_s=0.0), FAST).slos[0]
    beyond = summary(Script(service="constant", mean_s=0.30001, lag_s=0.0), FAST, P99)
    assert (within.bad, within.outcome) == (0, "undecided" if within.reason else "pass")
    assert (beyond.slos[0].good, beyond.slos[0].outcome, beyond.slos[1].outcome) == (0, "fail", "fail")
    assert (beyond.slos[1].value or 0) >= 0.3


def test_an_objective_that_the_plan_does_not_count_is_undecided() -> None:
    other = Slo("other", Objective("share", 0.99, 0.123, "99% < 123ms"), "browse", "detail")
    found = summary(None, other).slos[0]
    assert (found.outcome, found.interval) == ("undecided", None)
    assert "did not count" in (found.reason or "")


def test_an_objective_over_nothing_is_undecided() -> None:
    absent = Slo("absent", Objective("errors", 0.99, None, "errors < 1%"), "no such journey")
    assert summary(None, absent).slos[0].reason == "No request that it is about was measured."


@pytest.mark.parametrize(
    ("level", "outcome", "code"), [("void", "invalid", 4), ("doubt", "undecided", 3), ("note", "pass", 0)]
)
def test_a_caveat_weighs_on_the_metrics_that_it_names(level: str, outcome: str, code: int) -> None:
    caveat = msgspec.convert(
        {"code": "x", "level": level, "metrics": ["latency"], "message": "Because.", "advice": "Do."}, Caveat
    )
    found = summary(Script(mean_s=0.01), FAST, caveats=(caveat,))
    assert (found.slos[0].outcome, exit_code(found)) == (outcome, code)
    errors = summary(Script(mean_s=0.01), FEW_ERRORS, caveats=(caveat,))
    assert (errors.slos[0].outcome, exit_code(errors)) == ("pass", 0)


def test_a_fail_that_is_void_is_not_a_fail() -> None:
    found = summary(Script(mean_s=0.5, busiest_share=0.99), FAST)
    assert (found.slos[0].outcome, found.outcome, found.validity, exit_code(found)) == (
        "invalid",
        "undecided",
        "invalid",
        4,
    )


def test_a_valid_fail_outweighs_an_invalid_objective() -> None:
    found = summary(Script(mean_s=0.5, busiest_share=0.99, error_share=0.3), FAST, FEW_ERRORS)
    assert [slo.outcome for slo in found.slos] == ["invalid", "fail"]
    assert (found.outcome, exit_code(found)) == ("fail", 1)


def test_without_objectives_only_validity_counts() -> None:
    assert (summary().outcome, exit_code(summary())) == ("none", 0)
    assert exit_code(summary(Script(busiest_share=0.99))) == 4
    assert exit_code(summary(build="debug")) == 0


def test_drops_could_hide_a_miss() -> None:
    found = summary(Script(mean_s=0.01, dropped_share=0.05), FAST)
    assert found.dropped > 0
    assert found.slos[0].outcome == "undecided"
    assert "dropped and never measured" in (found.slos[0].reason or "")


OUTCOMES = st.sampled_from(["pass", "fail", "undecided", "invalid"])


@given(st.lists(OUTCOMES, max_size=5), st.sampled_from(["valid", "doubtful", "invalid"]))
def test_the_exit_code_follows_the_order_of_the_contract(outcomes: list[Outcome], validity: Validity) -> None:
    base = _BASE
    slos = tuple(SloResult(str(n), outcome, 0, 0, None, 0.0, None, "errors < 1%") for n, outcome in enumerate(outcomes))
    code = exit_code(msgspec.structs.replace(base, slos=slos, validity=validity))
    if "fail" in outcomes:
        assert code == 1
    elif "invalid" in outcomes:
        assert code == 4
    elif "undecided" in outcomes:
        assert code == 3
    else:
        assert code == (4 if validity == "invalid" and not outcomes else 0)


_BASE = summary(document=plan((phase("steady", 1, rate=5.0),)))


def test_a_summary_is_json_and_back() -> None:
    found = summary(Script(error_share=0.01), FAST, P99, FEW_ERRORS)
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found
