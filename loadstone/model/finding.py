"""Findings: what a diagnosis says of a run, why, how sure it is, and what a fix would gain."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "Bounded",
    "CouldNotLook",
    "Diagnosis",
    "Fact",
    "Finding",
    "FindingEvidence",
    "Locus",
    "Marked",
    "PathRow",
    "Predicted",
    "Roles",
    "Severity",
    "Share",
    "StepPath",
    "TailRow",
]

Severity = Literal["info", "warning", "critical"]


class Bounded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value with its interval; the field that holds it names the unit."""

    value: float
    low: float
    high: float


class Locus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it is: the step that suffers, the service and the span that do it, down to statement and line."""

    journey: str | None = None
    step: str | None = None
    service: str | None = None
    span: str | None = None
    statement: str | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who does what, each as a reader would name it: ``parent`` is the work in which it happens, ``cause`` what leads
    to it (a source query, a parameter, a holder of a lock), ``offender`` what should not be."""

    parent: str | None = None
    cause: str | None = None
    offender: str | None = None


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One piece of evidence: ``what`` is a whole sentence without a full stop, ``value`` its number, in ``unit``."""

    what: str
    value: float | None = None
    unit: str | None = None
    trace_ids: tuple[str, ...] = ()


class FindingEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What speaks for a finding and what against it."""

    for_: tuple[Fact, ...] = msgspec.field(name="for", default=())
    against: tuple[Fact, ...] = ()


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the step's time, how much lies in the offender: around the median, around p95, and of what a request beyond
    p99 takes more than one at the median. None where it cannot be told."""

    p50: Bounded | None = None
    p95: Bounded | None = None
    p99: Bounded | None = None


class Predicted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a complete fix would gain at the judged quantile ``at`` of the step: ``service`` seconds by doing less,
    ``queue`` seconds by waiting less. ``p50_s`` and so on are the quantiles after the fix, ``before_s`` the same
    before. ``basis`` says which service it is of: the one that was observed, or the bare one, less what observing
    costs. Where the number is ``refused`` (the reason), only ``service.low`` stands."""

    at: Literal["p50", "p95", "p99"] = "p99"
    service: Bounded | None = None
    queue: Bounded | None = None
    p50_s: Bounded | None = None
    p95_s: Bounded | None = None
    p99_s: Bounded | None = None
    before_s: dict[str, float] = {}
    basis: Literal["observed", "bare"] = "observed"
    refused: str | None = None

    def after(self, name: str) -> Bounded | None:
        """The quantile ``p50``, ``p95`` or ``p99`` after the fix, in seconds; None where there is no number."""
        return {"p50": self.p50_s, "p95": self.p95_s, "p99": self.p99_s}[name]

    def ratio(self, name: str) -> Bounded | None:
        """That quantile after the fix over what it was before; None where one of them is not known."""
        after, before_s = self.after(name), self.before_s.get(name)
        if after is None or not before_s:
            return None
        return Bounded(after.value / before_s, after.low / before_s, after.high / before_s)


class Marked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trace that shows the fault: its id and its offending spans' ids, all hex. ``clean`` is a comparable trace
    without the fault."""

    trace_id: str
    span_ids: tuple[str, ...] = ()
    clean: bool = False


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One cause. ``cost_s_per_request`` is over all requests of the step, affected or not; ``lost_s_per_s`` the same
    over the load. ``requests_share`` of the step's requests are affected. ``rank`` counts from 1; findings whose
    predicted gains overlap have the same ``tie``. ``fingerprint`` names the same cause in another run."""

    fault: str
    severity: Severity
    title: str
    locus: Locus
    roles: Roles
    evidence: FindingEvidence
    cost_s_per_request: float
    lost_s_per_s: float
    requests_share: float
    share: Share
    predicted: Predicted | None
    cure: str
    confidence: float
    fingerprint: str
    rank: int = 0
    tie: int | None = None
    exemplars: tuple[Marked, ...] = ()


class CouldNotLook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault that was not looked for, and what was missing."""

    fault: str
    missing: str


class PathRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operation's part of a step's critical path, in seconds a request: around the median, and in what requests
    beyond p99 take more (None where there are too few requests to tell). ``count`` a request."""

    operation: str
    service: str | None
    where: str | None
    p50_s: Bounded
    p99_excess_s: Bounded | None
    count: float


class StepPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a step's time goes. ``p50_s`` and ``p99_s`` are its durations (``p99_s`` None where there are too few);
    ``uncovered_share`` of its time lies in spans' own time without any finer evidence. ``trace_ids`` are one request
    around the median and some around p99."""

    journey: str | None
    step: str
    requests: int
    p50_s: float
    p99_s: float | None
    rows: tuple[PathRow, ...]
    uncovered_share: float | None = None
    trace_ids: tuple[str, ...] = ()


class TailRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A property over-represented among the slow requests of a step. ``slow_share`` and ``normal_share`` have it;
    ``lift`` is their ratio, ``effect_s`` the difference of medians with and without it; ``q`` the adjusted p value.
    ``goes_with`` are properties of the same requests, which follow from this one or lead to it."""

    journey: str | None
    step: str
    attribute: str
    value: str
    slow_share: float
    normal_share: float
    lift: Bounded
    effect_s: float
    q: float
    requests: int
    trace_ids: tuple[str, ...] = ()
    goes_with: tuple[str, ...] = ()


class Diagnosis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``findings.json``. ``sentence`` is the answer. ``looked_for`` names every fault that was looked for; what could
    not be is in ``could_not_look``. ``caveats`` are sentences on how far the evidence carries."""

    format: Literal[1]
    run: str
    sentence: str
    looked_for: tuple[str, ...]
    could_not_look: tuple[CouldNotLook, ...]
    findings: tuple[Finding, ...]
    paths: tuple[StepPath, ...] = ()
    tail: tuple[TailRow, ...] = ()
    caveats: tuple[str, ...] = ()
    traces: int = 0
    spans: int = 0
    judged: str | None = None
