"""The answer to a run in one sentence, the same on every surface: terminal, report, JSON."""

from __future__ import annotations

from loadstone.model.evidence_view import EvidenceView
from loadstone.model.quantity import (
    format_count,
    format_duration,
    format_share,
    parse_duration,
    parse_share,
)
from loadstone.model.run import SloResult, Summary

__all__ = ["collected", "headline", "measured_against"]

P99_REQUESTS = 1000
P90_REQUESTS = 100
"""Requests for which ten lie beyond the quantile that the sentence speaks of; below, it is the median."""


def headline(summary: Summary) -> str:
    """One sentence: what fails, what could not be judged, or how fast the service is."""
    fails = [slo for slo in summary.slos if slo.outcome == "fail"]
    if fails:
        return _several(fails, "fails", "fail", len(summary.slos))
    voids = [caveat.message for caveat in summary.caveats if caveat.level == "void"]
    if summary.validity == "invalid" and voids:
        return f"Invalid: {_lower(voids[0])}"
    undecided = [slo for slo in summary.slos if slo.outcome in ("undecided", "invalid")]
    if undecided:
        first = undecided[0]
        rest = "" if len(undecided) == 1 else f" {len(undecided)} of {len(summary.slos)} objectives are undecided."
        return f"{first.name} is undecided: {_lower(first.reason or measured_against(first))}{rest}"
    if summary.slos:
        return _several(list(summary.slos), "holds", "hold", len(summary.slos))
    plain = _plain(summary)
    return plain if summary.validity == "valid" else f"Doubtful: {_lower(plain)}"


def collected(kind: str, evidence: EvidenceView | None) -> str:
    """One sentence on evidence that came without a load of ours: how much, and from how many services."""
    way = "imported" if kind == "import" else "gathered"
    if evidence is None:
        return f"No evidence was {way}."
    samples = sum(flame.samples for flame in evidence.flames)
    counted = [(evidence.spans, "span"), (samples, "stack sample")]
    told = [f"{format_count(count)} {noun}{'' if count == 1 else 's'}" for count, noun in counted if count]
    host = "" if told or not evidence.host else "Values of the machine"
    return f"{' and '.join(told) or host or 'Nothing'} {'was' if not told and not host else 'were'} {way}."


def measured_against(slo: SloResult) -> str:
    """What was measured and what should have been: ``p99 812 ms, should be under 300 ms``."""
    what, _, limit = (part.strip() for part in slo.objective.partition("<"))
    try:
        if what.startswith("errors"):
            allowed = format_share(parse_share(limit), exact=True)
            found = "errors not measured" if slo.value is None else f"errors {format_share(slo.value)}"
            return f"{found}, should be under {allowed}"
        under = format_duration(parse_duration(limit), exact=True)
        if what.startswith("p"):
            found = f"{what} not measured" if slo.value is None else f"{what} {format_duration(slo.value)}"
            return f"{found}, should be under {under}"
        wanted = format_share(parse_share(what), exact=True)
        found = "share not measured" if slo.value is None else f"{format_share(slo.value)} of requests under {under}"
        return f"{found}, should be {wanted}"
    except ValueError:
        return slo.objective


def _several(slos: list[SloResult], one: str, many: str, total: int) -> str:
    if len(slos) == 1:
        return f"{slos[0].name} {one}: {measured_against(slos[0])}."
    number = f"All {total}" if len(slos) == total else f"{len(slos)} of {total}"
    return f"{number} objectives {many}; {slos[0].name}: {measured_against(slos[0])}."


def _plain(summary: Summary) -> str:
    """Without objectives: one quantile, the rate that it was measured at, the errors."""
    if not summary.requests or not summary.duration_s:
        return "Nothing was measured."
    if summary.errors == summary.requests:
        return f"Every one of {format_count(summary.requests)} requests failed."
    response = summary.latency_s.response
    count = summary.requests
    name, value = (
        ("p99", response.p99)
        if count >= P99_REQUESTS
        else ("p90", response.p90)
        if count >= P90_REQUESTS
        else ("the median", response.p50)
    )
    errors = f"with {format_share(summary.errors / count)} errors" if summary.errors else "without errors"
    rate = _rate(summary.requests / summary.duration_s)
    behind = any(caveat.code == "falling-behind" for caveat in summary.caveats)
    tail = "; it falls behind what is offered" if behind else ""
    said = "not measured" if value is None else format_duration(value)
    return f"{name[0].upper() if name.startswith('the') else name[0]}{name[1:]} is {said} at {rate}, {errors}{tail}."


def _rate(per_s: float) -> str:
    shown = format_count(round(per_s)) if per_s >= 100 else format_count(float(per_s))
    return f"{shown} requests a second"


def _lower(text: str) -> str:
    """A sentence to follow a colon: lower case unless it opens with a name such as p99 or HTTP."""
    return text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text
