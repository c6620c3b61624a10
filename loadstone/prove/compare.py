"""Two sides compared: every metric with its interval, the vetoes, one verdict, and whether the stated reason held."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from loadstone.model.calibration import Calibration
from loadstone.model.comparison import Comparison, DesignTold, Metric, ShiftPoint, SideTold, StepShift, Verdict
from loadstone.model.counted import Counted
from loadstone.model.finding import Bounded, Finding
from loadstone.model.run import Caveat, Machine
from loadstone.model.side_run import SideRun
from loadstone.model.slo import Slo
from loadstone.prove.counters import counter_metrics
from loadstone.prove.doubts import doubts, drifting, leaned
from loadstone.prove.measures import Measure, bytes_measure, measures
from loadstone.prove.moved import moved
from loadstone.prove.noise import floors, uncalibrated
from loadstone.prove.pairing import Pair, paired
from loadstone.prove.reason import blamed as blamed_of
from loadstone.prove.reason import foretold, reason_of
from loadstone.prove.sentence import answer
from loadstone.prove.verdict import judged_of, kept, metric_of, overall, with_judged
from loadstone.prove.vetoes import Veto, of_caveat, touches, vetoes
from loadstone.stats.pairs.effect import FEWEST, effect_of
from loadstone.stats.pairs.power import visible
from loadstone.stats.pairs.shift import shift

__all__ = ["MARGIN", "compare", "marked", "unmeasured", "vetoed_by"]

MARGIN = 1.05
"""Worse by a twentieth is allowed, where nothing else is asked."""

MOST_LOG = math.log(1_000)
"""A design that shows a factor of a thousand at least shows nothing."""


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
    ``caveats`` are of the experiment itself: a void one makes what it touches invalid. ``final`` is false for a look on
    the way, which leaves out what only a reader wants.
    """
    margins = margins or {}
    told_of, same_load = (finding, False) if finding is None else foretold(finding, counted[0] if counted else None)
    wanted = measures(slos, told_of, margin, margins, _steps(runs))
    judged = judged_of(wanted, told_of)
    pairs = paired(runs, judged)
    good = pairs.judged
    if counted is None or any("bytes" not in side.columns for side in counted):
        size = bytes_measure([pair.a for pair in good], margins)
        wanted += [] if size is None else [size]
    found = [metric_of(measure, good, design.level) for measure in wanted]
    metrics = with_judged([one for one in found if one is not None], judged)
    told_caveats = [*caveats]
    if good:
        told_caveats += unmeasured([one for one, metric in zip(wanted, found, strict=True) if metric is None], judged)
    if counted is not None:
        metrics += counter_metrics(*counted, _counted_steps(slos, told_of, counted), margins)
    against = [*(of_caveat(one) for one in told_caveats if one.level == "void"), *vetoes(pairs, runs)]
    metrics = kept(marked(metrics, against))
    vetoed, part = vetoed_by(metrics, against)
    told_caveats += part
    told_caveats += doubts(pairs, max(1, design.most // 3))
    metrics, lean = leaned(metrics, pairs)
    told_caveats += [] if lean is None else [lean]
    metrics, drifted = _drift(metrics)
    if drifted is not None:
        told_caveats.append(Caveat("drift", "doubt", ("latency",), drifted, "Restart both sides; look for what grows."))
    told_caveats += uncalibrated(calibration) if runs else ()
    if calibration is not None:
        metrics = floors(metrics, calibration, len(good))

    verdict = overall(metrics, vetoed=bool(vetoed), doubted=any(one.level == "doubt" for one in told_caveats))
    told = None if told_of is None else blamed_of(told_of, *(counted or (None, None)))
    reason = reason_of(_latency_verdict(metrics, verdict), told) if told_of is not None else None
    return Comparison(
        format=1,
        experiment=experiment,
        sides=sides,
        design=replace(design, pairs=len(good), smallest=_smallest(metrics, len(good), design.level)),
        metrics=tuple(metrics),
        verdict=verdict,
        sentence=answer(
            verdict,
            metrics,
            reason=reason,
            blamed=told,
            vetoed=vetoed,
            doubts=[one.message for one in told_caveats if one.level == "doubt"],
            pairs=len(good),
        ),
        reason=reason,
        blamed=told,
        predicted=told_of.predicted if told_of is not None else None,
        same_load=same_load,
        measured=_measured(metrics, good, told_of, design.level),
        shifts=_shifts(good, wanted, design.level) if final else (),
        moved=moved(*counted) if counted is not None else (),
        pairs=pairs.rows(),
        caveats=tuple(told_caveats),
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
        changed[place] = replace(one, verdict=held, note=told)
        return changed, f"Of {one.label} {told}."
    return metrics, None


def unmeasured(missing: Sequence[Measure], judged: Measure | None) -> Iterator[Caveat]:
    """The judged metric, and objectives, that nothing was measured of: too few requests lie beyond their quantile."""
    for one in missing:
        if one is judged or one.slo is not None:
            message = f"{one.label} was not measured: the runs have too few requests of it."
            yield Caveat(
                "few-requests",
                "doubt" if one is judged else "note",
                ("latency",),
                message,
                "Let the runs be longer (--for), or raise the rate.",
            )


def marked(metrics: Sequence[Metric], against: Sequence[Veto]) -> list[Metric]:
    """What a veto touches is no verdict."""
    found = []
    for one in metrics:
        veto = next((veto for veto in against if touches(veto, one)), None)
        found.append(one if veto is None else replace(one, verdict="invalid", note=veto.sentence))
    return found


def vetoed_by(metrics: Sequence[Metric], against: Sequence[Veto]) -> tuple[list[str], list[Caveat]]:
    """Sentences of the vetoes that touch the judged metric, all where nothing is judged; the others as caveats."""
    judged = next((one for one in metrics if one.judged), None)
    grave = [one for one in against if judged is None or touches(one, judged)]
    part = [
        Caveat(
            "part-invalid", "note", tuple(sorted(one.kinds)), f"{one.sentence}: what that touches is not judged.", ""
        )
        for one in against
        if one not in grave
    ]
    return list(dict.fromkeys(one.sentence for one in grave)), part


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
            if math.isfinite(effect.high):
                ends = (math.exp(end) for end in (effect.estimate, effect.low, effect.high))
                found[f"{one.name.split()[0]}_s"] = Bounded(*ends)
    return found


def _smallest(metrics: Sequence[Metric], pairs: int, level: float) -> dict[str, float]:
    """The smallest ratio that so many pairs of this spread would show; of what they cannot show, none."""
    found = {}
    for one in metrics if pairs >= FEWEST else ():
        if one.ratio is not None and len(one.values) >= FEWEST:
            least = visible(statistics.stdev([math.log(value) for value in one.values]), pairs, level)
            if least < MOST_LOG:
                found[one.label] = math.exp(least)
    return found


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
            ShiftPoint(one.share, one.a_s, one.b_s, one.ratio, one.low, one.high)
            for one in shift(both, level)
            if math.isfinite(one.high) and one.low > 0
        )
        if points:
            found.append(StepShift(journey, step, points))
    return tuple(found)
