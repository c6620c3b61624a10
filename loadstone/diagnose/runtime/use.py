"""USE of the host table: for every resource its utilisation, its saturation and its errors (Brendan Gregg, 2013).

The service and the generator are told apart, so that a machine that the generator itself filled is not laid at the
service's door. A share that is None was not measured; it is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.model.evidence import Columns
from loadstone.model.host_metrics import METRICS
from loadstone.model.use import Figure, Growth, Use, UseRow
from loadstone.stats.slope import slope

__all__ = ["SLOPE_POINTS", "use"]

SLOPE_POINTS = 10
"""Readings of memory below which its growth is not told: seconds of load say nothing of a leak."""


# scope, resource, utilisation, saturation, errors, limit
_PLAN: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...], str | None], ...] = (
    (
        "host",
        "cpu",
        "cpu_busy_share",
        ("cpu_pressure_share", "procs_running", "load_1m"),
        ("cpu_steal_share",),
        "cpus",
    ),
    (
        "host",
        "memory",
        "memory_used_bytes",
        ("memory_pressure_share", "swap_out_bytes_per_s", "major_faults_per_s"),
        ("oom_kills",),
        "memory_bytes",
    ),
    ("host", "disk", "disk_busy_share", ("io_pressure_share", "procs_blocked"), (), None),
    (
        "host",
        "network",
        "net_tx_bytes_per_s",
        ("tcp_listen_overflows_per_s", "net_drops_per_s"),
        ("tcp_retransmits_per_s", "net_errors_per_s"),
        None,
    ),
    ("host", "descriptors", "descriptors", (), (), "descriptors_limit"),
    (
        "service",
        "cpu",
        "cpu_cores",
        ("run_wait_s_per_s", "involuntary_switches_per_s"),
        (),
        None,
    ),
    ("service", "memory", "rss_bytes", ("major_faults_per_s",), (), None),
    ("service", "disk", "write_bytes_per_s", (), (), None),
    ("service", "descriptors", "descriptors_share", (), (), None),
    ("service", "threads", "threads", (), ("processes_ended",), None),
    ("generator", "cpu", "cpu_cores", ("run_wait_s_per_s", "involuntary_switches_per_s"), (), None),
    ("generator", "memory", "rss_bytes", ("major_faults_per_s",), (), None),
    ("generator", "descriptors", "descriptors_share", (), (), None),
    ("generator", "threads", "threads", (), (), None),
    (
        "cgroup",
        "cpu",
        "cpu_cores",
        ("cpu_throttled_share", "cpu_throttled_s_per_s", "cpu_pressure_share"),
        (),
        "cpu_quota_cores",
    ),
    (
        "cgroup",
        "memory",
        "memory_used_bytes",
        ("memory_pressure_share", "memory_limit_hits"),
        ("oom_kills",),
        "memory_limit_bytes",
    ),
    ("cgroup", "threads", "pids", (), (), "pids_limit"),
)


def use(batches: Iterable[Columns]) -> Use:
    """Add up the host table: columns ``at_ns``, ``span_ns``, ``scope``, ``metric``, ``value`` and ``detail``.

    Rows that have a detail are parts of their scope and are left out.
    """
    series = _series(batches)
    figures = {key: _figure(key[1], spans, values) for key, (_, spans, values) in series.items()}
    rows = []
    for scope, resource, utilisation, saturation, errors, limit in _PLAN:
        row = UseRow(
            scope,
            resource,
            figures.get((scope, utilisation)),
            tuple(figures[scope, metric] for metric in saturation if (scope, metric) in figures),
            tuple(figures[scope, metric] for metric in errors if (scope, metric) in figures),
            None if limit is None else figures.get((scope, limit)),
        )
        if row.utilisation is not None or row.saturation or row.errors:
            rows.append(row)
    grown = [
        _growth(scope, *series[scope, "rss_bytes"])
        for scope in ("service", "generator")
        if (scope, "rss_bytes") in series
    ]
    return Use(tuple(rows), tuple(one for one in grown if one is not None))


Series = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def _series(batches: Iterable[Columns]) -> Mapping[tuple[str, str], Series]:
    """Instants, spans and values of each metric of each scope, in the order of time."""
    parts: dict[tuple[str, str], list[Series]] = {}
    for batch in batches:
        scopes, metrics, details = (batch[name] for name in ("scope", "metric", "detail"))
        whole = np.array([detail is None for detail in details], dtype=bool)
        values = np.asarray(np.ma.filled(batch["value"], np.nan), dtype=np.float64)
        at, span = (np.asarray(np.ma.filled(batch[name], 0), dtype=np.int64) for name in ("at_ns", "span_ns"))
        for scope, metric in sorted({(scope, metric) for scope, metric in zip(scopes, metrics, strict=True)}):
            chosen: NDArray[Any] = whole & (scopes == scope) & (metrics == metric) & np.isfinite(values)
            if metric in METRICS and chosen.any():
                parts.setdefault((scope, metric), []).append((at[chosen], span[chosen], values[chosen]))
    found = {}
    for key, pieces in parts.items():
        at, span, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
        order = np.argsort(at, kind="stable")
        found[key] = at[order], span[order], values[order]
    return found


def _figure(metric: str, spans: NDArray[np.int64], values: NDArray[np.float64]) -> Figure:
    told = METRICS[metric]
    if told.kind == "count":
        return Figure(metric, told.unit, float(values.sum()), float(values.max()))
    weights = spans if spans.sum() > 0 else np.ones_like(spans)
    return Figure(metric, told.unit, float(np.average(values, weights=weights)), float(values.max()))


def _growth(scope: str, at: NDArray[np.int64], spans: NDArray[np.int64], values: NDArray[np.float64]) -> Growth | None:
    if at.size < SLOPE_POINTS:
        return None
    seconds = (at - at[0]) / 1e9
    found = slope(list(seconds), list(values))
    return None if found is None else Growth(scope, found.value, found.low, found.high, float(seconds[-1]))
