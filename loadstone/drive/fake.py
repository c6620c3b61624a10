"""A scripted engine behind the same protocol as the native one: no socket, no clock, the same answer every time.

``FakeEngine(intervals)`` plays back what it is given. ``scripted(plan, script)`` simulates a service for a plan: the
plan says what load comes (phases, arrivals, journeys, think times, thresholds), the script how the service takes it.
Use it to test what stands above the engine, and to see what a stall, a slow dependency or a few workers do to a
summary without starting anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.drive.engine import Exchange
from loadstone.drive.script import Script, Stall
from loadstone.drive.simulation import simulate
from loadstone.model.interval import Interval, Sample

__all__ = ["FakeEngine", "Script", "Stall", "scripted"]

ORIGIN_NS = 1_700_000_000_000_000_000
MONOTONIC_NS = 1_000_000_000


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
    return FakeEngine(*simulate(plan, script or Script(), ORIGIN_NS))
