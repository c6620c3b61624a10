"""Causes as a page shows them: the diagnosis, and for each finding its traces, its plan and its flame graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.model.causes_view import CauseDrawings, CausesView
from loadstone.model.evidence import Evidence
from loadstone.model.evidence_view import EvidenceView, FlameView, TraceView
from loadstone.model.finding import Diagnosis, Finding
from loadstone.model.frame import read_frame
from loadstone.render.evidence_traces import trace_views

__all__ = ["CAUSE_SPANS", "LONGEST", "causes_view"]

CAUSE_SPANS = 3_000
"""Spans of exemplars that a page carries in all, some 1 MB beside its other evidence; a server draws the others."""

LONGEST = 800
"""Spans of one exemplar; the offending ones stay. Nobody reads more to see that a statement repeats."""

_TRACES = 40  # exemplars that are read at all: two of each of the first twenty findings

_STACKS = {
    "hot-function": ("gil", "cpu"),
    "hot-serialiser": ("gil", "cpu"),
    "row-mapping": ("gil", "cpu"),
    "cold-start": ("gil", "cpu"),
    "saturation": ("gil", "cpu"),
    "gil-wait": ("gil",),
    "memory-growth": ("alloc",),
}
"""Faults that stacks show, and the states of a thread in which they show them, in the order of preference."""


def causes_view(
    diagnosis: Diagnosis,
    evidence: Evidence | None = None,
    shown: EvidenceView | None = None,
    *,
    origin_ns: int = 0,
    steps: Sequence[tuple[str, str]] = (),
) -> CausesView:
    """The diagnosis with its drawings.

    ``evidence`` is what was diagnosed (None: no trace is drawn), ``shown`` the same as the page carries it, whose
    traces are not drawn twice; ``origin_ns`` its time 0, ``steps`` the plan's (journey, step), in order.
    """
    return CausesView(
        diagnosis=diagnosis,
        drawings=tuple(_drawings(finding, shown) for finding in diagnosis.findings),
        drawn=() if evidence is None else tuple(_drawn(diagnosis, evidence, shown, origin_ns, steps)),
    )


def _drawn(
    diagnosis: Diagnosis,
    evidence: Evidence,
    shown: EvidenceView | None,
    origin_ns: int,
    steps: Sequence[tuple[str, str]],
) -> Iterator[TraceView]:
    """Exemplars of the first findings, as many as the page carries."""
    there = {view.row.trace_id for view in shown.drawn} if shown is not None else set()
    wanted: dict[bytes, str] = {}
    offending: set[str] = set()
    for finding in diagnosis.findings:
        for one in finding.exemplars:
            trace_id = _trace_id(one.trace_id)
            if trace_id is not None and one.trace_id not in there and len(wanted) < _TRACES:
                wanted.setdefault(trace_id, "without it" if one.clean else "exemplar")
                offending.update(one.span_ids)
    views = trace_views(evidence, wanted.items(), steps, origin_ns, LONGEST, offending)
    left = CAUSE_SPANS
    for trace_id in wanted:
        view = views.get(trace_id)
        if view is not None and len(view.spans) <= left:
            left -= len(view.spans)
            yield view


def _trace_id(text: str) -> bytes | None:
    """The id in bytes; None of what is no id."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _drawings(finding: Finding, shown: EvidenceView | None) -> CauseDrawings:
    if shown is None:
        return CauseDrawings()
    flame, frame = _flame(finding, shown.flames)
    return CauseDrawings(_plan(finding, shown), flame, frame)


def _plan(finding: Finding, shown: EvidenceView) -> int | None:
    """The plan of the finding's statement, texts compared without their line breaks."""
    statement = finding.locus.statement
    if statement is None:
        return None
    wanted = statement.split()
    return next((place for place, plan in enumerate(shown.plans) if plan.statement.split() == wanted), None)


def _flame(finding: Finding, flames: Sequence[FlameView]) -> tuple[int | None, str | None]:
    """Of the flame graphs that can show this fault the one in which its function weighs most; else the first."""
    states = _STACKS.get(finding.fault)
    if states is None:
        return None, None
    fitting = sorted((states.index(flame.state), place) for place, flame in enumerate(flames) if flame.state in states)
    best: tuple[float, int, str] | None = None
    for _, place in fitting:
        for frame, weight in _weights(flames[place], finding):
            if best is None or weight > best[0]:
                best = (weight, place, frame)
    if best is not None:
        return best[1], best[2]
    return (fitting[0][1], None) if fitting and finding.locus.function is None else (None, None)


def _weights(flame: FlameView, finding: Finding) -> Iterator[tuple[str, float]]:
    """Each frame of the finding's function and the samples' weight that passes through it."""
    wanted, file = finding.locus.function, finding.locus.file
    if wanted is None:
        return
    total = list(flame.own)
    for node in range(len(total) - 1, 0, -1):  # parents stand before their children
        if 0 <= flame.parent[node] < node:
            total[flame.parent[node]] += total[node]
    weight: dict[int, float] = {}
    for node, place in enumerate(flame.frame):
        weight[place] = weight.get(place, 0.0) + total[node]
    for place, summed in weight.items():
        function, path, _ = read_frame(flame.frames[place])
        if function.rpartition(".")[2] == wanted.rpartition(".")[2] and _same_file(path, file):
            yield flame.frames[place], summed


def _same_file(one: str | None, other: str | None) -> bool:
    """Whether both may be the same file: one path ends with the other, or one is not known."""
    if one is None or other is None:
        return True
    long, short = sorted(
        (one.replace("\\", "/").split("/"), other.replace("\\", "/").split("/")), key=len, reverse=True
    )
    return long[-len(short) :] == short
