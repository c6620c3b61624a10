"""One short run of a probe, from its digest: what a request took of each resource, and how often it did what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Family
from loadstone.diagnose.latency.critical import durations_ns
from loadstone.diagnose.locus import named
from loadstone.model.probe import ProbeOperation, ProbeRun, ProbeStep

__all__ = ["COUNTED", "probe_run"]

COUNTED: tuple[Family, ...] = ("database", "key-value", "http", "rpc")
"""Operations that are counted: what a request asks of others."""

MOST_OPERATIONS = 100
"""Of a step, those with the most time."""

_PART: dict[Family, str] = {
    "database": "database",
    "key-value": "database",
    "transaction": "database",
    "connect": "database",
    "pool": "pool",
    "http": "calls",
    "rpc": "calls",
    "messaging": "calls",
}


def probe_run(digest: Digest, run: str, value: float) -> ProbeRun:
    """What the run at this value of the factor counted, in every step with a request."""
    steps = tuple(_step(digest, step) for step in range(len(digest.steps)) if len(digest.requests_of(step)))
    measured = digest.requests.measured
    errors = float(digest.requests.error[measured].mean()) if measured.any() else 0.0
    return ProbeRun(run, value, steps, errors)


def _step(digest: Digest, step: int) -> ProbeStep:
    requests = digest.requests_of(step)
    count = len(requests)
    told = digest.requests
    duration = durations_ns(digest, requests)
    inside = np.maximum(told.end_ns[requests] - told.start_ns[requests], 0)
    places = digest.visits_of(step)
    operation = digest.visits.operation[places]
    critical = np.bincount(
        operation, weights=digest.visits.critical_ns[places].astype(np.float64), minlength=len(digest.operations)
    )
    parts = dict.fromkeys(("queue", "database", "pool", "calls"), 0.0)
    parts["queue"] = float((duration - inside).sum())
    for one in digest.operations:
        if one.family in _PART:
            parts[_PART[one.family]] += float(critical[one.number])
    own = float(duration.sum()) - sum(parts.values())
    cpu = told.cpu_ns[requests]
    if (cpu >= 0).all():
        parts["cpu"] = min(own, float(cpu.sum()))
    parts["elsewhere"] = own - parts.get("cpu", 0.0)
    return ProbeStep(
        journey=digest.steps[step].journey,
        step=digest.steps[step].name,
        requests=count,
        in_flight=float(duration.sum()) / 1e9 / digest.span_s,
        response_s=float(duration.mean()) / 1e9,
        parts_s={name: value / count / 1e9 for name, value in parts.items()},
        operations=_operations(digest, places, count),
    )


def _operations(digest: Digest, places: NDArray[np.int32], count: int) -> tuple[ProbeOperation, ...]:
    visits = digest.visits
    size = len(digest.operations)
    operation = visits.operation[places]
    times = np.bincount(operation, weights=visits.count[places], minlength=size)
    lasted = np.bincount(operation, weights=visits.total_ns[places].astype(np.float64), minlength=size)
    known = visits.rows[places] >= 0
    rows = np.bincount(operation[known], weights=visits.rows[places][known], minlength=size)
    rows_times = np.bincount(operation[known], weights=visits.count[places][known], minlength=size)
    merged: dict[tuple[str, str], list[float]] = {}
    for one in digest.operations:
        if one.family in COUNTED and times[one.number] > 0:
            held = merged.setdefault((named(one, 120), one.family), [0.0, 0.0, 0.0, 0.0])
            for place, column in enumerate((times, lasted, rows, rows_times)):
                held[place] += float(column[one.number])
    found = [
        ProbeOperation(label, family, often / count, took / often / 1e9, row / row_times if row_times else None)
        for (label, family), (often, took, row, row_times) in merged.items()
    ]
    found.sort(key=lambda one: -one.per_request * one.each_s)
    return tuple(found[:MOST_OPERATIONS])
