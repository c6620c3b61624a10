"""Where a step's time goes: by operation, around the median and beyond p99, and how much of it lies in one cause.

Intervals say how far this run's stretches of time agree with each other. Another run of a service with long queues may
lie outside (a queue's own tail is hardly known after a minute): shares carry over, seconds less so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import named
from loadstone.model.finding import Bounded, PathRow, Share, StepPath
from loadstone.stats.bands import Band, Bands, Interval, bounded

__all__ = ["AFTER", "BEFORE", "durations_ns", "leading_steps", "paths", "share_of"]

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

MEDIAN = Band(0.40, 0.60)
NINETY_FIFTH = Band(0.925, 0.975)
BEYOND = Band(0.99, 1.0)

FEWEST, FEWEST_P95, FEWEST_P99 = 10, 40, 100
"""Requests below which nothing is told, no p95, no p99: each band then still holds a request."""

SHOWN = 12
"""Rows of a path; the rest is one row."""

MOST_STEPS = 50
"""Steps that are worked out: exported traces may hold thousands of routes, of which most hold no time."""

KEPT = 60
"""Operations of a step of which intervals are worked out: those that lead in all its requests, and in the slow ones."""

BEFORE = "before the service's span (connection, network, queue)"
AFTER = "after the service's span (the reply on its way)"

OPAQUE = ("server", "inside")
"""Families whose own time no finer evidence explains."""


def durations_ns(digest: Digest, requests: Ints) -> Floats:
    """How long these requests took: as the client tells it, at least as long as the root's span, float64[n]."""
    told = digest.requests
    inside = told.end_ns[requests] - told.start_ns[requests]
    outside = told.done_ns[requests] - told.sent_ns[requests]
    return np.asarray(np.maximum(np.maximum(inside, outside), 0), np.float64)


def share_of(digest: Digest, step: int | None, requests: Ints, cost_ns: Floats, seed: int = 0) -> Share:
    """Of the time of the step (None: of all), how much of p50, p95 and of the excess beyond p99 is ``cost_ns``.

    ``requests`` are places in the digest that lose ``cost_ns`` each; the others lose nothing.
    """
    of = np.flatnonzero(digest.requests.measured).astype(np.int32) if step is None else digest.requests_of(step)
    if len(of) < FEWEST:
        return Share()
    local = np.searchsorted(of, requests)
    local = np.minimum(local, len(of) - 1)
    known = of[local] == requests
    duration = durations_ns(digest, of)
    bands = Bands(duration, seed)
    place = np.arange(len(of))
    table = np.concatenate(
        [
            bands.table(local[known], np.nan_to_num(cost_ns[known]), np.zeros(int(known.sum()), np.int64), 1),
            bands.table(place, duration, np.zeros(len(of), np.int64), 1),
        ]
    )
    median = bands.means(table, MEDIAN)
    return Share(
        p50=_ratio(median),
        p95=_ratio(bands.means(table, NINETY_FIFTH)) if len(of) >= FEWEST_P95 else None,
        p99=_ratio(bands.means(table, BEYOND) - median) if len(of) >= FEWEST_P99 else None,
    )


def paths(digest: Digest, seed: int = 0) -> tuple[StepPath, ...]:
    """The critical path of each step, that with the most time first, of at most MOST_STEPS."""
    return tuple(_path(digest, step, seed) for step in leading_steps(digest, FEWEST))


def leading_steps(digest: Digest, fewest: int) -> tuple[int, ...]:
    """The steps with the most time in all, of those with at least ``fewest`` requests; at most MOST_STEPS."""
    enough = [step for step in range(len(digest.steps)) if len(digest.requests_of(step)) >= fewest]
    spent = {step: float(durations_ns(digest, digest.requests_of(step)).sum()) for step in enough}
    return tuple(sorted(enough, key=lambda step: -spent[step])[:MOST_STEPS])


def _path(digest: Digest, step: int, seed: int) -> StepPath:
    requests = digest.requests_of(step)
    duration = durations_ns(digest, requests)
    bands = Bands(duration, seed)
    enough = len(requests) >= FEWEST_P99
    visits = digest.visits_of(step)
    local = np.searchsorted(requests, digest.visits.request[visits])
    operation = digest.visits.operation[visits]
    critical = digest.visits.critical_ns[visits].astype(np.float64)
    kept = _kept(operation, critical, duration[local] >= np.quantile(duration, 0.95))
    rest = len(kept)
    group = np.full(len(digest.operations) + 1, rest, np.int64)
    group[kept] = np.arange(rest)
    before, after = _around(digest, requests, duration)
    table = np.concatenate(
        [
            bands.table(local, critical, group[operation], rest + 1),
            bands.table(np.arange(len(requests)), before, np.zeros(len(requests), np.int64), 1),
            bands.table(np.arange(len(requests)), after, np.zeros(len(requests), np.int64), 1),
        ]
    )
    median = bands.means(table, MEDIAN) / 1e9
    excess = bands.means(table, BEYOND) / 1e9 - median if enough else None
    counts = np.bincount(group[operation], weights=digest.visits.count[visits], minlength=rest + 1) / len(requests)
    opaque = np.array([one.family in OPAQUE for one in digest.operations] + [False])
    total = float(duration.sum())
    return StepPath(
        journey=digest.steps[step].journey,
        step=digest.steps[step].name,
        requests=len(requests),
        p50_s=float(np.median(duration)) / 1e9,
        p99_s=float(np.quantile(duration, 0.99)) / 1e9 if enough else None,
        rows=_rows(digest, kept, median, excess, np.concatenate([counts, np.ones(2)])),
        uncovered_share=float(critical[opaque[operation]].sum()) / total if total > 0 else None,
        trace_ids=_typical(digest, requests, duration, enough=enough),
    )


def _kept(operation: Ints, critical: Floats, slow: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The operations that lead in all requests or in the slow ones."""
    all_of = np.bincount(operation, weights=critical)
    slow_of = np.bincount(operation, weights=np.where(slow, critical, 0))
    leading = [np.argsort(-sums, kind="stable")[: KEPT // 2] for sums in (all_of, slow_of)]
    return np.array(sorted({int(one) for one in np.concatenate(leading) if all_of[one] > 0}), np.int64)


def _around(digest: Digest, requests: Ints, duration: Floats) -> tuple[Floats, Floats]:
    """Time before and after the root's span, of which the sum is what the client saw more. Clocks that differ by more
    than that only shift time from one to the other."""
    told = digest.requests
    outside = duration - (told.end_ns[requests] - told.start_ns[requests])
    before = np.clip(told.start_ns[requests] - told.sent_ns[requests], 0, outside)
    return before.astype(np.float64), outside - before


def _rows(
    digest: Digest, kept: NDArray[np.int64], median: Floats, excess: Floats | None, counts: Floats
) -> tuple[PathRow, ...]:
    """A row for each group that matters, the rest as one."""
    rest = len(kept)
    matters = median[0].copy() if excess is None else np.maximum(median[0], excess[0])
    matters[rest] = -np.inf
    shown = [int(one) for one in np.argsort(-matters, kind="stable") if matters[one] > 0][:SHOWN]
    others = [one for one in range(len(matters)) if one not in shown]
    rows = []
    for one in shown:
        told = digest.operations[kept[one]] if one < rest else None
        name = named(told) if told else BEFORE if one == rest + 1 else AFTER
        rows.append(
            PathRow(
                operation=name,
                service=(told.service or None) if told else None,
                where=told.where if told else None,
                p50_s=_bounded(median[:, one]),
                p99_excess_s=None if excess is None else _bounded(excess[:, one]),
                count=float(counts[one]),
            )
        )
    left = median[:, others].sum(axis=1)
    beyond = None if excess is None else excess[:, others].sum(axis=1)
    if left[0] > 0 or (beyond is not None and beyond[0] != 0):
        count = float(sum(counts[one] for one in others if one <= rest))
        rows.append(PathRow("other", None, None, _bounded(left), None if beyond is None else _bounded(beyond), count))
    return tuple(rows)


def _typical(digest: Digest, requests: Ints, duration: Floats, *, enough: bool) -> tuple[str, ...]:
    order = np.argsort(duration, kind="stable")
    places = [len(order) // 2]
    if enough:
        ninety_ninth = int(0.99 * len(order))
        places += sorted({min(place, len(order) - 1) for place in range(ninety_ninth, ninety_ninth + 3)})
    return digest.requests.hex(requests[order[places]])


def _ratio(draws: Floats) -> Bounded | None:
    """Of two columns, the first by the second; None where the second is nothing."""
    if not draws[0, 1] > 0:
        return None
    parts = np.divide(draws[:, 0], draws[:, 1], out=np.full(len(draws), np.nan), where=draws[:, 1] > 0)
    return _told(bounded(parts))


def _told(found: Interval | None) -> Bounded | None:
    return None if found is None else Bounded(found.value, found.low, found.high)


def _bounded(draws: Floats) -> Bounded:
    """With an interval where there is one: a point where no draw has a request in the band."""
    found = bounded(draws)
    value = float(draws[0])
    return Bounded(value, value, value) if found is None else Bounded(found.value, found.low, found.high)
