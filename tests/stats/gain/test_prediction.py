"""Predictions against the simulator's truth, refusals, and evidence that is absurd."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from benches.gain_cases import Case, Class, draw_requests, observed, response_times
from benches.gain_services import CPU, DATABASE, Recording, Service, simulate
from loadstone.stats.gain import DATABASE as DATABASE_SEGMENT
from loadstone.stats.gain import Gain, Removal, Timeline, predict
from loadstone.stats.gain.naive import subtract, subtract_and_queue

SHOP = Case(
    kind="workers",
    service=Service(workers=4, cores=2, database="sharing", servers=3),
    classes=(Class(1.0, ((CPU, 3e-3), (DATABASE, 4e-3), (CPU, 3e-3))), Class(0.5, ((CPU, 6e-3), (DATABASE, 2e-3)))),
    sigma=0.5,
    fault="n+1",
    faulty_share=0.1,
    size=3.0,
    rate_per_s=190.0,
    seed=11,
)


@cache
def recording(case: Case, requests: int = 3000) -> tuple[Recording, float]:
    """The service under load, and its p99 with the fault removed."""
    drawn = draw_requests(case, requests, case.seed)
    fixed = simulate(case.service, drawn, case.seed, fixed=True)
    return simulate(case.service, drawn, case.seed), float(np.quantile(response_times(fixed.requests), 0.99))


def seen(case: Case = SHOP, traced_share: float = 1.0, cpu_known: bool = False) -> tuple[Timeline, Removal]:
    return observed(recording(case)[0], traced_share, case.seed, cpu_known)


def test_with_all_traces_the_truth_is_foretold() -> None:
    busy, truth = recording(SHOP)
    assert 0.5 < busy.load < 0.8
    timeline, removal = seen()
    gain = predict(timeline, removal)
    assert gain.refused is None
    assert gain.after.p99_s.value == pytest.approx(truth, rel=0.05)
    assert gain.after.p99_s.low < truth < gain.after.p99_s.high
    # Removing work removes waiting: what others do is further from the truth.
    assert abs(subtract(timeline, removal) - truth) > 3 * abs(gain.after.p99_s.value - truth)
    assert abs(subtract_and_queue(timeline, removal) - truth) > 1.5 * abs(gain.after.p99_s.value - truth)


@pytest.mark.parametrize("cpu_known", [False, True])
def test_with_a_tenth_of_the_traces_it_is_near(cpu_known: bool) -> None:
    gain = predict(*seen(traced_share=0.1, cpu_known=cpu_known))
    assert gain.refused is None
    assert gain.after.p99_s.value == pytest.approx(recording(SHOP)[1], rel=0.2)


def test_the_parts_add_up() -> None:
    gain = predict(*seen())
    for name in ("p50_s", "p95_s", "p99_s"):
        parts = getattr(gain.service, name).value + getattr(gain.queue, name).value
        assert getattr(gain.before, name) - parts == pytest.approx(getattr(gain.after, name).value)
        for quantity in (gain.service, gain.queue, gain.after):
            bounded = getattr(quantity, name)
            assert bounded.low <= bounded.value <= bounded.high
    assert gain.before.p99_s == pytest.approx(np.quantile(response_times(recording(SHOP)[0].requests), 0.99))


def test_the_same_seed_gives_the_same() -> None:
    timeline, removal = seen(traced_share=0.1)
    assert predict(timeline, removal, seed=3) == predict(timeline, removal, seed=3)


def test_one_step_may_be_asked_for() -> None:
    timeline, removal = seen()
    where = timeline.group == 1
    gain = predict(timeline, removal, where=where)
    responses = (timeline.ended_ns - timeline.arrived_ns)[where] / 1e9
    assert gain.before.p99_s == pytest.approx(np.quantile(responses, 0.99))


def test_a_long_record_is_predicted_on_a_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.stats.gain.prediction.MOST_REQUESTS", 1000)
    gain = predict(*seen())
    assert (gain.first, gain.past) == (1000, 2000)


def refused(gain: Gain) -> str:
    assert gain.refused is not None
    return gain.refused


def test_users_who_wait_are_refused() -> None:
    assert "users wait" in refused(predict(*seen(), closed=True))


def test_nothing_removed_is_refused() -> None:
    timeline, removal = seen()
    nothing = Removal(np.zeros_like(removal.segment_share), np.zeros_like(removal.cpu_ns))
    assert "takes nothing away" in refused(predict(timeline, nothing))


def test_few_requests_are_refused_but_subtracted() -> None:
    timeline, removal = observed(Recording(recording(SHOP)[0].requests[:150], 0.0), 1.0, 1, False)
    gain = predict(timeline, removal)
    assert "too few" in refused(gain)
    assert gain.service.p99_s.value >= 0


def test_no_requests_at_all_are_refused() -> None:
    none = np.zeros(0, np.int64)
    small = none.astype(np.int32)
    timeline = Timeline(none, none, none, small, none, small, none, none, none, none.astype(np.int8))
    assert "too few" in refused(predict(timeline, Removal(np.zeros(0), np.zeros(0))))


def test_workers_with_queues_of_their_own_are_refused() -> None:
    sticky = replace(SHOP, service=replace(SHOP.service, sticky=True), rate_per_s=150.0)
    assert "order in which they came" in refused(predict(*seen(sticky)))


THREADS = replace(
    SHOP,
    service=Service(0, 1, "sharing", 0),
    classes=(Class(1.0, ((CPU, 4e-3), (DATABASE, 2e-3))),),
    faulty_share=1.0,
    size=2.0,
    rate_per_s=80.0,
)
"""Threads that take turns at one processor."""


def begun_late(case: Case, cpu_known: bool, length: float = 0.6) -> tuple[Timeline, Removal, float]:
    """A handler's first line is reached somewhere within the thread's first turns at the processor."""
    busy, truth = recording(case)
    timeline, removal = observed(busy, 1.0, case.seed, cpu_known)
    chance = np.random.default_rng(3)
    first = np.array([request.walls[0][1] for request in busy.requests]) * 1e9
    wait = np.maximum(first - timeline.started_ns, 0.0) * length * chance.random(len(first))
    return replace(timeline, started_ns=timeline.started_ns + wait.astype(np.int64)), removal, truth


@pytest.mark.parametrize("fault", ["n+1", "hot function"])
def test_waits_for_the_processor_before_the_start_are_time_on_the_processor(fault: str) -> None:
    timeline, removal, truth = begun_late(replace(THREADS, fault=fault), cpu_known=True)
    gain = predict(timeline, removal)
    assert gain.refused is None
    assert gain.after.p99_s.value == pytest.approx(truth, rel=0.15)
    assert gain.after.p99_s.low < truth < gain.after.p99_s.high


@pytest.mark.parametrize(("cpu_known", "length"), [(False, 0.6), (True, 1.0)])
def test_such_waits_are_refused_where_they_are_long_or_no_cpu_time_tells_what_they_are(
    cpu_known: bool, length: float
) -> None:
    timeline, removal, _ = begun_late(THREADS, cpu_known, length)
    assert "order in which they came" in refused(predict(timeline, removal))


def test_cpu_that_a_request_takes_within_its_calls_is_theirs() -> None:
    """A library that works on the request's own thread: more CPU was recorded than the time between calls holds."""
    timeline, removal = seen(replace(SHOP, faulty_share=1.0, rate_per_s=90.0), cpu_known=True)
    asked = np.bincount(
        timeline.segment_request, timeline.segment_end_ns - timeline.segment_start_ns, minlength=timeline.requests
    )
    gain = predict(replace(timeline, cpu_ns=timeline.cpu_ns + asked.astype(np.int64)), removal)
    assert gain.refused is None
    assert gain.after.p95_s.value == pytest.approx(predict(timeline, removal).after.p95_s.value, rel=0.1)


def test_work_and_not_waiting_is_taken_away_where_the_work_is_known() -> None:
    """Half the time on the CPU is waiting for it: the fault has all the work, and half the time."""
    count, ms = 400, 1_000_000
    arrived = np.arange(count, dtype=np.int64) * 100 * ms
    none, unknown = np.zeros(0, np.int64), np.full(count, -1)
    timeline = Timeline(
        arrived,
        arrived,
        arrived + 20 * ms,
        np.zeros(count, np.int32),
        unknown,
        unknown.astype(np.int32),
        none,
        none,
        none,
        none.astype(np.int8),
    )
    by_time = predict(timeline, Removal(np.zeros(0), np.full(count, 10.0 * ms)))
    by_work = predict(timeline, Removal(np.zeros(0), np.full(count, 10.0 * ms), np.ones(count)))
    assert by_time.after.p50_s.value == pytest.approx(0.010)
    assert by_work.after.p50_s.value == pytest.approx(0.0, abs=1e-9)
    assert by_work.service.p50_s.value == pytest.approx(0.010), "its own time is what it was"
    with pytest.raises(ValueError, match="a CPU time for each request"):
        predict(timeline, Removal(np.zeros(0), np.zeros(count), np.ones(count - 1)))


def test_a_cure_may_cost_a_tenth_of_what_it_takes_away() -> None:
    gain = predict(*seen())
    for name in ("p50_s", "p95_s", "p99_s"):
        after = getattr(gain.after, name)
        assert after.high >= after.value + 0.1 * (getattr(gain.before, name) - after.value)


def test_a_removal_of_another_timeline_is_an_error() -> None:
    timeline, removal = seen()
    with pytest.raises(ValueError, match="a share for each segment"):
        predict(timeline, Removal(removal.segment_share[1:], removal.cpu_ns))
    with pytest.raises(ValueError, match="finite"):
        predict(timeline, Removal(removal.segment_share * np.nan, removal.cpu_ns))


@pytest.mark.parametrize("seed", range(6))
def test_absurd_columns_end_in_an_answer_or_a_refusal(seed: int) -> None:
    chance = np.random.default_rng(seed)
    timeline, removal = seen(traced_share=0.5)

    def spoilt(column: NDArray[np.int64]) -> NDArray[np.int64]:
        bad = column.copy()
        places = chance.random(len(bad)) < 0.02
        bad[places] = chance.choice([0, -5, 2**62, -(2**62), 10**18], int(places.sum()))
        return bad

    worse = replace(
        timeline,
        started_ns=spoilt(timeline.started_ns),
        ended_ns=spoilt(timeline.ended_ns),
        cpu_ns=spoilt(timeline.cpu_ns),
        segment_end_ns=spoilt(timeline.segment_end_ns),
    )
    gain = predict(worse, Removal(removal.segment_share * 7 - 1, removal.cpu_ns))
    values = [
        bounded.value
        for quantity in (gain.service, gain.queue, gain.after)
        for bounded in (quantity.p50_s, quantity.p95_s, quantity.p99_s)
    ]
    assert np.isfinite(values).all()


def test_calls_side_by_side_gain_what_the_longest_of_them_leaves() -> None:
    count, ms = 400, 1_000_000
    arrived = np.arange(count, dtype=np.int64) * 100 * ms
    request = np.repeat(np.arange(count), 2)
    begun = np.repeat(arrived, 2) + 2 * ms
    lengths = np.tile([10 * ms, 8 * ms], count)
    unknown = np.full(count, -1)
    timeline = Timeline(
        arrived,
        arrived,
        arrived + 15 * ms,
        np.zeros(count, np.int32),
        unknown,
        unknown.astype(np.int32),
        request,
        begun,
        begun + lengths,
        np.full(2 * count, DATABASE_SEGMENT, np.int8),
    )
    longest, shorter = (Removal(np.tile(share, count), np.zeros(count)) for share in ([1.0, 0.0], [0.0, 1.0]))
    assert predict(timeline, longest).after.p50_s.value == pytest.approx(0.013)
    assert predict(timeline, shorter).after.p50_s.value == pytest.approx(0.015)


def test_without_server_spans_calls_alone_foretell() -> None:
    timeline, removal = seen()
    gain = predict(replace(timeline, started_ns=np.full(timeline.requests, -1)), removal)
    assert gain.refused is None
    assert gain.after.p99_s.value == pytest.approx(recording(SHOP)[1], rel=0.05)


def test_a_service_that_calls_nobody_is_predicted_too() -> None:
    timeline, _ = seen()
    none = np.zeros(0, np.int64)
    bare = replace(
        timeline,
        segment_request=none,
        segment_start_ns=none,
        segment_end_ns=none,
        segment_resource=none.astype(np.int8),
    )
    gain = predict(bare, Removal(np.zeros(0), np.full(timeline.requests, 2e6)))
    assert gain.service.p50_s.value == pytest.approx(0.002, rel=0.05)
    assert gain.after.p99_s.value < gain.before.p99_s - gain.service.p99_s.value


def test_requests_of_one_instant_do_no_harm() -> None:
    timeline, removal = seen()
    arrived = np.zeros_like(timeline.arrived_ns)
    gain = predict(replace(timeline, arrived_ns=arrived, started_ns=arrived), removal)
    assert np.isfinite(gain.after.p99_s.value)
