"""Two readings become values: what the kernel counts since boot turned into levels, rates and shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loadstone.model.host_metrics import METRICS

__all__ = ["CPU_TOTAL", "PERIODS", "Key", "Reading", "values"]

Key = tuple[str, str | None]
"""A metric and its detail."""

Reading = Mapping[Key, float]
"""What was read at one instant. Counters are in the metric's own unit: bytes, seconds, times."""

CPU_TOTAL: Key = ("cpu_total", None)
"""Ticks of all CPUs, whatever they did: what ``ticks`` are a share of. Not a metric itself."""


PERIODS: Key = ("cpu_periods", None)
"""Enforcement periods of a control group's CPU quota: what ``periods`` are a share of. Not a metric itself."""

_WHOLES = {"ticks": CPU_TOTAL, "periods": PERIODS}


def values(before: Reading, after: Reading, span_s: float) -> Iterator[tuple[Key, float]]:
    """The values of the span between two readings. A counter that is missing in one of them, or that ran backwards (a
    device that came anew), has none."""
    wholes = {kind: after.get(key, 0.0) - before.get(key, 0.0) for kind, key in _WHOLES.items()}
    for key, now in after.items():
        metric = METRICS.get(key[0])
        if metric is None:
            continue
        if metric.kind == "level":
            yield key, now
            continue
        then = before.get(key)
        if then is None or now < then:
            continue
        match metric.kind:
            case "count":
                yield key, now - then
            case "ticks" | "periods" if wholes[metric.kind] > 0:
                yield key, min((now - then) / wholes[metric.kind], 1.0)
            case "share" if span_s > 0:
                yield key, min((now - then) / span_s, 1.0)
            case "rate" if span_s > 0:
                yield key, (now - then) / span_s
