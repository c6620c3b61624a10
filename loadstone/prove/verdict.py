"""The verdict on a metric and on the whole, in one order: invalid, faster, slower, not-worse, undecided.

A non-inferiority test with its three answers (Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority,
2010): what an interval cannot exclude stays undecided, however small the p value of something else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from loadstone.model.comparison import Metric, Verdict
from loadstone.model.finding import Finding
from loadstone.prove.counters import BY_COUNT
from loadstone.prove.measures import Measure, late
from loadstone.prove.pairing import Pair
from loadstone.stats.false_discovery import adjusted
from loadstone.stats.pairs.effect import effect_of
from loadstone.stats.pairs.power import pairs_to_decide

__all__ = ["FALSE_DISCOVERIES", "Q_NOTE", "judged_of", "kept", "metric_of", "overall", "verdict_of", "with_judged"]

FALSE_DISCOVERIES = 0.05
"""Of the metrics beside the judged one (Benjamini and Hochberg, JRSS B 57, 1995)."""

Q_NOTE = "the interval lies beyond the margin, but among so many metrics one does by chance"

SMALLEST_P = 1e-300

_WIDE = 1e-12


def verdict_of(low: float | None, high: float | None, neutral: float, margin: float) -> Verdict:
    """By the interval alone; None is an end that nothing bounds. ``neutral`` is 1 of a ratio, 0 of a difference."""
    if high is not None and high < neutral - _WIDE:
        return "faster"
    if low is not None and low > margin + _WIDE:
        return "slower"
    if high is not None and high <= margin + _WIDE:
        return "not-worse"
    return "undecided"


def metric_of(measure: Measure, pairs: Sequence[Pair], level: float) -> Metric | None:
    """The metric over the pairs that stand; None where no run has it."""
    values = [_both(measure, pair) for pair in pairs]
    known = [(a, b) for a, b in values if a is not None and b is not None]
    if measure.kind == "ratio":
        known = [(a, b) for a, b in known if a > 0 and b > 0]
    if not known:
        return None
    count = len(known)
    ratio = measure.kind == "ratio"
    if ratio:
        a, b = (math.exp(math.fsum(math.log(one) for one in side) / count) for side in zip(*known, strict=True))
        sign = -1.0 if measure.more_is_better else 1.0
        differences = [sign * math.log(right / left) for left, right in known]
    else:
        a, b = (math.fsum(side) / count for side in zip(*known, strict=True))
        differences = [right - left for left, right in known]
    effect = effect_of(differences, level)
    low, high = (_end(one, ratio) for one in (effect.low, effect.high))
    verdict = verdict_of(low, high, 1.0 if ratio else 0.0, measure.margin)
    note = None
    if count < len(values):
        note = f"measured in {count} of {len(values)} pairs"
        verdict = "undecided" if verdict in ("faster", "not-worse") else verdict
    elif measure.share is not None and (fewest := _beyond(measure, pairs)) < 10:
        note = f"rests on {fewest:.0f} requests beyond it in a run"
    margin = math.log(measure.margin) if ratio else measure.margin
    return Metric(
        name=measure.name,
        unit=measure.unit,
        journey=measure.journey,
        step=measure.step,
        a=a,
        b=b,
        ratio=math.exp(effect.estimate) if ratio else None,
        low=low,
        high=high,
        margin=measure.margin,
        verdict=verdict,
        pairs_to_decide=pairs_to_decide(differences, margin, level),
        method=effect.method,
        more_is_better=measure.more_is_better,
        values=tuple(math.exp(one) if ratio else one for one in differences),
        slo=measure.slo,
        p=effect.p,
        note=note,
    )


def _both(measure: Measure, pair: Pair) -> tuple[float | None, float | None]:
    """The pair's values; none where a late generator moved this metric, unless the pair is kept in spite of that."""
    if not pair.disturbed and any(late(measure, run) for run in pair.runs):
        return None, None
    return measure.value(pair.a), measure.value(pair.b)


def _end(value: float, ratio: bool) -> float | None:
    if not math.isfinite(value):
        return None
    return math.exp(min(value, 700.0)) if ratio else value


def _beyond(measure: Measure, pairs: Sequence[Pair]) -> float:
    share = measure.share or 0.0
    counts = [
        one.requests
        for pair in pairs
        for run in pair.runs
        if (one := run.step(measure.journey, measure.step)) is not None
    ]
    return min(counts, default=0) * (1 - share)


def kept(metrics: Sequence[Metric]) -> list[Metric]:
    """The metrics beside the judged ones with their adjusted p value: "slower" must survive it."""
    places = [place for place, one in enumerate(metrics) if one.p is not None and one.slo is None and not one.judged]
    found = list(metrics)
    log_p = np.log([max(metrics[place].p or 0.0, SMALLEST_P) for place in places])
    for place, q in zip(places, adjusted(log_p, any_dependence=False).tolist(), strict=True):
        one = replace(metrics[place], q=q)
        if one.verdict == "slower" and q > FALSE_DISCOVERIES:
            one = replace(one, verdict="undecided", note=Q_NOTE)
        found[place] = one
    return found


def overall(metrics: Sequence[Metric], *, vetoed: bool = False, doubted: bool = False) -> Verdict:
    """Invalid where the judged metric is vetoed; slower where a count is, which no doubt of the pairs touches;
    undecided where they are in doubt; slower where any metric is; else the judged metric's. Without one undecided:
    counts that did not grow say nothing of a latency."""
    if vetoed:
        return "invalid"
    worse = [one for one in metrics if one.verdict == "slower"]
    if any(one.method == BY_COUNT for one in worse):
        return "slower"
    if doubted:
        return "undecided"
    if worse:
        return "slower"
    judged = next((one for one in metrics if one.judged), None)
    return "undecided" if judged is None else judged.verdict


def judged_of(wanted: Sequence[Measure], finding: Finding | None) -> Measure | None:
    """What the overall verdict comes from. With a finding, in its place: the first objective, else the quantile that
    its gain was predicted at. Else the first objective, else the p95 of all requests."""
    latencies = [one for one in wanted if one.share is not None]
    ordered: list[Measure] = []
    if finding is not None:
        place = finding.locus.journey, finding.locus.step
        at = f"{finding.predicted.at if finding.predicted is not None else 'p95'} response"
        there = [one for one in latencies if (one.journey, one.step) == place]
        ordered += sorted(there, key=lambda one: (one.slo is None, one.name != at))
    ordered += [one for one in wanted if one.slo is not None]
    ordered += [one for one in latencies if one.name == "p95 response" and one.journey is None]
    return next(iter([*ordered, *latencies]), None)


def with_judged(metrics: Sequence[Metric], judged: Measure | None) -> list[Metric]:
    """The metrics with the judged one marked, where it was measured: nothing else takes its place."""
    label = None if judged is None else judged.label
    return [replace(one, judged=True) if one.label == label and one.method != BY_COUNT else one for one in metrics]
