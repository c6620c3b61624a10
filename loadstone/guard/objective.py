"""One objective held to the candidate's runs: by exact counts of good and bad requests over all of them.

The runs are the blocks: how bad requests, and the slowest ones, spread over runs gives the design effect, so that
requests of one run do not count as independent (``loadstone.stats.proportion``). One run's own verdict is given by
``loadstone run``; this one is over the pairs' runs, which share load and length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from loadstone.model.guardrail import GateVerdict, Guard, GuardResult
from loadstone.model.quantity import format_count, format_duration, format_share
from loadstone.model.run import SloResult, Summary
from loadstone.model.side_run import SideRun
from loadstone.model.slo import Objective, Slo
from loadstone.stats.histogram import Histogram, bucket_of
from loadstone.stats.proportion import Design, design_effect, quantile_shares, requests_to_decide, share_interval

__all__ = ["CandidateRun", "judge_objective"]

TAILS = (1.0, 3.0)
FAR = 3.0
"""As in the verdict on one run: multiples of the allowed share whose slowest requests show how the tail clumps, unless
the limit lies so far above the slowest request that its tail says nothing (tests/calibration holds both)."""


class CandidateRun(NamedTuple):
    """A run of a pair with its summary, where its exact counts against each objective stand."""

    run: SideRun
    summary: Summary

    def of(self, slo: Slo) -> SloResult | None:
        """The run's own result for that objective."""
        return next((one for one in self.summary.slos if one.name == slo.name), None)


class _Counted(NamedTuple):
    bad: list[int]
    total: list[int]
    response: Histogram
    tails: list[list[int]]
    missing: int


def judge_objective(
    guard: Guard, slo: Slo, base: Sequence[CandidateRun], candidate: Sequence[CandidateRun]
) -> GuardResult:
    """The verdict on an objective. ``a`` is the base's value, told but not judged: a base that misses it too is no
    excuse for the candidate, but worth knowing."""
    objective = slo.objective
    judged = [one for one in candidate if (told := one.of(slo)) and told.outcome != "invalid"]
    before = _value(objective, _count(slo, base)) if base else None
    if not judged:
        return _without(guard, slo, before, candidate)
    counted = _count(slo, judged)
    bad, count = sum(counted.bad), sum(counted.total)
    design = _design(slo, counted)
    allowed = round(1 - objective.good_share, 12)
    verdict, settle, interval = _verdict(bad, count, allowed, design, counted.missing)
    value, (low, high) = _value(objective, counted), _shown(objective, counted, design, interval)
    sentence = f"{slo.name}: {_measured(objective, value, low, high)} over {len(judged)} runs"
    if verdict == "fail" and before is not None and _misses(objective, before):
        sentence += f"; the base misses it too, with {_level(objective, before)}"
    return GuardResult(
        guard, verdict, before, value, value, low, high, _limit(objective), _unit(objective), f"{sentence}.", settle
    )


def _verdict(
    bad: int, count: int, allowed: float, design: Design, missing: int
) -> tuple[GateVerdict, str | None, tuple[float, float]]:
    """The verdict by counts, what would settle it, and the interval of the bad share."""
    if not count:
        return "undecided", "no request that it is about was measured", (0.0, 1.0)
    interval = share_interval(bad, count, design)
    if interval[0] > allowed:
        return "fail", None, interval
    if interval[1] <= allowed:
        if missing and share_interval(bad + missing, count + missing, design)[1] > allowed:
            dropped = f"{format_count(missing)} requests of dropped journeys were never measured"
            return "undecided", f"{dropped}; counted as bad, they could miss it", interval
        return "pass", None, interval
    more = requests_to_decide(bad, count, allowed, design)
    if more is None:
        return "undecided", "it is too close to its limit for any reasonable number of requests", interval
    step = 10 ** max(0, len(str(more)) - 2)
    return "undecided", f"about {format_count(-(-more // step) * step)} more requests would settle it", interval


def _count(slo: Slo, runs: Sequence[CandidateRun]) -> _Counted:
    """Counts a run, exact; the response times of all of them; and of each tail the requests in it, a run."""
    bad: list[int] = []
    total: list[int] = []
    pooled, each, missing = Histogram(), [], 0
    for one in runs:
        told = one.of(slo)
        if told is None or told.outcome == "invalid":
            continue
        bad.append(told.bad)
        total.append(told.good + told.bad)
        measured = one.run.step(slo.journey, slo.step)
        each.append(measured.response if measured is not None else Histogram())
        pooled.merge(each[-1])
        journeys = one.summary.offered_per_s * one.summary.duration_s
        missing += round(one.summary.dropped / max(journeys - one.summary.dropped, 1.0) * total[-1])
    allowed = round(1 - slo.objective.good_share, 12)
    edges = [pooled.quantile(1 - min(multiple * allowed, 0.5)) for multiple in TAILS]
    limits = [bucket_of(round(edge * 1e9)) for edge in edges if edge is not None]
    tails = [[_beyond(histogram, limit) for histogram in each] for limit in limits]
    return _Counted(bad, total, pooled, tails, missing)


def _beyond(histogram: Histogram, bucket: int) -> int:
    return sum(count for at, count in histogram.buckets() if at >= bucket)


def _design(slo: Slo, counted: _Counted) -> Design:
    designs = [design_effect(counted.bad, counted.total)]
    limit_s, slowest_s = slo.objective.limit_s, counted.response.max_s
    far = limit_s is not None and slowest_s is not None and slowest_s * FAR < limit_s
    if limit_s is not None and not far:
        designs += [design_effect(tail, counted.total) for tail in counted.tails]
    return max(designs, key=lambda design: design.effect)


def _value(objective: Objective, counted: _Counted) -> float | None:
    """In the objective's own unit: share of errors, share of good, or the quantile in seconds."""
    count = sum(counted.total)
    if objective.kind == "quantile":
        return counted.response.quantile(objective.good_share)
    if not count:
        return None
    share = sum(counted.bad) / count
    return share if objective.kind == "errors" else 1 - share


def _shown(
    objective: Objective, counted: _Counted, design: Design, interval: tuple[float, float]
) -> tuple[float | None, float | None]:
    if objective.kind == "errors":
        return interval
    if objective.kind == "share":
        return 1 - interval[1], 1 - interval[0]
    count = sum(counted.total)
    if not count:
        return None, None
    low, high = quantile_shares(objective.good_share, count, design)
    return counted.response.quantile(low), counted.response.quantile(high)


def _without(guard: Guard, slo: Slo, before: float | None, runs: Sequence[CandidateRun]) -> GuardResult:
    """No run that can be judged: invalid where all were void, undecided where none counted it."""
    reasons = [told.reason for one in runs if (told := one.of(slo)) and told.reason]
    verdict: GateVerdict = "invalid" if reasons else "undecided"
    why = reasons[0].rstrip(".") if reasons else "no run of the candidate was judged by it"
    sentence = f"{slo.name} was not measured: {why[:1].lower()}{why[1:]}."
    return GuardResult(
        guard, verdict, before, None, None, None, None, _limit(slo.objective), _unit(slo.objective), sentence
    )


def _limit(objective: Objective) -> float:
    if objective.kind == "errors":
        return round(1 - objective.good_share, 12)
    return objective.good_share if objective.kind == "share" else objective.limit_s or 0.0


def _unit(objective: Objective) -> str:
    return "s" if objective.kind == "quantile" else "share"


def _misses(objective: Objective, value: float) -> bool:
    limit = _limit(objective)
    return value < limit if objective.kind == "share" else value > limit


def _level(objective: Objective, value: float) -> str:
    if objective.kind == "quantile":
        return format_duration(value)
    return format_share(value) if value else "0 %"


def _measured(objective: Objective, value: float | None, low: float | None, high: float | None) -> str:
    """``p99 812 ms [790, 840], should be under 300 ms``."""
    what = objective.text.partition("<")[0].strip()
    limit = format_duration(objective.limit_s, exact=True) if objective.limit_s is not None else ""
    if value is None or low is None or high is None:
        return f"{what} not measured"
    shown = f"{_level(objective, value)} [{_level(objective, low)}, {_level(objective, high)}]"
    if objective.kind == "quantile":
        return f"{what} {shown}, should be under {limit}"
    if objective.kind == "errors":
        return f"errors {shown}, should be under {format_share(_limit(objective), exact=True)}"
    return f"{shown} of requests under {limit}, should be {format_share(objective.good_share, exact=True)}"
