"""Two sides compared: every metric with its interval, the vetoes, one verdict, and whether the stated reason held."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from loadstone.model.calibration import Calibration
from loadstone.model.comparison import Comparison, DesignTold, Metric, ShiftPoint, SideTold, StepShift, Verdict
from loadstone.model.counted import Counted
from loadstone.model.finding import Bounded, Finding
from loadstone.model.run import Caveat, Machine
from loadstone.model.side_run import SideRun
from loadstone.model.slo import Slo
from loadstone.prove.counters import counter_metrics
from loadstone.prove.measures import Measure, measures
from loadstone.prove.moved import moved
from loadstone.prove.noise import floors, uncalibrated
from loadstone.prove.pairing import Pair, paired
from loadstone.prove.reason import blamed as blamed_of
from loadstone.prove.reason import foretold, reason_of
from loadstone.prove.sentence import answer
from loadstone.prove.verdict import kept, metric_of, overall, with_judged
from loadstone.prove.vetoes import doubts, drifting, vetoes
from loadstone.stats.pairs.effect import FEWEST, effect_of
from loadstone.stats.pairs.power import visible
from loadstone.stats.pairs.shift import shift

__all__ = ["MARGIN", "compare"]

MARGIN = 1.05
"""Worse by a twentieth is allowed, where nothing else is asked."""


def compare(
    sides: tuple[SideTold, SideTold],
    design: DesignTold,
    runs: Sequence[SideRun],
    *,
    counted: tuple[Counted, Counted] | None = None,
    slos: Sequence[Slo] = (),
    finding: Finding | None = None,
    margin: float = MARGIN,
    margins: Mapping[str, float] | None = None,
    calibration: Calibration | None = None,
    experiment: str | None = None,
    machine: Machine | None = None,
    caveats: Iterable[Caveat] = (),
    final: bool = True,
) -> Comparison:
    """The comparison of pairs that were run; without runs, of the counters alone.

    ``design.level`` is the confidence of the intervals. ``margins`` are by a metric's label and beat ``margin``.
    ``caveats`` are of the experiment itself: a void one makes it invalid. ``final`` is false for a look on the way,
    which leaves out what only a reader wants.
    """
    margins = margins or {}
    pairs = paired(runs)
    judged_pairs = pairs.judged
    told_of = finding
    same_load = False
    if finding is not None and counted is not None:
        told_of, same_load = foretold(finding, counted[0])
    steps = _steps(runs)
    wanted = measures(slos, told_of, margin, margins, steps)
    metrics = [one for measure in wanted if (one := metric_of(measure, judged_pairs, design.level)) is not None]
    metrics = with_judged(metrics, told_of)
    if counted is not None:
        metrics += counter_metrics(*counted, _counted_steps(slos, told_of, counted), margins, design.level)
    metrics = [*kept(metrics)]

    given = list(caveats)
    vetoed = [one.message.rstrip(".") for one in given if one.level == "void"]
    vetoed += vetoes(pairs, runs) if runs else ()
    found = [*given, *doubts(pairs, max(1, design.most // 3))]
    metrics, drifted = _drift(metrics)
    if drifted is not None:
        found.append(Caveat("drift", "doubt", ("latency",), drifted, "Restart both sides, and look for what grows."))
    found += uncalibrated(calibration) if runs else ()
    if calibration is not None:
        metrics = floors(metrics, calibration, len(judged_pairs))

    verdict = _verdict(metrics, vetoed, found, bool(judged_pairs))
    metrics = _marked(metrics, vetoed)
    told = blamed_of(told_of, *counted) if told_of is not None and counted is not None else None
    reason = reason_of(_latency_verdict(metrics, verdict), told) if told_of is not None else None
    measured = _measured(metrics, judged_pairs, told_of, design.level)
    return Comparison(
        format=1,
        experiment=experiment,
        sides=sides,
        design=msgspec.structs.replace(
            design, pairs=len(judged_pairs), smallest=_smallest(metrics, len(judged_pairs), design.level)
        ),
        metrics=tuple(metrics),
        verdict=verdict,
        sentence=answer(
            verdict,
            metrics,
            reason=reason,
            blamed=told,
            vetoed=vetoed,
            doubts=[one.message for one in found if one.level == "doubt"],
            pairs=len(judged_pairs),
        ),
        reason=reason,
        blamed=told,
        predicted=told_of.predicted if told_of is not None else None,
        same_load=same_load,
        measured=measured,
        shifts=_shifts(judged_pairs, wanted, design.level) if final else (),
        moved=moved(*counted) if counted is not None else (),
        pairs=pairs.rows(),
        caveats=tuple(found),
        vetoed=tuple(vetoed),
        machine=machine,
        calibrated=calibration is not None,
    )


def _steps(runs: Sequence[SideRun]) -> list[tuple[str, str]]:
    return list(
        dict.fromkeys(
            (one.journey, one.step)
            for run in runs
            for one in run.steps
            if one.journey is not None and one.step is not None
        )
    )


def _counted_steps(
    slos: Sequence[Slo], finding: Finding | None, counted: tuple[Counted, Counted]
) -> list[tuple[str | None, str]]:
    """Steps whose counters are told by themselves: the judged ones."""
    wanted: list[tuple[str | None, str]] = [(slo.journey, slo.step) for slo in slos if slo.step is not None]
    if finding is not None and finding.locus.step is not None:
        wanted.insert(0, (finding.locus.journey, finding.locus.step))
    known = set(counted[0].steps) & set(counted[1].steps)
    return [one for one in dict.fromkeys(wanted) if one in known]


def _drift(metrics: list[Metric]) -> tuple[list[Metric], str | None]:
    """The judged metric whose ratio moves while it is measured is no verdict."""
    for place, one in enumerate(metrics):
        if not one.judged or one.ratio is None:
            continue
        told = drifting([math.log(value) for value in one.values], math.log(one.margin))
        if told is None:
            return metrics, None
        held: Verdict = "undecided" if one.verdict in ("faster", "not-worse") else one.verdict
        changed = [*metrics]
        changed[place] = msgspec.structs.replace(one, verdict=held, note=told)
        return changed, f"Of {one.label} {told}."
    return metrics, None


def _verdict(metrics: Sequence[Metric], vetoed: Sequence[str], caveats: Sequence[Caveat], runs: bool) -> Verdict:
    if vetoed:
        return "invalid"
    found = overall(metrics)
    if any(one.level == "doubt" for one in caveats):
        return "undecided"
    if not runs and found == "undecided":
        counts = [one.verdict for one in metrics]
        if counts and all(one in ("faster", "not-worse") for one in counts):
            return "faster" if "faster" in counts else "not-worse"
    return found


def _marked(metrics: list[Metric], vetoed: Sequence[str]) -> list[Metric]:
    """What is vetoed is no verdict of any latency; counts stand, since they were made elsewhere."""
    if not vetoed:
        return metrics
    return [
        one if one.method == "by count" else msgspec.structs.replace(one, verdict="invalid", note=vetoed[0])
        for one in metrics
    ]


def _latency_verdict(metrics: Sequence[Metric], verdict: Verdict) -> Verdict:
    """Of the judged latency, where the whole is decided: a counter that grew elsewhere does not unsay the reason."""
    judged = next((one for one in metrics if one.judged), None)
    return verdict if judged is None or verdict in ("invalid", "undecided") else judged.verdict


def _measured(
    metrics: Sequence[Metric], pairs: Sequence[Pair], finding: Finding | None, level: float
) -> dict[str, Bounded]:
    """Side B's quantiles of the finding's step and the judged ratio, with their intervals over the runs."""
    found: dict[str, Bounded] = {}
    judged = next((one for one in metrics if one.judged and one.ratio is not None), None)
    if judged is not None and judged.low is not None and judged.high is not None:
        found["ratio"] = Bounded(judged.ratio or 0.0, judged.low, judged.high)
    if finding is None or len(pairs) < FEWEST:
        return found
    for one in measures((), finding, MARGIN, {}, ()):
        if (one.journey, one.step) != (finding.locus.journey, finding.locus.step) or one.step is None:
            continue
        values = [value for pair in pairs if (value := one.value(pair.b))]
        if len(values) == len(pairs):
            effect = effect_of([math.log(value) for value in values], level)
            ends = (math.exp(end) for end in (effect.estimate, effect.low, effect.high))
            found[f"{one.name.split()[0]}_s"] = Bounded(*ends)
    return found


def _smallest(metrics: Sequence[Metric], pairs: int, level: float) -> dict[str, float]:
    """The smallest ratio that so many pairs of this spread would show."""
    if pairs < FEWEST:
        return {}
    return {
        one.label: math.exp(visible(statistics.stdev([math.log(value) for value in one.values]), pairs, level))
        for one in metrics
        if one.ratio is not None and len(one.values) >= FEWEST
    }


def _shifts(pairs: Sequence[Pair], wanted: Sequence[Measure], level: float) -> tuple[StepShift, ...]:
    """The shift function of each judged step, and of all requests."""
    steps = dict.fromkeys((one.journey, one.step) for one in wanted if one.step is not None and one.share is not None)
    found = []
    for journey, step in [*steps, (None, None)]:
        both = [
            (a.response, b.response)
            for pair in pairs
            if (a := pair.a.step(journey, step)) is not None and (b := pair.b.step(journey, step)) is not None
        ]
        if len(both) < FEWEST or len(both) < len(pairs):
            continue
        points = tuple(
            ShiftPoint(one.share, one.a_s, one.b_s, one.ratio, one.low, one.high) for one in shift(both, level)
        )
        if points:
            found.append(StepShift(journey, step if step is not None else "all requests", points))
    return tuple(found)
