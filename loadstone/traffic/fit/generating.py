"""What a workload would send: the model as traffic in memory, drawn by the law that the engine draws by.

Visits begin by a Poisson process whose rate has a gamma factor for each burst's window; a class is chosen by its share,
then each request by what follows what, and before the next one a lognormal pause. Items are drawn anew for each
request.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.hits import NONE
from loadstone.model.traffic import Arrivals, Traffic, VisitClass
from loadstone.stats.traffic.bursts import burst_variances
from loadstone.stats.traffic.zipf import zipf_weights
from loadstone.traffic.fit.memory import MemoryHits, batch_of

__all__ = ["MOST_STEPS", "bursty", "generate", "mean_length", "starts"]

MOST_STEPS = 200
"""Requests of one visit at most, as in the journeys that are written."""

LONGEST_S = 1e8
"""No visit lasts longer: three years."""

NS = 1e9
SPREAD_Z = 2.326  # a lognormal's 99th percentile lies so many sigmas above its median


def generate(traffic: Traffic, seed: int, seconds: float, *, rate_per_s: float | None = None) -> MemoryHits:
    """Requests of ``seconds`` from the first visit on (so that traffic builds up at first); visits that are not over
    by then are cut. ``rate_per_s`` is of beginning visits, the peak's unless given. Same seed, same requests.

    A request takes as long as those of the log, lognormal by its 50th and 99th percentile, where the log tells.
    """
    rng = np.random.default_rng(seed)
    return _sent(traffic, starts(traffic.arrivals, seconds, rng, rate_per_s), seconds, rng)


def _sent(traffic: Traffic, begun: NDArray[np.float64], seconds: float, rng: np.random.Generator) -> MemoryHits:
    number = {route.id: at for at, route in enumerate(traffic.routes)}
    parts = []
    if traffic.visits and len(begun):
        shares = np.array([one.share.value for one in traffic.visits])
        kinds = rng.choice(len(shares), size=len(begun), p=shares / shares.sum())
        took = _took(traffic, number)
        for kind, one in enumerate(traffic.visits):
            mine = np.flatnonzero(kinds == kind)
            parts += _walk(_Graph.of(one, number), begun[mine], mine, took, seconds, rng)
    columns = [np.concatenate([part[at] for part in parts]) for at in range(4)] if parts else [np.zeros(0)] * 4
    time_s, visit, took_s = columns[0], columns[1], columns[3]
    route: NDArray[np.int32] = columns[2].astype(np.int32)
    rows = batch_of(
        np.round(time_s * NS).astype(np.int64),
        visit.astype(np.uint64) + np.uint64(1),
        route,
        traffic.routes,
        value=_values(traffic, route, number, rng),
        duration_ns=np.where(np.isnan(took_s), NONE, np.round(np.nan_to_num(took_s) * NS)).astype(np.int64),
    )
    return MemoryHits(rows, traffic.routes)


def starts(
    arrivals: Arrivals, seconds: float, rng: np.random.Generator, rate_per_s: float | None = None
) -> NDArray[np.float64]:
    """When visits begin, in s, in order."""
    rate = arrivals.visits_per_s.value if rate_per_s is None else rate_per_s
    if rate <= 0 or seconds <= 0:
        return np.zeros(0)
    windows = [each.window_s for each in arrivals.dispersion] if bursty(arrivals) else []
    if not windows:
        return np.sort(rng.random(rng.poisson(rate * seconds)) * seconds)
    variances = burst_variances(rate, windows, [each.index.value for each in arrivals.dispersion])
    step = windows[0]
    cells = math.ceil(seconds / step)
    factor = np.ones(cells)
    for window, variance in zip(windows, variances, strict=True):
        if variance > 1e-12:
            drawn = rng.gamma(1 / variance, variance, math.ceil(seconds / window) + 1)
            factor *= drawn[(np.arange(cells) * step / window + 1e-9).astype(np.int64)]
    counts = rng.poisson(rate * step * factor)
    begun = (np.repeat(np.arange(cells), counts) + rng.random(int(counts.sum()))) * step
    return np.sort(begun[begun < seconds])


def bursty(arrivals: Arrivals) -> bool:
    """Whether visits surely begin less evenly than Poisson's, in some window."""
    return any(each.index.low is None or each.index.low > 1 for each in arrivals.dispersion)


class _Graph(NamedTuple):
    """One class: where visits begin, what follows (float64[routes, routes + 1], cumulative), and the pauses."""

    first: NDArray[np.float64]
    follows: NDArray[np.float64]
    log_median: NDArray[np.float64]
    sigma: NDArray[np.float64]

    @classmethod
    def of(cls, one: VisitClass, number: dict[str, int]) -> _Graph:
        size = len(number)
        table = np.zeros((size + 1, size + 1))
        for step in one.transitions:
            before = size if step.before is None else number[step.before]
            table[before, size if step.after is None else number[step.after]] += step.probability.value
        table[table.sum(axis=1) == 0, size] = 1.0
        cumulative = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
        log_median, sigma = np.full(size, -math.inf), np.zeros(size)
        for pace in one.paces:
            log_median[number[pace.route]] = math.log(pace.median_s.value)
            sigma[number[pace.route]] = pace.sigma.value
        return cls(cumulative[size], cumulative[:size], log_median, sigma)


def _took(traffic: Traffic, number: dict[str, int]) -> NDArray[np.float64]:
    """By route, (log of the median, sigma) of how long it takes; not a number where nobody knows."""
    took = np.full((len(number), 2), np.nan)
    for load in traffic.mix:
        middle, high = load.duration_p50_s, load.duration_p99_s
        if middle and high:
            took[number[load.route]] = math.log(middle), max(0.0, math.log(high / middle) / SPREAD_Z)
    return took


def _walk(
    graph: _Graph,
    begun: NDArray[np.float64],
    visit: NDArray[np.int64],
    took: NDArray[np.float64],
    seconds: float,
    rng: np.random.Generator,
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """All visits of a class, one request of each at a time."""
    told = []
    end = len(graph.follows)
    now, route = begun, np.searchsorted(graph.first, rng.random(len(begun)), side="right")
    for _ in range(MOST_STEPS):
        going = (route < end) & (now < seconds)
        now, route, visit = now[going], route[going], visit[going]
        if not len(route):
            break
        lasts = np.exp(took[route, 0] + took[route, 1] * rng.standard_normal(len(route)))
        told.append((now, visit.astype(np.float64), route.astype(np.float64), lasts))
        pause = np.exp(graph.log_median[route] + graph.sigma[route] * rng.standard_normal(len(route)))
        drawn = rng.random(len(route))
        follows = np.empty(len(route), dtype=np.int64)
        for each in np.unique(route).tolist():
            mine = route == each
            follows[mine] = np.searchsorted(graph.follows[each], drawn[mine], side="right")
        now, route = now + np.nan_to_num(lasts) + pause, np.minimum(follows, end)
    return told


def _values(
    traffic: Traffic, route: NDArray[np.int32], number: dict[str, int], rng: np.random.Generator
) -> NDArray[np.uint64]:
    """An item for each request of a route with variable parts: by its popularity, the same for all without one."""
    values = np.zeros(len(route), dtype=np.uint64)
    known = {}
    for one in traffic.popularity:
        fields = {field.name for field in traffic.routes[number[one.route]].fields if field.where == "path"}
        if set(one.field.split(",")) <= fields:
            known[number[one.route]] = one
    for at, each in enumerate(traffic.routes):
        mine = np.flatnonzero(route == at)
        path = [field for field in each.fields if field.where == "path"]
        if not len(mine) or not path:
            continue
        if at in known:
            one = known[at]
            cumulative = np.cumsum(zipf_weights(one.items, one.exponent.value, one.shift.value))
            rank = np.searchsorted(cumulative, rng.random(len(mine)), side="right")
        else:
            rank = rng.integers(0, max(1, max(field.distinct for field in path)), len(mine))
        values[mine] = (rank.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return values


def mean_length(traffic: Traffic, seed: int = 0, visits: int = 2000) -> tuple[float, float]:
    """Requests of a visit, and the time in s within which 99 of 100 are over: from so many drawn ones."""
    if not traffic.visits:
        return 0.0, 0.0
    drawn = _sent(traffic, np.zeros(visits), LONGEST_S, np.random.default_rng(seed)).rows
    if not len(drawn.time_ns):
        return 0.0, 0.0
    clients, where = np.unique(drawn.client, return_inverse=True)
    first = np.full(len(clients), np.iinfo(np.int64).max)
    last = np.zeros(len(clients), dtype=np.int64)
    np.minimum.at(first, where, drawn.time_ns)
    np.maximum.at(last, where, drawn.time_ns)
    return len(where) / len(clients), float(np.quantile((last - first) / NS, 0.99))
