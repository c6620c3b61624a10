"""Runs that were not made in pairs: what they say, and what a before-and-after comparison cannot carry.

Between two runs made one after the other lies everything that changed meanwhile: the machine's mood, its neighbours,
the traffic's draw. One run a side has no interval at all, and then counts alone decide. Sets of three and more have
the interval between runs of a set (Welch, Biometrika 34, 1947, on the logs): it tells whether the sets differ, and
holds nothing of what drifted from the first one to the second.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from loadstone.model.comparison import Comparison, DesignTold, Metric, SideTold, Verdict
from loadstone.model.counted import Counted
from loadstone.model.finding import Finding
from loadstone.model.ratio_words import ratio
from loadstone.model.run import Caveat, Machine
from loadstone.model.side_run import SideRun
from loadstone.model.slo import Slo
from loadstone.prove.compare import marked, unmeasured, vetoed_by
from loadstone.prove.counters import BY_COUNT, counter_metrics
from loadstone.prove.measures import Measure, measures
from loadstone.prove.moved import moved
from loadstone.prove.others import crowded
from loadstone.prove.pairing import SIDES, disturbances
from loadstone.prove.reason import blamed as blamed_of
from loadstone.prove.reason import foretold
from loadstone.prove.sentence import answer
from loadstone.prove.verdict import judged_of, kept, overall, verdict_of, with_judged
from loadstone.prove.vetoes import mixes, of_caveat, voided
from loadstone.stats.beta import incomplete_beta, student_quantile

__all__ = ["FEWEST_RUNS", "before_after"]

FEWEST_RUNS = 3
"""Of a side, before their spread says anything: two have one degree of freedom and a t of 12.7."""

NEVER_P = 0.05
"""Of sides that differ and within which nothing varies: no spread was seen, so it cannot be known to be none."""


NOT_COUNTED = frozenset({"answers-differ", "other-load"})
"""Doubts that the counts share: what fails does less work, and another load does other work."""


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
    told_of, same_load = (finding, False) if finding is None else foretold(finding, counted[0] if counted else None)
    steps = [(one.journey, one.step) for run in (*a, *b) for one in run.steps]
    driven = [(journey, step) for journey, step in dict.fromkeys(steps) if journey is not None and step is not None]
    wanted = measures(slos, told_of, margin, margins, driven)
    judged = judged_of(wanted, told_of)
    made = [_metric(measure, a, b, design.level) for measure in wanted]
    metrics = with_judged([one for one in made if one is not None], judged)
    if counted is not None:
        shared = [one for one in counted[0].steps if one in set(counted[1].steps)]
        metrics += counter_metrics(*counted, shared, margins)
    found = [_apart(len(a), len(b)), *caveats, *_failures(a, b)]
    found += _disturbed(a, b, judged)
    found += unmeasured([one for one, metric in zip(wanted, made, strict=True) if metric is None], judged)
    against = [*(of_caveat(one) for one in found if one.level == "void"), *voided([*a, *b])]
    metrics = marked(kept(metrics), against)
    vetoed, part = vetoed_by(metrics, against)
    doubts = [one.message for one in found if one.level == "doubt"]
    verdict = overall(metrics, vetoed=bool(vetoed), doubted=bool(doubts))
    few = min(len(a), len(b)) < FEWEST_RUNS
    sentence = answer(verdict, metrics, vetoed=vetoed, doubts=doubts)
    alike = not any(one.level == "doubt" and one.code in NOT_COUNTED for one in found)
    by_count = _fewer(metrics) if verdict == "undecided" and few and alike else None
    if by_count is not None:
        verdict, sentence = "faster", by_count
    elif not few and verdict != "invalid" and not doubts:
        sentence = _said(verdict, sentence, metrics)
    return Comparison(
        format=1,
        experiment=None,
        sides=sides,
        design=design,
        metrics=tuple(metrics),
        verdict=verdict,
        sentence=sentence,
        blamed=None if told_of is None else blamed_of(told_of, *(counted or (None, None))),
        predicted=None if told_of is None else told_of.predicted,
        same_load=same_load,
        moved=moved(*counted) if counted is not None else (),
        caveats=(*found, *part),
        vetoed=tuple(vetoed),
        machine=machine,
    )


def _fewer(metrics: Sequence[Metric]) -> str | None:
    """What is decided by count where no latency can be: that B does less, and nothing more."""
    counts = [one for one in metrics if one.method == BY_COUNT]
    fewer = [one for one in counts if one.verdict == "faster" and one.a and one.b is not None]
    if not fewer or any(one.verdict not in ("faster", "not-worse") for one in counts):
        return None
    most = min(fewer, key=lambda one: (one.b or 0.0) / (one.a or 1.0))
    a, b = (f"{value or 0.0:.3g}" for value in (most.a, most.b))
    return f"Less work by count: {most.label} went from {a} to {b}; of latency so few runs decide nothing."


def _said(verdict: Verdict, sentence: str, metrics: Sequence[Metric]) -> str:
    """The answer, with what it rests on."""
    one = next((each for each in metrics if each.judged), None)
    if verdict != "undecided" or one is None:
        return f"{sentence.rstrip('.')}, by runs that were not made in pairs."
    if one.ratio is None:
        return f"Undecided: {one.label} differ by {one.low:.3g} to {one.high:.3g}, by runs that were not made in pairs."
    told = ratio(one.ratio, one.low, one.high, one.margin)
    return f"Undecided: {one.label} is {told} B/A, by runs that were not made in pairs."


def _failures(a: Sequence[SideRun], b: Sequence[SideRun]) -> Iterator[Caveat]:
    """Sides that fail differently, which without pairs is a doubt."""
    for one in mixes(a, b):
        level: Literal["doubt", "note"] = "doubt" if one.fails else "note"
        yield Caveat("answers-differ", level, ("latency", "rate"), f"{one.told}.", "Look at what fails.")


def _disturbed(a: Sequence[SideRun], b: Sequence[SideRun], judged: Measure | None) -> Iterator[Caveat]:
    """Runs that doubt their own measurement, or were stopped: they have no partner to be left out with."""
    for side, runs in zip(SIDES, (a, b), strict=True):
        others = crowded(runs)
        reasons = [why[0][1] for run in runs if (why := disturbances(run, judged, others))]
        if reasons:
            was = "was" if len(reasons) == 1 else "were"
            message = f"{len(reasons)} of {_runs(len(runs))} of side {side} {was} disturbed ({reasons[0].rstrip('.')})."
            yield Caveat("runs-disturbed", "doubt", ("latency", "rate"), message, "Compare without them.")


def _apart(a: int, b: int) -> Caveat:
    """What the design cannot carry, in figures."""
    if min(a, b) < FEWEST_RUNS:
        level: Literal["doubt", "note"] = "doubt"
        message = (
            f"{_runs(a)} against {_runs(b)}, one set after the other: whatever changed on the machine in between "
            "counts as the change, and so few runs have no interval."
        )
    else:
        level = "note"
        message = (
            f"{_runs(a)} against {_runs(b)}, one set after the other: the intervals hold what differs from run to run, "
            "not what drifted from one set to the other."
        )
    advice = "loadstone prove runs both sides in interleaved pairs of the same traffic."
    return Caveat("before-and-after", level, ("latency", "rate"), message, advice)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _metric(measure: Measure, a: Sequence[SideRun], b: Sequence[SideRun], level: float) -> Metric | None:
    is_ratio = measure.kind == "ratio"
    sides = [[value for run in side if (value := measure.value(run)) is not None] for side in (a, b)]
    if is_ratio:
        sides = [[math.log(value) for value in side if value > 0] for side in sides]
    if not all(sides):
        return None
    means = [math.fsum(side) / len(side) for side in sides]
    effect = means[1] - means[0]
    half, p = _welch(sides, level) or (None, None)
    sign = -1.0 if is_ratio and measure.more_is_better else 1.0
    ends = (None, None) if half is None else (sign * effect - half, sign * effect + half)

    def shown(value: float) -> float:
        return math.exp(min(value, 700.0)) if is_ratio else value

    low, high = (None if end is None else shown(end) for end in ends)
    verdict = verdict_of(low, high, 1.0 if is_ratio else 0.0, measure.margin)
    note = None if half is not None else "so few runs have no interval"
    if (len(sides[0]), len(sides[1])) != (len(a), len(b)):
        note = f"measured in {len(sides[0])} of {len(a)} runs of A, {len(sides[1])} of {len(b)} of B"
        verdict = "undecided" if verdict in ("faster", "not-worse") else verdict
    return Metric(
        name=measure.name,
        unit=measure.unit,
        journey=measure.journey,
        step=measure.step,
        a=shown(means[0]),
        b=shown(means[1]),
        ratio=shown(sign * effect) if is_ratio else None,
        low=low,
        high=high,
        margin=measure.margin,
        verdict=verdict,
        method="no interval" if half is None else "welch",
        more_is_better=measure.more_is_better,
        slo=measure.slo,
        p=p,
        note=note,
    )


def _welch(sides: Sequence[Sequence[float]], level: float) -> tuple[float, float] | None:
    """Half the width of the interval of the difference of means, and p of there being none; None where a side has too
    few runs."""
    if min(len(side) for side in sides) < FEWEST_RUNS:
        return None
    parts = [statistics.variance(side) / len(side) for side in sides]
    error = math.sqrt(sum(parts))
    effect = abs(statistics.fmean(sides[1]) - statistics.fmean(sides[0]))
    if error == 0:  # nothing varies, of a share of failures that is 0 in every run
        return 0.0, 1.0 if effect == 0 else NEVER_P
    degrees = sum(parts) ** 2 / math.fsum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
    t = effect / error
    p = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))
    return student_quantile(0.5 + level / 2, degrees) * error, p
