"""A run in one screen: intervals in, Summary out, and the exit code that follows from it.

Warm-up is left out of every count but the generator's own. A request belongs to the phase of its intended instant;
rates are what happened within the measured phases, per second of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loadstone.drive.facts import PlanFacts
from loadstone.drive.tally import StepTally, Tally
from loadstone.drive.validity import caveats_of, validity_of
from loadstone.drive.verdict import judge
from loadstone.model.interval import Interval
from loadstone.model.run import (
    Caveat,
    GeneratorSummary,
    Latency,
    LatencySet,
    Outcome,
    SloResult,
    Status,
    StepSummary,
    Summary,
)
from loadstone.model.slo import Slo
from loadstone.stats.histogram import Histogram

__all__ = ["exit_code", "summarise", "summary_of", "without_load"]


def summarise(
    run: str,
    facts: PlanFacts,
    intervals: Iterable[Interval],
    slos: Sequence[Slo],
    status: Status,
    *,
    build: str | None = None,
    caveats: Sequence[Caveat] = (),
    report: str | None = None,
) -> Summary:
    """The summary of a run from its intervals in order. ``caveats`` are added to those that the run itself gives.

    Raises ValueError when an interval's histogram lies outside the layout.
    """
    tally = Tally(facts, slos)
    for interval in intervals:
        tally.add(interval)
    return summary_of(tally, run, status, build=build, caveats=caveats, report=report)


def without_load(run: str, status: Status) -> Summary:
    """The summary of a run that drove nothing: evidence that was gathered or imported."""
    empty = StepTally()
    return Summary(
        format=1,
        run=run,
        status=status,
        outcome="none",
        validity="valid",
        caveats=(),
        duration_s=0.0,
        offered_per_s=0.0,
        achieved_per_s=0.0,
        requests=0,
        errors=0,
        dropped=0,
        latency_s=latency_set(empty),
        steps=(),
        slos=(),
        generator=GeneratorSummary(cores=0, cpu_s=0.0, cpu_per_request_s=None, rss_bytes=0),
        report="report.html",
    )


def summary_of(
    tally: Tally,
    run: str,
    status: Status,
    *,
    build: str | None = None,
    caveats: Sequence[Caveat] = (),
    report: str | None = None,
) -> Summary:
    """The summary of what was tallied so far. ``build`` is the engine's (``debug`` is a doubt)."""
    every = (*caveats_of(tally, status, build), *caveats)
    slos = tuple(judge(slo, place, tally, every) for place, slo in enumerate(tally.slos))
    seconds = tally.measured_s
    overall = tally.overall
    return Summary(
        format=1,
        run=run,
        status=status,
        outcome=_outcome(slos),
        validity=validity_of(every),
        caveats=every,
        duration_s=round(seconds, 9),
        offered_per_s=tally.offered / seconds if seconds else 0.0,
        achieved_per_s=tally.completed / seconds if seconds else 0.0,
        requests=overall.requests,
        errors=overall.errors,
        dropped=round(tally.dropped),
        latency_s=latency_set(overall),
        steps=_steps(tally),
        slos=slos,
        generator=GeneratorSummary(
            cores=tally.facts.cores,
            cpu_s=tally.cpu_s,
            cpu_per_request_s=tally.cpu_s / tally.all_requests if tally.all_requests else None,
            rss_bytes=tally.rss_bytes,
        ),
        report=report,
    )


def exit_code(summary: Summary) -> int:
    """0 pass, 1 fail, 3 undecided, 4 invalid. Any valid fail is a fail; then any invalid, then any undecided.

    Without objectives only an invalid measurement is more than 0.
    """
    outcomes = {slo.outcome for slo in summary.slos}
    if "fail" in outcomes:
        return 1
    if "invalid" in outcomes or (not outcomes and summary.validity == "invalid"):
        return 4
    return 3 if "undecided" in outcomes else 0


def _outcome(slos: tuple[SloResult, ...]) -> Outcome:
    """One word over all objectives. A run whose objectives could not be judged is undecided; ``validity`` and the
    objective itself say that the measurement was void."""
    outcomes = {slo.outcome for slo in slos}
    if "fail" in outcomes:
        return "fail"
    if outcomes & {"invalid", "undecided"}:
        return "undecided"
    return "pass" if outcomes else "none"


def _steps(tally: Tally) -> tuple[StepSummary, ...]:
    """In the plan's order, each journey's steps followed by the whole journey under a null step."""
    keys: list[tuple[str, str | None]] = []
    for journey in dict.fromkeys(journey for journey, _ in tally.facts.steps):
        keys.extend(dict.fromkeys(step for step in tally.facts.steps if step[0] == journey))
        keys.append((journey, None))
    keys.extend(key for key in tally.steps if key not in set(keys))
    return tuple(_step(key, tally.steps.get(key, StepTally())) for key in keys)


def _step(key: tuple[str, str | None], tally: StepTally) -> StepSummary:
    return StepSummary(
        journey=key[0],
        step=key[1],
        requests=tally.requests,
        errors=tally.errors,
        results=dict(sorted(tally.results.items())),
        latency_s=latency_set(tally),
    )


def latency_set(tally: StepTally) -> LatencySet:
    """The four distributions of a step, in seconds."""
    return LatencySet(
        response=_latency(tally.response),
        service=_latency(tally.service),
        lag=_latency(tally.lag),
        first_byte=_latency(tally.first_byte),
    )


def _latency(histogram: Histogram) -> Latency:
    return Latency(
        min=histogram.min_s,
        mean=histogram.mean_s,
        p50=histogram.quantile(0.5),
        p90=histogram.quantile(0.9),
        p95=histogram.quantile(0.95),
        p99=histogram.quantile(0.99),
        p999=histogram.quantile(0.999),
        max=histogram.max_s,
    )
