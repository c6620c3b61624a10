"""Predictions of an observed run, told for the bare service."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.diagnose.subject import Bare
from loadstone.diagnose.unobserved import unobserved
from loadstone.model.finding import Bounded, Predicted

AFTER = Bounded(0.004, 0.003, 0.006)
SEEN = Predicted(
    at="p95",
    service=Bounded(0.005, 0.004, 0.006),
    queue=Bounded(0.001, 0.0, 0.002),
    p50_s=AFTER,
    p95_s=AFTER,
    p99_s=AFTER,
    before_s={"p50": 0.010, "p95": 0.010, "p99": 0.010},
)


def bare(seconds: float) -> Bare:
    return Bare("browse", "detail", dict.fromkeys(("p50", "p95", "p99"), seconds))


def test_what_the_fix_leaves_of_the_calls_it_leaves_of_the_cost_of_seeing_them() -> None:
    told = unobserved(SEEN, bare(0.008), 0.1)
    assert told.p95_s is not None
    assert told.p95_s.value == pytest.approx(0.004 - 0.1 * 0.002)
    assert told.p95_s.low == pytest.approx(0.003 * 0.8), "no lower than the same ratio"
    assert told.p95_s.high == pytest.approx(0.006 - 0.1 * 0.002)
    assert (told.before_s["p95"], told.basis) == (0.008, "bare")


def test_where_no_call_goes_the_cost_goes_with_the_time() -> None:
    told = unobserved(SEEN, bare(0.008), 1.0)
    assert told.p95_s is not None
    assert told.p95_s.value / 0.008 == pytest.approx(SEEN.p95_s.value / 0.010)  # type: ignore[union-attr]


def test_an_observed_run_that_was_faster_keeps_its_ratio() -> None:
    told = unobserved(SEEN, bare(0.012), 0.1)
    assert told.p95_s is not None
    assert [told.p95_s.value, told.p95_s.high] == pytest.approx([0.0048, 0.0072])


def test_the_parts_still_add_up_and_at_least_shrinks_with_the_service() -> None:
    told = unobserved(SEEN, bare(0.008), 0.1)
    assert told.service is not None and told.queue is not None and told.p95_s is not None
    assert told.before_s["p95"] - told.service.value - told.queue.value == pytest.approx(told.p95_s.value)
    refused = unobserved(
        Predicted(at="p95", service=SEEN.service, before_s=SEEN.before_s, refused="few"), bare(0.008), 1
    )
    assert refused.refused == "few" and refused.p95_s is None
    assert refused.service is not None and refused.service.low == pytest.approx(0.0032)


def test_without_a_bare_time_it_stays_of_the_observed_run() -> None:
    for known in ({}, {"p50": 0.008}, {"p50": 0.0, "p95": 0.0, "p99": 0.0}):
        told = unobserved(SEEN, Bare("browse", "detail", known), 0.1)
        assert told == SEEN and told.basis == "observed"


def test_a_higher_quantile_stays_no_lower() -> None:
    """The observed run was unlucky at its p99."""
    seen = Predicted(at="p50", p50_s=AFTER, p95_s=AFTER, p99_s=AFTER, before_s={"p50": 0.01, "p95": 0.01, "p99": 0.04})
    told = unobserved(seen, Bare(None, None, {"p50": 0.010, "p95": 0.010, "p99": 0.011}), 0.5)
    assert told.p95_s is not None and told.p99_s is not None
    assert told.p99_s.value == told.p95_s.value and told.p99_s.low == told.p95_s.low


@given(
    before=st.floats(1e-4, 10),
    cost=st.floats(-0.5, 0.9),
    left=st.floats(0.01, 1.2),
    spread=st.floats(1, 3),
    calls_left=st.floats(0, 1),
)
def test_its_ends_stay_in_order_and_above_nothing(
    before: float, cost: float, left: float, spread: float, calls_left: float
) -> None:
    value = before * left
    after = Bounded(value, value / spread, value * spread)
    seen = Predicted(at="p50", p50_s=after, before_s={"p50": before})
    told = unobserved(seen, Bare(None, None, {"p50": before * (1 - cost)}), calls_left).p50_s
    assert told is not None
    assert 0 <= told.low <= told.value * (1 + 1e-9) <= told.high * (1 + 2e-9)
