"""The scripted engine keeps the engine's contract: same seed, same run; counts that add up; queues that queue."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.drive.engine import Engine
from loadstone.drive.facts import PlanFacts
from loadstone.drive.fake import FakeEngine, Script, Stall, scripted
from loadstone.errors import SpecError
from loadstone.model.interval import Interval
from loadstone.stats.histogram import Histogram
from tests.drive.plans import BROWSE, intervals, phase, plan, request

ONE = {"name": "one", "weight": 1.0, "ops": [request("get", 1)]}


def responses(told: tuple[Interval, ...]) -> Histogram:
    whole = Histogram()
    for interval in told:
        for cell in interval.cells:
            if cell.step is not None:
                data = cell.response
                whole.add(data.count, data.min_ns, data.max_ns, data.sum_ns, data.buckets)
    return whole


def test_it_is_an_engine_that_never_waits() -> None:
    engine: Engine = scripted(plan((phase("steady", 3, rate=10.0),)))
    assert engine.start() == scripted(plan()).start()
    assert not engine.finished()
    assert engine.samples() == ()
    while not engine.finished():
        assert engine.poll(1e9) is not None
    assert engine.poll(1e9) is None
    assert engine.samples()
    assert engine.exchanges() == ()


def test_stop_ends_it() -> None:
    engine = scripted(plan())
    engine.poll(0)
    engine.stop()
    assert engine.finished()
    assert engine.poll(0) is None


def test_the_same_script_is_the_same_run() -> None:
    script = Script(seed=7, error_share=0.1, workers=2, stalls=(Stall(5, 0.5),))
    assert intervals(plan(), script) == intervals(plan(), script)
    assert intervals(plan(), script) != intervals(plan(), Script(seed=8, error_share=0.1, workers=2))


def test_it_plays_back_what_it_is_given() -> None:
    told = intervals(plan())
    engine = FakeEngine(told)
    assert [engine.poll(0) for _ in told] == list(told)


@settings(max_examples=25, deadline=None)
@given(
    rate=st.floats(min_value=1, max_value=60),
    arrivals=st.sampled_from(["poisson", "even"]),
    workers=st.one_of(st.none(), st.integers(min_value=1, max_value=4)),
    error_share=st.floats(min_value=0, max_value=1),
    stall=st.floats(min_value=0, max_value=3),
    seed=st.integers(min_value=0, max_value=1000),
)
def test_counts_add_up(
    rate: float, arrivals: str, workers: int | None, error_share: float, stall: float, seed: int
) -> None:
    document = plan((phase("a", 3, rate=rate, measured=False), phase("b", 4, rate=rate)), arrivals=arrivals)
    script = Script(seed=seed, workers=workers, error_share=error_share, stalls=(Stall(2, stall),), dropped_share=0.1)
    told = intervals(document, script)
    totals: Counter[str] = Counter()
    for interval in told:
        for name in ("offered", "started", "dropped", "sent", "done"):
            totals[name] += getattr(interval, name)
        for cell in interval.cells:
            totals["requests" if cell.step else "journeys"] += cell.count
            for data in (cell.response, cell.service, cell.lag):
                assert data.count == cell.count == sum(count for _, count in data.buckets)
            assert data.count >= cell.first_byte.count
            assert all(0 <= over <= cell.count for over in cell.over)
    assert totals["offered"] == totals["started"] + totals["dropped"]
    assert totals["started"] == totals["journeys"]
    assert totals["sent"] == totals["done"] == totals["requests"]
    assert [interval.t_s for interval in told] == sorted(interval.t_s for interval in told)
    assert sum(interval.span_s for interval in told) == pytest.approx(told[-1].t_s)


def test_requests_in_flight_are_a_time_integral() -> None:
    told = intervals(plan(), Script(workers=1, mean_s=0.008))
    service_s = sum(cell.service.sum_ns for i in told for cell in i.cells if cell.step is not None) / 1e9
    assert sum(i.in_flight.mean * i.span_s for i in told) == pytest.approx(service_s, rel=1e-6)
    assert all(i.in_flight.max >= i.in_flight.mean for i in told)


def test_one_worker_queues_as_theory_says() -> None:
    # M/M/1 at rho = 0.7: mean response = service / (1 - rho).
    document = plan((phase("steady", 400, rate=70.0),), journeys=(ONE,))
    mean = responses(intervals(document, Script(workers=1, mean_s=0.01, lag_s=0.0))).mean_s
    assert mean == pytest.approx(0.01 / 0.3, rel=0.15)


def test_a_stall_shows_in_what_was_due_during_it() -> None:
    document = plan((phase("steady", 10, rate=100.0),), arrivals="even", journeys=(ONE,))
    quiet = responses(intervals(document, Script(service="constant", mean_s=0.001)))
    stalled = responses(intervals(document, Script(service="constant", mean_s=0.001, stalls=(Stall(4, 1.0),))))
    assert quiet.max_s == pytest.approx(0.00102)
    assert stalled.max_s == pytest.approx(1.0, abs=0.011)
    # A tenth of the arrivals wait, evenly from 1 s down to 0: the p95 is half a second.
    assert stalled.quantile(0.95) == pytest.approx(0.5, abs=0.02)


def test_a_closed_population_waits_for_its_answers() -> None:
    document = plan((phase("steady", 10, users=3),), arrivals="closed", journeys=(ONE,))
    told = intervals(document, Script(service="constant", mean_s=0.1, lag_s=0.0))
    assert sum(interval.done for interval in told) == pytest.approx(300, abs=3)
    assert max(interval.in_flight.max for interval in told) == 3


def test_once_runs_each_journey_a_single_time() -> None:
    told = intervals(plan((), arrivals="once", journeys=(ONE, BROWSE)))
    assert sum(interval.started for interval in told) == 2
    assert sum(interval.sent for interval in told) == 3


def test_an_error_ends_its_journey() -> None:
    told = intervals(plan(), Script(error_share=1.0, error_result="reset"))
    steps = {cell.step for interval in told for cell in interval.cells}
    assert steps == {"list", None}
    assert {cell.result for interval in told for cell in interval.cells} == {"reset"}


def test_a_timeout_counts_at_its_limit() -> None:
    told = intervals(plan(journeys=(ONE,)), Script(service="constant", mean_s=5.0, timeout_s=1.0, lag_s=0.0))
    whole = responses(told)
    assert (whole.min_s, whole.max_s) == (1.0, 1.0)
    assert {cell.result for interval in told for cell in interval.cells} == {"timeout"}


def test_samples_are_bounded_and_of_their_kind() -> None:
    engine = scripted(plan(), Script(error_share=0.2))
    while engine.poll(0):
        pass
    kept = Counter((sample.step, sample.kept) for sample in engine.samples())
    assert set(kept.values()) == {5}
    assert all(sample.error for sample in engine.samples() if sample.kept == "failed")


def test_what_it_does_not_know_is_refused() -> None:
    with pytest.raises(SpecError):
        scripted(b"{}")
    with pytest.raises(SpecError, match="parallel"):
        scripted(plan(journeys=({"name": "j", "weight": 1.0, "ops": [{"op": "parallel"}]},)))
    with pytest.raises(ValueError, match="constant, exponential or lognormal"):
        scripted(plan(), Script(service="cauchy"))


def test_facts_survive_the_archive() -> None:
    facts = PlanFacts.of(plan((phase("warm-up", 5, rate=1.0, measured=False), phase("steady", 10, rate=2.0))))
    assert facts.steps == (("browse", "list"), ("browse", "detail"))
    assert facts.thinks
    assert facts.open_model
    assert facts.duration_s == 15
    assert [span.start_s for span in facts.spans()] == [0, 5]
    assert facts.overlaps(4.5, 5.5) == (1.0, 0.5)
    assert facts.overlaps(14.5, 15.5) == (0.5, 0.5)
    assert [facts.measured(place) for place in (0, 1, 2)] == [False, True, False]


VISIT = {
    "name": "visit",
    "weight": 1.0,
    "start": {"list": 0.75, "detail": 0.25},
    "most": 50,
    "ops": [
        request("list", 1)
        | {"next": {"detail": 0.5, "list": 0.25}, "pause": {"distribution": "constant", "value_ns": 1_000}},
        request("detail", 2) | {"next": {"list": 0.5}},
    ],
}


def test_steps_that_lead_to_one_another_are_walked() -> None:
    told = intervals(plan((phase("steady", 100, rate=50.0),), journeys=(VISIT,)), Script(mean_s=0.0001))
    counts: Counter[str | None] = Counter()
    for interval in told:
        for cell in interval.cells:
            counts[cell.step] += cell.count
    journeys = counts[None]
    # Requests of each step: what the starts and the steps before it bring, solved for.
    detail = (0.25 + 0.5 * 0.75 / 0.75) / (1 - 0.5 * 0.5 / 0.75)
    listed = (0.75 + 0.5 * detail) / 0.75
    assert counts["list"] / journeys == pytest.approx(listed, rel=0.05)
    assert counts["detail"] / journeys == pytest.approx(detail, rel=0.05)


def test_a_journey_ends_at_its_most_and_once_takes_each_step() -> None:
    endless = VISIT | {"most": 7, "ops": [request("list", 1) | {"next": {"list": 1.0}}], "start": {"list": 1.0}}
    told = intervals(plan((phase("steady", 2, rate=5.0),), arrivals="even", journeys=(endless,)))
    counts = Counter({step: sum(c.count for i in told for c in i.cells if c.step == step) for step in ("list", None)})
    assert counts["list"] == 7 * counts[None] == 70
    once = intervals(plan((), arrivals="once", journeys=(VISIT,)))
    assert sorted(str(cell.step) for interval in once for cell in interval.cells) == ["None", "detail", "list"]
