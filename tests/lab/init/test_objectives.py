"""Objectives from a baseline hold what was measured with room, and say so; the first load is a safe one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.lab.init.loads import chosen_load, lengthened
from loadstone.lab.init.measuring import LEAST_PER_S, MOST_PER_S, Alone, safe_rate
from loadstone.lab.init.objectives import LEAST_S, LONGEST_S, ROOM, SHORTEST_S, drafted, duration_for
from loadstone.model.introduction import BaselineTold, StepMeasured
from loadstone.model.shape import Phase, Shape


def baseline(*steps: StepMeasured, requests: int = 1000, errors: int = 0) -> BaselineTold:
    return BaselineTold("r", 20.0, requests, errors, 5.0, "valid", steps)


def measured(step: str, high_s: float, requests: int = 200, journey: str = "j") -> StepMeasured:
    return StepMeasured(journey, step, requests, 0.95, high_s * 0.8, high_s * 0.5, high_s)


@given(st.floats(1e-5, 100), st.integers(60, 10_000))
def test_a_limit_has_room_and_two_digits(high_s: float, requests: int) -> None:
    slos, said = drafted(baseline(measured("s", high_s, requests)))
    limit_s = slos[0].objective.limit_s
    assert limit_s is not None
    assert limit_s >= ROOM * high_s * (1 - 1e-9)
    assert limit_s <= max(ROOM * high_s * 1.11, LEAST_S)
    digits = f"{limit_s:.12e}".partition("e")[0].replace(".", "").strip("0")
    assert len(digits) <= 2
    assert f"{requests:,} requests" in said["slo.j is fast"][0]


def test_each_journey_is_held_at_its_slowest_step() -> None:
    slos, _ = drafted(baseline(measured("a", 0.1), measured("b", 0.3), measured("c", 0.2, journey="k")))
    assert [(slo.journey, slo.step) for slo in slos[:-1]] == [("j", "b"), ("k", "c")]
    assert slos[-1].objective.text == "errors < 1%"


def test_a_service_that_fails_often_gets_what_it_has() -> None:
    slos, said = drafted(baseline(errors=100))
    assert slos[0].objective.text == "errors < 25%"
    assert "100 of 1,000" in said["slo.hardly any errors"][0]


def test_nothing_measured_nothing_drafted() -> None:
    assert drafted(baseline(requests=0)) == ((), {})


@given(st.integers(60, 100_000))
def test_a_run_is_long_enough_and_no_longer_than_it_may_be(requests: int) -> None:
    told = baseline(measured("s", 0.1, requests))
    length_s = duration_for(drafted(told)[0], told)
    assert SHORTEST_S <= length_s <= LONGEST_S
    assert length_s % 30 == 0
    assert length_s == LONGEST_S or requests * length_s / 20 >= 300


@given(st.floats(1e-4, 1e5))
def test_a_safe_rate_is_a_small_part_of_what_one_user_can_do(alone: float) -> None:
    rate = safe_rate(alone)
    assert 0 < rate <= MOST_PER_S
    assert rate <= alone / 2 * (1 + 1e-6)
    assert rate >= min(LEAST_PER_S, alone / 2, alone / 10) * 0.9


def peak(rate: float) -> Shape:
    return Shape("peak", "poisson", (Phase("warm-up", 30, rate, measured=False), Phase("peak", 300, rate)))


@pytest.mark.parametrize(
    ("rate", "alone", "first"),
    [(5.0, 100.0, "peak"), (80.0, 100.0, "steady"), (0.1, 100.0, "steady"), (5.0, None, "steady")],
)
def test_the_peak_runs_first_only_where_it_is_safe(rate: float, alone: float | None, first: str) -> None:
    chosen = chosen_load((peak(rate),), None if alone is None else Alone(alone, "r"))
    assert chosen.shapes[0].name == first
    assert any(shape.name == "peak" for shape in chosen.shapes)
    assert chosen.rate_per_s <= rate or first == "steady"


def test_the_peak_keeps_its_length() -> None:
    assert lengthened(peak(5.0), 90.0).phases[-1].duration_s == 300
    steady = chosen_load((), Alone(100.0, "r")).shapes[0]
    assert lengthened(steady, 90.0).phases[-1].duration_s == 90
