"""Comparisons, runs and summaries made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.guard.objective import CandidateRun
from loadstone.model.comparison import Comparison, DesignTold, Metric, Moved, SideTold, Verdict
from loadstone.model.run import GeneratorSummary, Latency, LatencySet, SloResult, Summary
from loadstone.model.side_run import SideRun, StepMeasured
from loadstone.model.slo import Slo
from loadstone.stats.histogram import Histogram

NOTHING = Latency(None, None, None, None, None, None, None, None)
SET = LatencySet(NOTHING, NOTHING, NOTHING, NOTHING)


def design(pairs: int = 10, **changed: object) -> DesignTold:
    told = DesignTold(
        pairs=pairs,
        planned=pairs,
        most=pairs,
        order=("AB", "BA") * (pairs // 2),
        seed=1,
        measured_s=10.0,
        warm_up_s=2.0,
        load="50/s, Poisson arrivals",
        requests=500,
        looks=(pairs,),
        level=0.95,
        spent_s=300.0,
    )
    import msgspec

    return msgspec.structs.replace(told, **changed)


def relative(
    ratio: float,
    low: float | None,
    high: float | None,
    *,
    name: str = "p95 response",
    margin: float = 1.05,
    verdict: Verdict | None = None,
    step: str | None = None,
    note: str | None = None,
    judged: bool = False,
    a: float = 0.1,
    pairs_to_decide: int | None = None,
    more_is_better: bool = False,
) -> Metric:
    by_interval: Verdict = (
        "faster"
        if high is not None and high < 1
        else "slower"
        if low is not None and low > margin
        else "not-worse"
        if high is not None and high <= margin
        else "undecided"
    )
    return Metric(
        name=name,
        unit="s",
        journey="browse" if step else None,
        step=step,
        a=a,
        b=a * ratio,
        ratio=ratio,
        low=low,
        high=high,
        margin=margin,
        verdict=verdict or by_interval,
        note=note,
        judged=judged,
        pairs_to_decide=pairs_to_decide,
        more_is_better=more_is_better,
    )


def counted(
    a: float,
    b: float,
    *,
    low: float | None = None,
    high: float | None = None,
    name: str = "statements a request",
    step: str | None = None,
    margin: float = 0.0,
    verdict: Verdict | None = None,
    unit: str = "count",
) -> Metric:
    low, high = b - a if low is None else low, b - a if high is None else high
    by_interval: Verdict = (
        "faster" if high < 0 else "slower" if low > margin else "not-worse" if high <= margin else "undecided"
    )
    return Metric(
        name=name,
        unit=unit,
        journey="browse" if step else None,
        step=step,
        a=a,
        b=b,
        ratio=None,
        low=low,
        high=high,
        margin=margin,
        verdict=verdict or by_interval,
        method="by count",
    )


def moved(
    label: str = "SELECT name FROM category WHERE id = ?",
    *,
    a: float = 0.0,
    b: float = 1.0,
    a_s: float = 0.0,
    b_s: float = 0.0012,
    family: str = "database",
    step: str = "detail",
    where: str | None = "shop/views.py:88",
) -> Moved:
    return Moved("browse", step, family, label, where, a, b, a_s, b_s, f"{label} went from {a:g} to {b:g} a request")


def comparison(
    *metrics: Metric,
    verdict: Verdict = "not-worse",
    vetoed: tuple[str, ...] = (),
    moves: Sequence[Moved] = (),
    made: DesignTold | None = None,
) -> Comparison:
    return Comparison(
        format=1,
        experiment="20261125T101530-7f3a",
        sides=(
            SideTold("A", "main", "revision", commit="1111111"),
            SideTold("B", "the working tree", "revision", commit="2222222", dirty=True),
        ),
        design=made or design(),
        metrics=metrics,
        verdict=verdict,
        sentence="",
        moved=tuple(moves),
        vetoed=vetoed,
    )


def run(
    times_s: Sequence[float],
    slo: Slo,
    *,
    pair: int = 0,
    dropped: int = 0,
    outcome: str | None = None,
    reason: str | None = None,
    bad: int | None = None,
) -> CandidateRun:
    """A run of these response times, all good but those at the objective's limit and above, or ``bad`` of them."""
    histogram = Histogram.of(round(value * 1e9) for value in times_s)
    count = len(times_s)
    limit = slo.objective.limit_s
    over = bad if bad is not None else 0 if limit is None else sum(value >= limit for value in times_s)
    measured = StepMeasured("browse", "detail", count, 0, {"200": count}, histogram, histogram)
    whole = StepMeasured(None, None, count, 0, {"200": count}, histogram, histogram)
    side = SideRun(f"run{pair}", "B", pair, pair, pair, 0, 10.0, count / 10, count / 10, whole, (measured,), count)
    told = SloResult(
        name=slo.name,
        outcome=outcome or "undecided",  # type: ignore[arg-type]
        good=count - over,
        bad=over,
        value=None,
        limit=0.0,
        interval=None,
        objective=slo.objective.text,
        reason=reason,
    )
    summary = Summary(
        format=1,
        run=f"run{pair}",
        status="complete",
        outcome="none",
        validity="valid",
        caveats=(),
        duration_s=10.0,
        offered_per_s=(count + dropped) / 10,
        achieved_per_s=count / 10,
        requests=count,
        errors=0,
        dropped=dropped,
        latency_s=SET,
        steps=(),
        slos=(told,),
        generator=GeneratorSummary(1, 0.1, None, 0),
        report=None,
    )
    return CandidateRun(side, summary)
