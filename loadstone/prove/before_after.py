"""Runs that were not made in pairs: what they say, and what a before-and-after comparison cannot carry.

Between two runs made one after the other lies everything that changed meanwhile: the machine's mood, its neighbours,
the traffic's draw. One run a side has no interval at all. Sets of three and more have the one between runs of a set
(Welch, Biometrika 34, 1947, on the logs), which still holds nothing of what drifted from the first set to the second.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from loadstone.model.comparison import Comparison, DesignTold, Metric, SideTold, Verdict
from loadstone.model.counted import Counted
from loadstone.model.finding import Finding
from loadstone.model.run import Caveat, Machine
from loadstone.model.side_run import SideRun
from loadstone.model.slo import Slo
from loadstone.prove.counters import counter_metrics
from loadstone.prove.measures import Measure, measures
from loadstone.prove.moved import moved
from loadstone.prove.reason import blamed as blamed_of
from loadstone.prove.reason import foretold
from loadstone.prove.sentence import answer
from loadstone.prove.verdict import judged_of, overall, verdict_of, with_judged
from loadstone.prove.vetoes import voided
from loadstone.stats.beta import student_quantile

__all__ = ["FEWEST_RUNS", "before_after"]

FEWEST_RUNS = 3
"""Of a side, before their spread says anything: two have one degree of freedom and a t of 12.7."""


def before_after(
    sides: tuple[SideTold, SideTold],
    design: DesignTold,
    a: Sequence[SideRun],
    b: Sequence[SideRun],
    *,
    counted: tuple[Counted, Counted] | None = None,
    slos: Sequence[Slo] = (),
    finding: Finding | None = None,
    margin: float = 1.05,
    margins: Mapping[str, float] | None = None,
    machine: Machine | None = None,
    caveats: Iterable[Caveat] = (),
) -> Comparison:
    """The comparison of two sets of runs. ``caveats`` name what differs between them beside the change; counters of
    observed runs are decided as they are in pairs. Without three runs a side no latency is decided.
    """
    margins = margins or {}
    told_of = finding
    if finding is not None and counted is not None:
        told_of, _ = foretold(finding, counted[0])
    steps = [(one.journey, one.step) for run in (*a, *b) for one in run.steps]
    driven = [(journey, step) for journey, step in dict.fromkeys(steps) if journey is not None and step is not None]
    wanted = measures(slos, told_of, margin, margins, driven)
    judged = judged_of(wanted, told_of)
    metrics = [one for measure in wanted if (one := _metric(measure, a, b, design.level)) is not None]
    metrics = with_judged(metrics, judged)
    if counted is not None:
        shared = [one for one in counted[0].steps if one in set(counted[1].steps)]
        metrics += counter_metrics(*counted, shared, margins, design.level)
    found = [_apart(len(a), len(b)), *caveats]
    vetoed = [one.message.rstrip(".") for one in found if one.level == "void"]
    vetoed += [veto.sentence for veto in voided([*a, *b])]
    verdict: Verdict = "invalid" if vetoed else overall(metrics)
    doubts = [one.message for one in found if one.level == "doubt"]
    if verdict in ("faster", "not-worse") and doubts:
        verdict = "undecided"
    told = blamed_of(told_of, *counted) if told_of is not None and counted is not None else None
    return Comparison(
        format=1,
        experiment=None,
        sides=sides,
        design=design,
        metrics=tuple(metrics),
        verdict=verdict,
        sentence=answer(verdict, metrics, blamed=told, vetoed=vetoed, doubts=doubts, pairs=0),
        blamed=told,
        predicted=None if told_of is None else told_of.predicted,
        moved=moved(*counted) if counted is not None else (),
        caveats=tuple(found),
        vetoed=tuple(vetoed),
        machine=machine,
    )


def _apart(a: int, b: int) -> Caveat:
    """What the design cannot carry, in figures."""
    few = min(a, b) < FEWEST_RUNS
    if few:
        message = (
            f"{_runs(a)} against {_runs(b)}, one set after the other: whatever changed on the machine in between "
            "counts as the change, and so few runs have no interval."
        )
    else:
        message = (
            f"{_runs(a)} against {_runs(b)}, one set after the other: the intervals hold what differs from run to run, "
            "not what drifted from one set to the other."
        )
    advice = "loadstone prove runs both sides in interleaved pairs of the same traffic."
    return Caveat("before-and-after", "doubt", ("latency", "rate"), message, advice)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _metric(measure: Measure, a: Sequence[SideRun], b: Sequence[SideRun], level: float) -> Metric | None:
    ratio = measure.kind == "ratio"
    sides = [[value for run in side if (value := measure.value(run)) is not None] for side in (a, b)]
    if ratio:
        sides = [[math.log(value) for value in side if value > 0] for side in sides]
    if not all(sides):
        return None
    means = [math.fsum(side) / len(side) for side in sides]
    effect = means[1] - means[0]
    half = _welch(sides, level)
    sign = -1.0 if ratio and measure.more_is_better else 1.0
    ends = (None, None) if half is None else (sign * effect - half, sign * effect + half)

    def shown(value: float) -> float:
        return math.exp(min(value, 700.0)) if ratio else value

    low, high = (None if end is None else shown(end) for end in ends)
    return Metric(
        name=measure.name,
        unit=measure.unit,
        journey=measure.journey,
        step=measure.step,
        a=shown(means[0]),
        b=shown(means[1]),
        ratio=shown(sign * effect) if ratio else None,
        low=low,
        high=high,
        margin=measure.margin,
        verdict=verdict_of(low, high, 1.0 if ratio else 0.0, measure.margin),
        method="welch"
        if half is not None
        else "one run a side"
        if len(sides[0]) == len(sides[1]) == 1
        else "no interval",
        more_is_better=measure.more_is_better,
        slo=measure.slo,
        note=None if half is not None else "so few runs have no interval",
    )


def _welch(sides: Sequence[Sequence[float]], level: float) -> float | None:
    """Half the width of the interval of the difference of means; None where a side has too few runs."""
    if min(len(side) for side in sides) < FEWEST_RUNS:
        return None
    parts = [statistics.variance(side) / len(side) for side in sides]
    error = math.sqrt(sum(parts))
    if error == 0:
        return 0.0
    degrees = sum(parts) ** 2 / math.fsum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
    return student_quantile(0.5 + level / 2, degrees) * error
