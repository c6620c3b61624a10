"""One second of a run as the engine tells it, and the samples that it kept: docs/formats.md in types."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Cell", "Connections", "Generator", "HistogramData", "Host", "InFlight", "Interval", "Sample"]


class HistogramData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sparse counts over the one fixed layout of ``loadstone.stats.histogram``; exact ends, sum and count, in ns."""

    count: int
    min_ns: int
    max_ns: int
    sum_ns: int
    buckets: tuple[tuple[int, int], ...]


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests of one journey, step, phase and result in one interval. A null step is the whole journey.

    ``over[i]`` is the exact count of responses above the plan's i-th threshold.
    """

    journey: str
    step: str | None
    phase: int
    result: str
    error: bool
    count: int
    bytes_in: int
    bytes_out: int
    over: tuple[int, ...]
    response: HistogramData
    service: HistogramData
    lag: HistogramData
    first_byte: HistogramData


class InFlight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests in flight: the time integral over the span, and the most at one instant."""

    mean: float
    max: int


class Connections(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open at the end of the span; opened and failed within it."""

    open: int
    opened: int
    failed: int


class Generator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the engine itself took, and where it fell short (see docs/formats.md)."""

    cpu_s: float
    cores: int
    busiest_share: float
    lag_p99_s: float
    rss_bytes: int
    late: int
    clipped: int
    stalls: int


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of the span: stolen by the hypervisor, waiting for a CPU (PSI some), busy."""

    steal_share: float | None
    pressure_share: float | None
    busy_share: float | None


class Interval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One poll's worth of a run. ``t_s`` is the span's end, from the run's first intended instant."""

    format: Literal[1]
    t_s: float
    span_s: float
    offered: int
    started: int
    dropped: int
    sent: int
    done: int
    redirects: int
    in_flight: InFlight
    connections: Connections
    generator: Generator
    host: Host | None
    cells: tuple[Cell, ...]


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request kept whole: the slowest, the failed and a uniform reservoir, per step. Instants are wall-clock ns."""

    journey: str
    step: str
    phase: int
    result: str
    error: bool
    kept: Literal["slowest", "failed", "uniform"]
    arrival: int
    request: int
    intended_ns: int
    sent_ns: int | None
    first_byte_ns: int | None
    done_ns: int
    status: int | None
    bytes_in: int
    bytes_out: int
    method: str
    target: str
    trace_id: str | None
    message: str | None
