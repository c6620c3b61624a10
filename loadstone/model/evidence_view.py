"""Evidence as a run's page shows it: bounded, in plain units, ready to draw. Part of RunView, and served by itself."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from loadstone.model.evidence import AuditCheck, Coverage, Missing

__all__ = [
    "CostRow",
    "EvidenceView",
    "FlameView",
    "HostSeries",
    "PlanView",
    "SpanView",
    "StatementView",
    "TraceRow",
    "TraceView",
    "WaitView",
]


class SpanView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One span of a waterfall. ``start_s`` counts from the trace's first instant; ``parent`` is a place in ``spans``.

    ``self_s`` is the span's time that no child covers, ``critical_s`` its own part of the trace's critical path.
    """

    id: str
    parent: int | None
    depth: int
    name: str
    service: str
    kind: str
    start_s: float
    duration_s: float
    self_s: float
    critical_s: float
    error: bool
    statement: str | None = None
    where: str | None = None
    function: str | None = None
    attributes: dict[str, str] = {}


class TraceRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kept trace in a list. ``why`` it was kept: slowest, typical (at the median), failed, or first (imported)."""

    trace_id: str
    why: str
    name: str
    journey: str | None
    step: str | None
    request: int | None
    at_s: float
    duration_s: float
    spans: int
    error: bool


class TraceView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trace to be drawn: spans in order of display, parents before children. ``cut`` spans are left out.

    ``critical`` holds the critical path as (place in spans, start_s, end_s), in order of time.
    """

    row: TraceRow
    spans: tuple[SpanView, ...]
    critical: tuple[tuple[int, float, float], ...]
    cut: int = 0


class FlameView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stacks folded into a tree, as columns: node i is the frame ``frames[frame[i]]`` under node ``parent[i]`` (-1 at
    the root), with ``own[i]`` of itself. Parents come before children. ``unit`` is s or bytes."""

    title: str
    source: str
    state: str
    unit: str
    frames: tuple[str, ...]
    frame: tuple[int, ...]
    parent: tuple[int, ...]
    own: tuple[float, ...]
    samples: int


class StatementView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One masked statement: as traces saw it, and as the database counted it. ``plan`` is a place in ``plans``."""

    text: str
    db_system_name: str
    spans: int
    per_request: float | None
    calls: int | None
    rows: int | None
    total_s: float
    mean_s: float | None
    p95_s: float | None
    where: str | None
    steps: tuple[str, ...]
    plan: int | None


class PlanView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan as a tree of plain nodes: ``{label, relation, detail, rows, estimated_rows, loops, own_s, cost, buffers,
    children}``, each value null where the database did not tell it."""

    statement: str
    source: str
    parameters: str
    execute_s: float | None
    note: str
    root: dict[str, Any]


class HostSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric over time. ``t_s`` counts from the run's time 0, as the latency charts do."""

    scope: str
    metric: str
    unit: str
    t_s: tuple[float, ...]
    value: tuple[float | None, ...]
    detail: str | None = None


class WaitView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waits of one kind and name added up. Sampled ones have no duration of their own: ``total_s`` is then samples
    times the sampling interval."""

    kind: str
    name: str
    count: int
    total_s: float
    sampled: bool
    example: str | None


class CostRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The observer's price: a figure of the bare run beside the observed one. ``unit`` is s, /s, share or a count."""

    name: str
    unit: str
    bare: float | None
    observed: float | None
    low: float | None = None
    high: float | None = None


class EvidenceView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that the evidence part of a page shows. ``run`` holds the evidence: the run itself, or the observed
    one of the same seed. ``traces`` lists what is kept; ``drawn`` are those that the page carries whole."""

    run: str
    spans: int
    traces: tuple[TraceRow, ...]
    drawn: tuple[TraceView, ...]
    flames: tuple[FlameView, ...]
    statements: tuple[StatementView, ...]
    plans: tuple[PlanView, ...]
    waits: tuple[WaitView, ...]
    host: tuple[HostSeries, ...]
    coverage: tuple[Coverage, ...]
    audit: tuple[AuditCheck, ...]
    missing: tuple[Missing, ...]
    cost: tuple[CostRow, ...]
    notes: tuple[str, ...] = ()
    origin: Literal["this run", "observed run"] = "this run"
