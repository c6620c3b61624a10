"""The page of a run: the one noun that ``report.html`` embeds and every page of a run draws from."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.causes_view import CausesView
from loadstone.model.evidence_view import EvidenceView
from loadstone.model.proof_view import ProofView
from loadstone.model.run import Manifest, Summary

__all__ = ["ErrorRow", "Heat", "PercentileCurve", "PhaseSpan", "RunView", "SampleRow", "Series"]


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns over time, one value an interval, ``t_s`` being its end. Null where nothing was done in it.

    Offered, started, achieved (completed) and dropped count journeys; requests and errors count requests.
    """

    t_s: tuple[float, ...]
    span_s: tuple[float, ...]
    offered_per_s: tuple[float, ...]
    started_per_s: tuple[float, ...]
    achieved_per_s: tuple[float, ...]
    requests_per_s: tuple[float, ...]
    errors_per_s: tuple[float, ...]
    dropped_per_s: tuple[float, ...]
    in_flight_mean: tuple[float, ...]
    in_flight_max: tuple[int, ...]
    connections_open: tuple[int, ...]
    generator_busy_share: tuple[float, ...]
    host_busy_share: tuple[float | None, ...]
    host_steal_share: tuple[float | None, ...]
    response_p50_s: tuple[float | None, ...]
    response_p95_s: tuple[float | None, ...]
    response_p99_s: tuple[float | None, ...]
    response_max_s: tuple[float | None, ...]
    service_p50_s: tuple[float | None, ...]
    service_p99_s: tuple[float | None, ...]
    lag_p99_s: tuple[float | None, ...]


class PercentileCurve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Latency at each share, on an axis of nines; shares that the count cannot carry are left out."""

    share: tuple[float, ...]
    response_s: tuple[float, ...]
    service_s: tuple[float, ...]
    lag_s: tuple[float, ...]


class Heat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Responses by time and latency: ``counts[i][j]`` for interval i and the band ``edges_s[j:j+2]``."""

    t_s: tuple[float, ...]
    edges_s: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


class PhaseSpan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phase on the time axis. ``measured`` is false for warm-up, which is shaded."""

    name: str
    start_s: float
    end_s: float
    measured: bool


class ErrorRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way of failing: how often, when first and last, and one example's words."""

    journey: str
    step: str
    result: str
    count: int
    share: float
    first_s: float
    last_s: float
    example: str | None


class SampleRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kept request, for the table of the slowest."""

    journey: str
    step: str
    result: str
    error: bool
    t_s: float
    response_s: float
    service_s: float | None
    lag_s: float | None
    first_byte_s: float | None
    method: str
    target: str


class RunView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a run's page shows. ``headline`` is the answer in one sentence, ``repeat`` the command."""

    format: Literal[1]
    headline: str
    summary: Summary
    manifest: Manifest
    series: Series
    curve: PercentileCurve
    heat: Heat
    phases: tuple[PhaseSpan, ...]
    errors: tuple[ErrorRow, ...]
    slowest: tuple[SampleRow, ...]
    spec: str | None
    repeat: str
    evidence: EvidenceView | None = None
    causes: CausesView | None = None
    proof: ProofView | None = None
