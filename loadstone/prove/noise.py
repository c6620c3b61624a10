"""What identical sides say: the noise of this machine and service, and the margins that it cannot carry."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from loadstone.model.calibration import Calibration, CalibrationKey, Noise
from loadstone.model.comparison import Comparison, Metric, label_of
from loadstone.model.quantity import format_share
from loadstone.model.run import Caveat
from loadstone.stats.pairs.effect import FEWEST, LEVEL, effect_of
from loadstone.stats.pairs.power import floor, pairs_for, sd_interval
from loadstone.stats.proportion import clopper_pearson

__all__ = ["FLOORS_AT", "calibration_of", "floor_of", "floors", "foreseen", "refusal", "uncalibrated"]

FLOORS_AT = (6, 10, 20, 40)
"""Pairs that a floor is told for."""

MARGINS = (1.05, 1.10, 1.20)

P95 = "p95 response"

ALARM_PAIRS = FEWEST
"""Pairs of one comparison of identical sides: the fewest that decide, so that there are most of them."""


def calibration_of(
    key: CalibrationKey,
    comparisons: Sequence[Comparison],
    at_ns: int,
    level: float = LEVEL,
) -> Calibration:
    """From A/A experiments under one key, each with its pairs in order. Raises ValueError below six pairs in all.

    A comparison is a group of six pairs in a row, each metric judged by itself; metrics of one group go together, so
    the interval of their common rate is drawn as if only the groups were independent.
    """
    pairs = sum(one.design.pairs for one in comparisons)
    if pairs < FEWEST:
        raise ValueError(f"{pairs} pairs of identical sides say nothing yet: {FEWEST} are the fewest")
    noise: list[Noise] = []
    groups = alarms = tests = p95_alarms = p95_tests = 0
    pooled: dict[tuple[str, str | None, str | None], list[list[float]]] = {}
    told: dict[tuple[str, str | None, str | None], Metric] = {}
    for comparison in comparisons:
        groups += comparison.design.pairs // ALARM_PAIRS
        for one in comparison.metrics:
            if one.method == "by count" or len(one.values) < 2:
                continue
            name = one.name, one.journey, one.step
            told.setdefault(name, one)
            values = [math.log(value) for value in one.values] if one.ratio is not None else list(one.values)
            pooled.setdefault(name, []).append(values)
            for first in range(0, len(values) - ALARM_PAIRS + 1, ALARM_PAIRS):
                effect = effect_of(values[first : first + ALARM_PAIRS], level)
                alarm = effect.low > 0 or effect.high < 0
                tests, alarms = tests + 1, alarms + alarm
                if one.label == P95:
                    p95_tests, p95_alarms = p95_tests + 1, p95_alarms + alarm
    for name, samples in pooled.items():
        noise.append(_noise(told[name], samples, level))
    rate = alarms / tests if tests else 0.0
    low, high = clopper_pearson(rate * groups, groups, level)
    return Calibration(
        format=1,
        key=key,
        experiments=tuple(one.experiment or "" for one in comparisons),
        noise=tuple(noise),
        pairs=pairs,
        comparisons=tests,
        alarms=alarms,
        rate_low=low,
        rate_high=high,
        level=level,
        at_ns=at_ns,
        p95_comparisons=p95_tests,
        p95_alarms=p95_alarms,
    )


def _noise(told: Metric, samples: Sequence[Sequence[float]], level: float) -> Noise:
    """The spread within each experiment, pooled."""
    degrees = sum(len(values) - 1 for values in samples)
    squares = math.fsum(statistics.variance(values) * (len(values) - 1) for values in samples)
    sd = math.sqrt(squares / degrees) if degrees else 0.0
    low, high = sd_interval(sd, degrees + 1, level)
    ratio = told.ratio is not None

    def shown(value: float) -> float:
        return math.exp(min(value, 700.0)) if ratio else value

    return Noise(
        name=told.name,
        unit="ratio" if ratio else told.unit,
        journey=told.journey,
        step=told.step,
        sd=sd,
        sd_low=low,
        sd_high=high,
        pairs=degrees + len(samples),
        floor={count: shown(floor(sd, count, level)) for count in FLOORS_AT},
        pairs_for={f"{margin:.2f}": pairs_for(sd, math.log(margin), level) for margin in MARGINS} if ratio else {},
    )


def noise_of(calibration: Calibration, label: str) -> Noise | None:
    """The noise of a metric; of all requests where its step was not calibrated by itself is another thing."""
    return next((one for one in calibration.noise if label_of(one.name, one.journey, one.step) == label), None)


def floor_of(calibration: Calibration, label: str, pairs: int) -> float | None:
    """The smallest margin that identical sides clear with this many pairs, as the metric's margin is written; None
    where the metric was not calibrated."""
    noise = noise_of(calibration, label)
    if noise is None or pairs < FEWEST:
        return None
    value = floor(noise.sd, pairs, calibration.level)
    return math.exp(min(value, 700.0)) if noise.unit == "ratio" else value


def floors(metrics: Sequence[Metric], calibration: Calibration, pairs: int) -> list[Metric]:
    """Metrics with their noise floor beside them."""
    return [
        one
        if one.method == "by count"
        else msgspec.structs.replace(one, floor=floor_of(calibration, one.label, max(pairs, FEWEST)))
        for one in metrics
    ]


def refusal(calibration: Calibration | None, margins: Mapping[str, float], pairs: int) -> str | None:
    """Why these margins cannot be carried by so many pairs here; None where they can, or nothing was calibrated.
    ``margins`` are by a metric's label; those of metrics that were not calibrated are passed over."""
    if calibration is None:
        return None
    for label, margin in margins.items():
        noise, least = noise_of(calibration, label), floor_of(calibration, label, pairs)
        if noise is None or least is None or margin >= least:
            continue
        if noise.unit != "ratio":
            return (
                f"a margin of {margin:.3g} for {label} is under the noise floor of this machine and service: "
                f"{least:.3g} with {pairs} pairs, by {noise.pairs} pairs of identical sides"
            )
        needed = pairs_for(noise.sd, math.log(margin), calibration.level) if margin > 1 else None
        way = (
            f"it needs {needed} pairs (--pairs {needed}), or longer runs (--for)"
            if needed is not None
            else "no number of such pairs carries it: make the runs longer (--for)"
        )
        return (
            f"a margin of {format_share(margin - 1)} for {label} is under the noise floor of this machine and "
            f"service: {format_share(least - 1)} with {pairs} pairs, by {noise.pairs} pairs of identical sides\n"
            f"    {way}"
        )
    return None


def foreseen(calibration: Calibration | None, labels: Sequence[str], pairs: int) -> dict[str, float]:
    """The smallest ratio that so many pairs will show, by metric, before any is run."""
    if calibration is None:
        return {}
    found = {}
    for label in labels:
        noise = noise_of(calibration, label)
        if noise is not None and noise.unit == "ratio":
            found[label] = floor_of(calibration, label, pairs) or math.inf
    return found


def uncalibrated(calibration: Calibration | None) -> Iterator[Caveat]:
    """A note where nobody measured how far apart identical sides come out here."""
    if calibration is None:
        yield Caveat(
            "uncalibrated",
            "note",
            (),
            "How far apart identical sides come out on this machine was not measured.",
            "loadstone calibrate measures it once, for this service and load.",
        )
