"""A scripted engine behind the same protocol as the native one: no socket, no clock, the same answer every time.

``FakeEngine(intervals)`` plays back what it is given. ``scripted(plan, script)`` simulates a service for a plan: the
plan says what load comes (phases, arrivals, journeys, think times, thresholds), the script how the service takes it.
Use it to test what stands above the engine, and to see what a stall, a slow dependency or a few workers do to a
summary without starting anything.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from loadstone.drive.engine import Exchange
from loadstone.model.interval import Interval, Sample

__all__ = ["FakeEngine", "Script", "Stall", "scripted"]

ORIGIN_NS = 1_700_000_000_000_000_000
MONOTONIC_NS = 1_000_000_000


class Stall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The service stands still from ``start_s``, for ``length_s``; what it was doing goes on afterwards."""

    start_s: float
    length_s: float


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the simulated service and the generator behave; times in seconds, all draws keyed by ``seed``.

    ``service`` is the distribution of a request's work, ``mean_s`` its mean (``sigma`` is lognormal's). With
    ``workers`` requests queue for that many; without, each is served at once. ``steps`` overrides ``mean_s`` by step
    name. A share ``error_share`` of requests answers with ``error_result`` (a status or an error kind). Every request
    is sent ``lag_s`` after its intended instant. What a generator tells of itself is taken as it stands:
    ``busiest_share``, ``late_share`` (of arrivals), ``clipped``, ``stalled`` (each per interval), ``cpu_s`` a request,
    and the host's shares.
    """

    seed: int = 1
    service: str = "exponential"
    mean_s: float = 0.01
    sigma: float = 0.5
    steps: dict[str, float] = {}
    workers: int | None = None
    stalls: tuple[Stall, ...] = ()
    error_share: float = 0.0
    error_result: str = "500"
    timeout_s: float = 10.0
    first_byte_share: float = 0.8
    lag_s: float = 0.00002
    busiest_share: float = 0.05
    late_share: float = 0.0
    dropped_share: float = 0.0
    clipped: int = 0
    stalled: int = 0
    cpu_per_request_s: float = 0.00002
    steal_share: float | None = None
    pressure_share: float | None = None
    busy_share: float | None = None

    def work(self, draw: random.Random, step: str) -> float:
        """One request's work in seconds. Raises ValueError for a distribution that it does not know."""
        mean = self.steps.get(step, self.mean_s)
        if self.service == "constant":
            return mean
        if self.service == "exponential":
            return draw.expovariate(1 / mean) if mean > 0 else 0.0
        if self.service == "lognormal":
            # exp(mu + sigma^2 / 2) is the mean.
            return mean * draw.lognormvariate(-(self.sigma**2) / 2, self.sigma)
        raise ValueError(f"service is constant, exponential or lognormal, not {self.service!r}")


class FakeEngine:
    """Plays intervals back; an ``Engine`` (see ``loadstone.drive.engine``).

    ``poll`` never waits. After ``stop`` the rest of the intervals is not told. ``start`` gives always the same origin.
    """

    def __init__(
        self, intervals: Sequence[Interval], samples: Sequence[Sample] = (), exchanges: Sequence[Exchange] = ()
    ) -> None:
        self._intervals = tuple(intervals)
        self._samples = tuple(samples)
        self._exchanges = tuple(exchanges)
        self._next = 0
        self._stopped = False

    def start(self) -> tuple[int, int]:
        """The fixed origin: (wall-clock ns, monotonic ns)."""
        return ORIGIN_NS, MONOTONIC_NS

    def poll(self, timeout_s: float) -> Interval | None:
        """The next interval at once, None when there is no more."""
        if self.finished():
            return None
        self._next += 1
        return self._intervals[self._next - 1]

    def finished(self) -> bool:
        """True once every interval was polled, or after ``stop``."""
        return self._stopped or self._next >= len(self._intervals)

    def stop(self, *, now: bool = False) -> None:
        """End the run here."""
        self._stopped = True

    def samples(self) -> tuple[Sample, ...]:
        """The samples of requests that had ended by the last interval polled."""
        if self._next >= len(self._intervals):
            return self._samples
        end_s = self._intervals[self._next - 1].t_s if self._next else 0.0
        return tuple(sample for sample in self._samples if sample.done_ns - ORIGIN_NS <= end_s * 1e9)

    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges that it was given."""
        return self._exchanges


def scripted(plan: bytes, script: Script | None = None) -> FakeEngine:
    """An engine that simulates the plan's load on the service of the script.

    Raises SpecError for a plan that cannot be read, ValueError for a script that makes no sense.
    """
    from loadstone.drive.simulation import simulate

    return FakeEngine(*simulate(plan, script or Script(), ORIGIN_NS))
