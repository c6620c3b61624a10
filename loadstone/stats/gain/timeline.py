"""The recorded timeline of a service under load, what a fix takes away of it, and the gain that is foretold.

All instants are integer nanoseconds on one clock; all answers are seconds as float.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DATABASE", "OTHER", "UNSEEN", "Bounded", "Gain", "Levels", "Quantiles", "Removal", "Timeline"]

DATABASE, OTHER = 0, 1
"""Resource of a segment: a database call; any other time off the CPU (a remote call, a sleep, a wait for a pool or a
lock)."""

UNSEEN = -1
"""Stands for an instant, a CPU time or a process that was not seen."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """``n`` requests in order of arrival, all that the service had to serve, traced or not, and ``m`` segments: time
    off the CPU within traced requests, sorted by request and start.

    Raises ValueError for columns of unequal length or out of order; strange instants are no error, they are left out
    or refused later.
    """

    arrived_ns: NDArray[np.int64]
    """Sent by the client."""
    started_ns: NDArray[np.int64]
    """Its server span's start; UNSEEN where it was not traced."""
    ended_ns: NDArray[np.int64]
    """Done at the client: the last byte."""
    group: NDArray[np.int32]
    """Its class: the step."""
    cpu_ns: NDArray[np.int64]
    """CPU time of its thread; UNSEEN where not known."""
    process: NDArray[np.int32]
    """Its worker process; UNSEEN where not known."""
    segment_request: NDArray[np.int64]
    """The request that a segment lies in, as a place among the ``n``."""
    segment_start_ns: NDArray[np.int64]
    segment_end_ns: NDArray[np.int64]
    segment_resource: NDArray[np.int8]
    """DATABASE or OTHER."""

    def __post_init__(self) -> None:
        _same_length(self, ("arrived_ns", "started_ns", "ended_ns", "group", "cpu_ns", "process"))
        _same_length(self, ("segment_request", "segment_start_ns", "segment_end_ns", "segment_resource"))
        if (np.diff(self.arrived_ns) < 0).any():
            raise ValueError("requests are not in order of arrival")
        request = self.segment_request
        if len(request) and (request[0] < 0 or request[-1] >= self.requests or (np.diff(request) < 0).any()):
            raise ValueError("segments are not sorted by the requests that they lie in")
        within = np.diff(request) == 0
        if (np.diff(self.segment_start_ns)[within] < 0).any():
            raise ValueError("segments of a request are not sorted by their start")

    @property
    def requests(self) -> int:
        """``n``."""
        return len(self.arrived_ns)

    @property
    def traced(self) -> NDArray[np.bool_]:
        """Of each request, whether its server span was seen."""
        seen: NDArray[np.bool_] = self.started_ns != UNSEEN
        return seen


@dataclass(frozen=True, slots=True)
class Removal:
    """What a fix takes away: a share (0 to 1) of each segment, and so much of each traced request's time on the CPU,
    besides its segments. ``cpu_share`` is the part (0 to 1) of a request's work on the CPU that this is, where it is
    not that of its wall time there: who waits for a processor does no work."""

    segment_share: NDArray[np.float64]
    cpu_ns: NDArray[np.float64]
    cpu_share: NDArray[np.float64] | None = None

    def of(self, timeline: Timeline) -> None:
        """Raises ValueError unless this fits the timeline."""
        cpu_share = self.cpu_ns if self.cpu_share is None else self.cpu_share
        lengths = len(self.segment_share), len(self.cpu_ns), len(cpu_share)
        if lengths != (len(timeline.segment_request), timeline.requests, timeline.requests):
            raise ValueError("a removal has a share for each segment and a CPU time for each request of its timeline")
        if not all(np.isfinite(column).all() for column in (self.segment_share, self.cpu_ns, cpu_share)):
            raise ValueError("a removal is made of finite numbers")


@dataclass(frozen=True, slots=True)
class Bounded:
    """Seconds, with an interval of 90 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Levels:
    """Quantiles of the response time as recorded, in seconds."""

    p50_s: float
    p95_s: float
    p99_s: float


@dataclass(frozen=True, slots=True)
class Quantiles:
    """A quantity at three quantiles of the response time."""

    p50_s: Bounded
    p95_s: Bounded
    p99_s: Bounded


@dataclass(frozen=True, slots=True)
class Gain:
    """What a fix would gain. ``service`` is the fault's own time, ``queue`` the waiting that goes with it, ``after``
    the quantiles that would be left, ``before`` those recorded: before - service - queue = after.

    Where ``refused`` is a sentence, ``queue`` and ``after`` are not to be told; ``service.*.low`` stands as "at least".
    ``first`` and ``past`` bound the requests that the answer was worked out on: all, or a long enough stretch of them.
    """

    before: Levels
    service: Quantiles
    queue: Quantiles
    after: Quantiles
    refused: str | None
    first: int
    past: int


def _same_length(timeline: Timeline, names: tuple[str, ...]) -> None:
    columns: list[NDArray[Any]] = [getattr(timeline, name) for name in names]
    if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
        raise ValueError(f"{', '.join(names)} are not 1-D columns of one length")
