"""What a guardrail saw, in one sentence: both sides, the interval, and how much was allowed."""

from __future__ import annotations

import math

from loadstone.model.comparison import Metric
from loadstone.model.counted import COUNTERS
from loadstone.model.guard_metric import GUARD_METRICS, allowance
from loadstone.model.guardrail import Guard, GuardResult
from loadstone.model.quantity import format_count, format_duration, format_rate, format_share, format_size
from loadstone.model.ratio_words import ratio

__all__ = ["allowed", "held", "level", "name_of", "sides", "told", "unit_of", "value_text"]

_UNITS = {
    "throughput": "/s",
    "errors": "share",
    "bytes": "bytes",
    **{word: "count" for word in COUNTERS if word != "bytes"},
}


def unit_of(guard: Guard) -> str:
    """The unit of a result: ``ratio``, or that of a difference (``share``, ``bytes``, ``count``)."""
    return "ratio" if guard.kind == "relative" else _UNITS.get(guard.metric, "count")


def name_of(guard: Guard) -> str:
    """What a reader calls it: ``statements a request of browse.detail``; an objective by its name."""
    if guard.kind == "slo":
        return guard.name
    name = GUARD_METRICS[guard.metric].told
    return name if guard.step is None else f"{name} of {guard.journey}.{guard.step}"


def level(guard: Guard, value: float | None) -> str:
    """A side's level in its own unit: ``12.4 ms``, ``3.00``, ``0.100 %``."""
    if value is None or not math.isfinite(value):
        return "not measured"
    match _UNITS.get(guard.metric, "s"):
        case "s":
            return format_duration(value)
        case "/s":
            return format_rate(value)
        case "share":
            return format_share(value) if value else "0 %"
        case "bytes":
            return format_size(float(f"{value:.6g}"))
        case _:
            return format_count(float(value))


def sides(result: GuardResult) -> tuple[str, str]:
    """Base and candidate in their own unit; ``-`` where not measured."""
    if result.guard.kind != "slo":
        a, b = ("-" if one is None else level(result.guard, one) for one in (result.a, result.b))
        return a, b
    return _slo(result, result.a), _slo(result, result.b)


def held(result: GuardResult) -> str:
    """What is held to the limit, with its interval; ``-`` where it was not measured."""
    if result.value is None:
        return "-"
    if result.guard.kind != "slo":
        return value_text(result.guard, result.value, result.low, result.high)
    return f"{_slo(result, result.value)} [{_slo(result, result.low)}, {_slo(result, result.high)}]"


def allowed(guard: Guard) -> str:
    """How much is allowed, or the objective."""
    return guard.text if guard.kind == "slo" else allowance(guard)


def _slo(result: GuardResult, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    if result.unit == "s":
        return format_duration(value)
    return format_share(value) if value else "0 %"


def value_text(guard: Guard, value: float | None, low: float | None, high: float | None) -> str:
    """The held value with its interval: ``1.12 [1.08, 1.16]``, ``+1.00 [0.92, 1.08]``; alone where it is exact."""
    if value is None:
        return "not measured"
    exact = low is not None and high is not None and math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12)
    if guard.kind == "relative":
        told = ratio(value, low, high, guard.margin)
        return told.partition(" [")[0] if exact else told
    shown = _difference(guard, value)
    return shown if exact else f"{shown} [{_difference(guard, low)}, {_difference(guard, high)}]"


def told(guard: Guard, metric: Metric, value: float | None, low: float | None, high: float | None) -> str:
    """The sentence, without its full stop."""
    levels = f"{level(guard, metric.a)} -> {level(guard, metric.b)}"
    changed = value_text(guard, value, low, high)
    how = " by count" if metric.method == "by count" else ""
    if guard.kind == "relative":
        turned = "A/B" if metric.more_is_better else "B/A"
        return f"{name_of(guard)} {levels}, {turned} {changed}{how}; {allowance(guard)} worse is allowed"
    return f"{name_of(guard)} {levels}, {changed}{how}; {allowance(guard)} is allowed"


def _difference(guard: Guard, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    sign = "-" if value < 0 else "+"
    size = abs(value)
    match _UNITS.get(guard.metric):
        case "share":
            return f"{sign}{format_share(size) if size else '0 %'}"
        case "bytes":
            return f"{sign}{format_size(float(f'{size:.6g}'))}" if size else "+0"
        case _:
            return f"{sign}{format_count(float(size))}" if size else "+0"
