"""Evidence as a page shows it: bounded, in plain units, ready to draw. Built batch by batch from the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from loadstone.model.evidence import TABLES, AuditCheck, Evidence, Plan
from loadstone.model.evidence_view import CostRow, EvidenceView, PlanView, TraceView
from loadstone.render.evidence_series import host_series, wait_views
from loadstone.render.evidence_statements import statement_views
from loadstone.render.evidence_traces import chosen, trace_views
from loadstone.render.flame import fold
from loadstone.render.plan import plan_view

__all__ = ["DRAWN_SPANS", "SERVED_SPANS", "evidence_view", "served_trace"]

DRAWN_SPANS = 5_000
"""Spans that a page carries in all, some 2 MB; traces beyond are listed, and drawn where the page is served."""

SERVED_SPANS = 20_000
"""Spans of a trace that the server hands out; a browser draws them, and nobody reads more."""

PLANS = 30


def evidence_view(
    evidence: Evidence,
    *,
    run: str,
    origin_ns: int,
    spans: int,
    steps: Sequence[tuple[str, str]] = (),
    audit: Sequence[AuditCheck] = (),
    cost: Sequence[CostRow] = (),
    notes: Sequence[str] = (),
    origin: Literal["this run", "observed run"] = "this run",
) -> EvidenceView:
    """Everything that the evidence part of a page shows.

    ``run`` holds the evidence, ``origin_ns`` is its own time 0 and ``spans`` how many it has; ``steps`` are the plan's
    (journey, step), in order.
    """
    kept = chosen(evidence)
    views = trace_views(evidence, kept, steps, origin_ns)
    traces = [views[trace_id] for trace_id, _ in kept if trace_id in views]
    plans = _plans(evidence.plans())
    return EvidenceView(
        run=run,
        spans=spans,
        traces=tuple(view.row for view in traces),
        drawn=_drawn(traces),
        flames=fold(evidence.rows("stacks", tuple(TABLES["stacks"]))),
        statements=statement_views(evidence, steps, [plan.statement for plan in plans]),
        plans=plans,
        waits=wait_views(evidence),
        host=host_series(evidence, origin_ns),
        coverage=evidence.coverage(),
        audit=tuple(audit),
        missing=evidence.missing(),
        cost=tuple(cost),
        notes=tuple(notes),
        origin=origin,
    )


def served_trace(
    evidence: Evidence, trace_id: bytes, *, origin_ns: int, steps: Sequence[tuple[str, str]] = ()
) -> TraceView | None:
    """Any trace of the evidence, drawn; None where it has none of this id."""
    return trace_views(evidence, [(trace_id, "asked for")], steps, origin_ns, SERVED_SPANS).get(trace_id)


def _drawn(traces: Sequence[TraceView]) -> tuple[TraceView, ...]:
    """The first of the traces that fit, in their order."""
    left = DRAWN_SPANS
    drawn = []
    for view in traces:
        if len(view.spans) <= left:
            left -= len(view.spans)
            drawn.append(view)
    return tuple(drawn)


def _plans(plans: Sequence[Plan]) -> tuple[PlanView, ...]:
    """The slowest first, so that those that are left out matter least."""
    ordered = sorted(plans, key=lambda plan: -(plan.execute_s or 0.0))
    return tuple(plan_view(plan) for plan in ordered[:PLANS])
