"""One guardrail judged by its metric of a comparison.

The interval decides: pass where the whole of it lies within what is allowed, fail where the whole lies outside, else
undecided. What the comparison itself found void stays void, and what it doubts stays undecided.
"""

from __future__ import annotations

import math

from loadstone.model.comparison import Comparison, Metric, Verdict
from loadstone.model.counted import COUNTERS
from loadstone.model.guard_metric import GUARD_METRICS
from loadstone.model.guard_words import name_of, told, unit_of
from loadstone.model.guardrail import GateVerdict, Guard, GuardResult
from loadstone.model.quantity import format_duration

__all__ = ["by_count", "judge", "metric_of", "unmeasured"]

BY_COUNT = "by count"
"""The method of a metric that was counted request by request in the observed runs."""

_SAME: dict[Verdict, GateVerdict] = {
    "faster": "pass",
    "not-worse": "pass",
    "slower": "fail",
    "undecided": "undecided",
    "invalid": "invalid",
}
"""What a comparison's verdict means to a guard with the same margin."""

_WIDE = 1e-12
"""What two sums of floats may differ by; far below any count's or ratio's third digit."""


def metric_of(guard: Guard, comparison: Comparison) -> Metric | None:
    """The metric that a guard holds, None where it was not measured."""
    name = GUARD_METRICS[guard.metric].told
    wanted = (name, guard.journey, guard.step)
    return next((one for one in comparison.metrics if (one.name, one.journey, one.step) == wanted), None)


def by_count(guard: Guard) -> bool:
    """Whether it is judged by what the observed runs counted, before any pair is run."""
    return guard.metric in COUNTERS


def judge(guard: Guard, metric: Metric, comparison: Comparison) -> GuardResult:
    """The verdict on a guard of kind ``relative`` or ``counter``."""
    value, low, high = _held(guard, metric)
    verdict, reason = _verdict(guard, metric, comparison, low, high)
    unit = unit_of(guard)
    settle = _settle(metric, comparison) if verdict == "undecided" and reason is None else None
    sentence = told(guard, metric, value, low, high)
    if verdict == "invalid":
        sentence = f"{name_of(guard)} was not validly measured: {reason}"
    elif reason is not None:
        sentence = f"{sentence}; {reason}"
    return GuardResult(
        guard=guard,
        verdict=verdict,
        a=metric.a,
        b=metric.b,
        value=value,
        low=low,
        high=high,
        limit=guard.margin,
        unit=unit,
        sentence=f"{sentence}.",
        settle=settle,
    )


def unmeasured(guard: Guard, missing: str) -> GuardResult:
    """A guard whose metric nobody could look at: undecided, never a pass."""
    return GuardResult(
        guard=guard,
        verdict="undecided",
        a=None,
        b=None,
        value=None,
        low=None,
        high=None,
        limit=guard.margin,
        unit=unit_of(guard),
        sentence=f"{name_of(guard)} could not be looked at: {missing}.",
        settle=None,
    )


def _held(guard: Guard, metric: Metric) -> tuple[float | None, float | None, float | None]:
    """The value with its interval as the guard holds it. Counts with a relative margin become ratios of the base's."""
    if guard.kind == "counter" or metric.ratio is not None:
        value = metric.ratio
        if guard.kind == "counter":
            value = None if metric.a is None or metric.b is None else metric.b - metric.a
        return value, metric.low, metric.high
    if metric.a is None or metric.b is None:
        return None, None, None
    if metric.a <= 0:  # no ratio to nothing: equal is one, more is beyond any margin
        same = metric.high is not None and metric.high <= 0
        return (1.0, 1.0, 1.0) if same else (None, None, None)
    low = None if metric.low is None else 1 + metric.low / metric.a
    high = None if metric.high is None else 1 + metric.high / metric.a
    return metric.b / metric.a, low, high


def _verdict(
    guard: Guard, metric: Metric, comparison: Comparison, low: float | None, high: float | None
) -> tuple[GateVerdict, str | None]:
    """The verdict, and why it is none where the interval does not say it."""
    if metric.verdict == "invalid":
        return "invalid", _phrase(metric.note or next(iter(comparison.vetoed), "the measurement is void"))
    if guard.kind == "relative" and metric.a == 0 and metric.low is not None and metric.low > 0:
        return "fail", None  # from nothing to something
    by_interval = _by_interval(guard.margin, low, high)
    if guard.kind == "relative" and metric.ratio is None:
        return by_interval, None  # the comparison held the difference, the guard holds the ratio
    if abs(metric.margin - guard.margin) > _WIDE * max(1.0, guard.margin):
        doubted = metric.verdict == "undecided" and metric.note is not None and by_interval != "undecided"
        return ("undecided", _phrase(metric.note or "")) if doubted else (by_interval, None)
    verdict = _SAME[metric.verdict]
    if verdict == "undecided" and by_interval != "undecided":
        return verdict, _phrase(metric.note or "the comparison leaves it undecided")
    return verdict, None


def _by_interval(margin: float, low: float | None, high: float | None) -> GateVerdict:
    """By the interval alone; an end that is unknown is infinite."""
    limit = margin + _WIDE * max(1.0, abs(margin))
    if low is not None and low > limit:
        return "fail"
    return "pass" if high is not None and high <= limit else "undecided"


def _settle(metric: Metric, comparison: Comparison) -> str:
    """What would decide it: more pairs, with the time that they take."""
    design = comparison.design
    if metric.method == BY_COUNT:
        return "a longer run would settle it: --for TIME counts more requests"
    if metric.pairs_to_decide is None:
        seen = design.smallest.get(metric.label)
        least = "" if seen is None else f"; this design sees a factor of {seen:.3g} and more"
        return f"the effect is too close to its margin for any sensible number of pairs{least}"
    run = len(design.order) or design.pairs  # with those that were left out
    pair_s = design.spent_s / run if design.spent_s and run else 2 * (design.warm_up_s + design.measured_s)
    budget = _budget(pair_s * metric.pairs_to_decide)
    return f"about {metric.pairs_to_decide} pairs would settle it, {design.pairs} were judged: --budget {budget}"


def _budget(seconds: float) -> str:
    """Whole minutes, as the option takes them."""
    return f"{max(1, math.ceil(seconds / 60))}m" if seconds < 5_400 else format_duration(seconds).replace(" ", "")


def _phrase(sentence: str) -> str:
    """A sentence to stand after a semicolon."""
    text = sentence.strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
