"""The host's metrics on the run's time axis, and waits added up, for the page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loadstone.model.evidence import Evidence
from loadstone.model.evidence_view import HostSeries, WaitView

__all__ = ["POINTS", "host_series", "wait_views"]

POINTS = 900
"""Of one series: a quarter of an hour by the second; a longer run is averaged over equal stretches."""

SERIES = 150
WAITS = 50

_TEXT = 300


def host_series(evidence: Evidence, origin_ns: int) -> tuple[HostSeries, ...]:
    """Every metric of every scope over time. The whole of a scope comes before its parts (devices, processes)."""
    found: dict[tuple[str, str, str, str], tuple[list[int], list[float | None]]] = {}
    columns = ("at_ns", "scope", "metric", "unit", "value", "detail")
    for batch in evidence.rows("host", columns):
        for at, scope, metric, unit, value, detail in zip(*(batch[name].tolist() for name in columns), strict=True):
            if at is None:
                continue
            times, values = found.setdefault((scope or "", metric or "", detail or "", unit or ""), ([], []))
            times.append(at)
            values.append(None if value is None or value != value else value)
    keys = sorted(found, key=lambda key: (bool(key[2]), key))[:SERIES]
    return tuple(_series(key, *found[key], origin_ns) for key in keys)


def wait_views(evidence: Evidence) -> tuple[WaitView, ...]:
    """Waits by kind and name, the longest first."""
    found: dict[tuple[str, str], list[int]] = {}
    examples: dict[tuple[str, str], str | None] = {}
    columns = ("kind", "name", "duration_ns", "detail", "db_query_text")
    for batch in evidence.rows("waits", columns):
        for kind, name, duration, detail, text in zip(*(batch[column].tolist() for column in columns), strict=True):
            key = (kind or "", name or "")
            sums = found.setdefault(key, [0, 0, 0])
            sums[0] += 1
            sums[1] += duration if duration is not None else _stride_ns(detail)
            sums[2] += duration is None
            if examples.get(key) is None:
                examples[key] = text or _words(detail)
    order = sorted(found, key=lambda key: (-found[key][1], -found[key][0], key))[:WAITS]
    return tuple(_wait(key, found[key], examples[key]) for key in order)


def _wait(key: tuple[str, str], sums: list[int], example: str | None) -> WaitView:
    count, total, sampled = sums
    shown = None if example is None else example[:_TEXT]
    return WaitView(key[0], key[1], count, total / 1e9, sampled > 0, shown)


def _series(key: tuple[str, str, str, str], times: list[int], values: list[float | None], origin_ns: int) -> HostSeries:
    scope, metric, detail, unit = key
    order = sorted(range(len(times)), key=times.__getitem__)
    moments = [(times[place] - origin_ns) / 1e9 for place in order]
    told = [values[place] for place in order]
    stretch = -(-len(order) // POINTS)
    if stretch > 1:
        moments = [moments[min(first + stretch, len(order)) - 1] for first in range(0, len(order), stretch)]
        told = [_mean(told[first : first + stretch]) for first in range(0, len(order), stretch)]
    return HostSeries(
        scope, metric, unit, tuple(round(t, 3) for t in moments), tuple(map(_short, told)), detail or None
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _short(value: float | None) -> float | None:
    """Six digits: a chart draws no more, and a page of them is half as large."""
    return None if value is None else float(f"{value:.6g}")


def _stride_ns(detail: str | None) -> int:
    """The sampling interval that a sample stands for, where it tells it."""
    values = _object(detail)
    for name, scale in (("interval_ns", 1), ("interval_s", 1e9)):
        told = values.get(name)
        if isinstance(told, (int, float)) and told >= 0:
            return int(told * scale)
    return 0


def _words(detail: str | None) -> str | None:
    """The detail for people: without the interval, which the total holds already."""
    values = _object(detail)
    if not values:
        return detail
    return ", ".join(f"{name} {value}" for name, value in values.items() if not name.startswith("interval_")) or None


def _object(detail: str | None) -> dict[str, object]:
    if not detail or not detail.startswith("{"):
        return {}
    try:
        return msgspec.json.decode(detail, type=dict[str, object])
    except msgspec.DecodeError:
        return {}
