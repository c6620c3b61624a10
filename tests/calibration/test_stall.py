"""A server that answers nobody for a second: what an open schedule must show of it, and where.

The oracle is a queue: requests intended at even instants, as many servers as there are connections, and a stall during
which nobody is answered. Without a limit on connections every request is sent at its instant, so response and service
time both hold the stall. Where a request has to wait for a connection, the response time holds the stall and the
service time of all but those under way does not. An arrival that finds no connection is dropped, and counted. A
generator that waited with its schedule would show a handful of slow requests and call the rest fast.
"""

from __future__ import annotations

import heapq
from pathlib import Path

import pytest

from loadstone.model.interval import Interval
from loadstone.stats.histogram import Histogram
from tests.calibration.scripted import drive, merged, plan_for, serving

pytestmark = [pytest.mark.calibration, pytest.mark.timeout(120), pytest.mark.usefixtures("undisturbed")]

RATE_PER_S = 200
SERVICE_S = 0.002
STALL_S = 1.0
FEW = 4  # connections
SHARES = (0.5, 0.7, 0.8, 0.88, 0.92, 0.95, 0.98, 0.99, 0.995)
NEAR_S = 0.02  # waking up, twice, and the sleeps of a server that is not a real-time one


class Queue:
    """The oracle: ``count`` requests at even instants, a stall that begins with the request of number ``after``.

    ``responses`` and ``services`` are sorted, in seconds. With ``impatient`` who finds no connection leaves.
    """

    def __init__(self, count: int, after: int, connections: int, *, impatient: bool = False) -> None:
        free = [0.0] * connections
        resume = 0.0
        self.dropped = 0
        self.responses: list[float] = []
        self.services: list[float] = []
        for number in range(1, count + 1):
            intended = (number - 1) / RATE_PER_S
            if impatient and free[0] > intended:
                self.dropped += 1
                continue
            sent = max(intended, heapq.heappop(free))
            if number == after:
                resume = sent + STALL_S
            done = max(sent, resume) + SERVICE_S
            heapq.heappush(free, done)
            self.responses.append(done - intended)
            self.services.append(done - sent)
        self.responses.sort()
        self.services.sort()


def agrees(measured: Histogram, oracle: list[float]) -> None:
    """Every quantile is the oracle's, within 1 % and what processes need to wake up."""
    assert measured.count == len(oracle)
    for share in SHARES:
        found, due = measured.quantile(share), oracle[round(share * len(oracle)) - 1]
        assert found is not None
        assert abs(found - due) <= 0.01 * due + NEAR_S, (share, found, due)


def through_a_stall(
    program: Path, after: int, duration_s: float, connections: int, again_after_s: float | None = None
) -> list[Interval]:
    """A run over a server that stalls with the request of number ``after``."""
    script = ("stall", str(round(SERVICE_S * 1e6)), str(after), str(round(STALL_S * 1e3)))
    with serving(program, *script) as truth:
        return drive(
            plan_for(
                truth.port,
                arrivals="even",
                rate_per_s=RATE_PER_S,
                duration_s=duration_s,
                connections=connections,
                again_after_s=again_after_s,
            )
        )


@pytest.mark.parametrize("connections", [FEW, 2_000])
def test_the_oracle_is_what_theory_says(connections: int) -> None:
    """A tenth of the arrivals falls into the stall and waits for its end: P(response > w) = (1 - w) / 10."""
    responses = Queue(2_000, 801, connections).responses
    # On few connections those who waited are then answered one after the other, while more come.
    capacity_per_s = connections / SERVICE_S
    backlog_s = RATE_PER_S * STALL_S / (capacity_per_s - RATE_PER_S)
    for share in (0.92, 0.95, 0.99):
        due = STALL_S - (1 - share) * 10
        found = responses[round(share * len(responses)) - 1]
        assert due - 1 / RATE_PER_S <= found <= due + SERVICE_S + 1 / RATE_PER_S + backlog_s


def test_a_stall_of_a_tenth_is_in_response_and_service(scripted_server: Path) -> None:
    oracle = Queue(2_000, 801, 2_000)
    intervals = through_a_stall(scripted_server, 801, 10, 10_000)
    assert sum(interval.dropped for interval in intervals) == 0
    agrees(merged(intervals, "response"), oracle.responses)
    agrees(merged(intervals, "service"), oracle.services)
    response_p99 = merged(intervals, "response").quantile(0.99)
    assert response_p99 is not None
    assert response_p99 > 0.85 * STALL_S


def test_who_waits_for_a_connection_has_it_in_the_response_alone(scripted_server: Path) -> None:
    """Each journey asks again when all have arrived; the stall comes amid the second requests."""
    arrived, after = 800, 300
    oracle = Queue(arrived, after, FEW)
    intervals = through_a_stall(scripted_server, arrived + after, arrived / RATE_PER_S, FEW, again_after_s=4.2)
    assert sum(interval.dropped for interval in intervals) == 0
    response, service, lag = (merged(intervals, name, "again") for name in ("response", "service", "lag"))
    agrees(response, oracle.responses)
    agrees(service, oracle.services)
    p99 = [histogram.quantile(0.99) for histogram in (response, service, lag)]
    assert p99[0] is not None
    assert p99[1] is not None
    assert p99[2] is not None
    assert p99[0] > 0.9 * STALL_S, "the stall is seen"
    assert p99[1] < 0.05 * STALL_S, "four requests were under way"
    assert p99[2] > 0.9 * STALL_S, "the others were not sent yet"
    assert service.max_s is not None
    assert service.max_s > STALL_S


def test_arrivals_that_find_no_connection_are_dropped_and_counted(scripted_server: Path) -> None:
    oracle = Queue(500, 101, FEW, impatient=True)
    intervals = through_a_stall(scripted_server, 101, 2.5, FEW)
    offered, started, dropped = (
        sum(getattr(interval, name) for interval in intervals) for name in ("offered", "started", "dropped")
    )
    assert offered == 500 == started + dropped
    assert abs(dropped - oracle.dropped) <= NEAR_S * RATE_PER_S
    assert merged(intervals, "response").count == started
