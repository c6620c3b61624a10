"""From sums to the parts of the model: mix, visits, popularity, arrivals; every number with its range."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from loadstone.model.estimate import Estimate
from loadstone.model.route import Field, Route
from loadstone.model.traffic import Arrivals, Dispersion, Popularity, RouteLoad, Transition, VisitClass
from loadstone.stats.beta import normal_quantile
from loadstone.stats.proportion import Design, share_interval
from loadstone.stats.traffic.dispersion import index_of_dispersion
from loadstone.stats.traffic.shares import clustered_share, mean_interval
from loadstone.stats.traffic.zipf import fit_zipf
from loadstone.traffic.fit.paces import Clock, paces_of, pauses_of
from loadstone.traffic.fit.survey import RouteFigures
from loadstone.traffic.fit.tally import Tally

__all__ = ["WINDOWS_S", "arrivals_of", "mix_of", "per_window", "popularity_of", "reads_of", "visits_of"]

WINDOWS_S = (1.0, 10.0, 60.0)
"""Windows in which bursts are looked for: those in which published traces are (within an hour, 1, 10 and 60 s)."""

FEWEST_WIDE = 10
"""Windows of the longest kind: the largest of indexes from fewer would be chance."""

NS = 1e9


def mix_of(tally: Tally, figures: tuple[RouteFigures, ...]) -> tuple[RouteLoad, ...]:
    """Each route's share of the requests in visits, the most asked for first."""
    total = float(tally.requests.sum())
    told = []
    for at, route in enumerate(tally.scope.routes):
        count = float(tally.requests[at])
        if count == 0:
            continue
        share = clustered_share(
            count, total, float(tally.squares[at]), float(tally.products[at]), tally.sizes, tally.visits
        )
        seen = figures[int(tally.scope.origin[at])]
        told.append(
            RouteLoad(
                route.id,
                int(count),
                Estimate(*share, "share", "log", int(count)),
                seen.errors,
                seen.bytes_mean,
                seen.duration_p50_s,
                seen.duration_p99_s,
                tally.scope.kept[at],
            )
        )
    return tuple(sorted(told, key=lambda load: (-load.requests, load.route)))


def reads_of(tally: Tally) -> Estimate:
    """The share of requests that change nothing."""
    marked, squares, products = tally.reads.tolist()
    total = float(tally.requests.sum())
    share = clustered_share(marked, total, squares, products, tally.sizes, tally.visits)
    return Estimate(*share, "share", "methods in the log", int(total))


def visits_of(tally: Tally, clock: Clock) -> tuple[VisitClass, ...]:
    """The classes that have visits, the largest first."""
    pauses = pauses_of(tally)
    total = int(tally.class_visits.sum())
    told = []
    for kind, name in enumerate(tally.scope.classes):
        count = int(tally.class_visits[kind])
        if count == 0:
            continue
        low, high = share_interval(count, total, Design(1.0, max(1, total - 1)))
        whole, requests, squares = tally.lengths[kind].tolist()
        value, least, most = mean_interval(requests, squares, int(whole))
        told.append(
            VisitClass(
                name,
                count,
                Estimate(count / total, low, high, "share", "visits in the log", total),
                Estimate(value, least, most if math.isfinite(most) else None, "", "whole visits", int(whole)),
                tuple(_transitions(tally, kind)),
                paces_of(tally, pauses, clock, kind),
            )
        )
    return tuple(sorted(told, key=lambda one: (-one.visits, one.name)))


def _transitions(tally: Tally, kind: int) -> Iterator[Transition]:
    """The beginning first, then the routes; of each what mostly follows first, the end of the visit among them."""
    end = len(tally.scope.routes)
    counts, squares, products = (table[kind] for table in tally.steps)
    clusters = int(tally.class_visits[kind])
    for before in (end, *range(end)):
        total = float(counts[before].sum())
        follows = np.flatnonzero(counts[before])
        for after in sorted(follows.tolist(), key=lambda at: (-counts[before][at], at)):
            told = clustered_share(
                float(counts[before][after]),
                total,
                float(squares[before][after]),
                float(products[before][after]),
                float(tally.step_sizes[kind][before]),
                min(clusters, int(total)),
            )
            yield Transition(
                None if before == end else tally.scope.routes[before].id,
                None if after == end else tally.scope.routes[after].id,
                Estimate(*told, "share", "what followed in the log", int(counts[before][after])),
            )


def popularity_of(tally: Tally) -> tuple[Popularity, ...]:
    """Of routes with variable parts, and of parameters whose values are all known."""
    told: list[Popularity] = []
    for at, route in enumerate(tally.scope.routes):
        items = tally.items[at]
        path = [each for each in route.fields if each.where == "path"]
        if path and len(items.counts):
            name = ",".join(each.name for each in path)
            source = "paths in the log"
            if items.forgotten:
                source += f"; {items.forgotten:,} items with at most {items.least} requests forgotten"
            told += _popular(route, name, items.counts, items.effect, source)
        for field in route.fields:
            if field.where == "query" and _complete(field):
                told += _popular(route, field.name, np.array(field.counts), 1.0, "values of the parameter in the log")
    return tuple(sorted(told, key=lambda one: (-one.requests, one.route, one.field)))


def _complete(field: Field) -> bool:
    return bool(field.counts) and field.distinct <= len(field.counts) and field.count_error == 0


def _popular(route: Route, name: str, counts: NDArray[np.int64], effect: float, source: str) -> Iterator[Popularity]:
    found = fit_zipf(counts, effect=effect, seed=0)
    if found is not None:
        held = "; held at 0, as any would do" if found.shift == (0.0, 0.0, 0.0) else ""
        exponent = Estimate(*found.exponent, "", source, found.requests)
        shift = Estimate(*found.shift, "", source + held, found.requests)
        yield Popularity(route.id, name, found.items, exponent, shift, found.requests)


def per_window(times_ns: NDArray[np.int64], from_ns: int, to_ns: int, window_s: float) -> NDArray[np.int64]:
    """Counts in the whole windows between; they begin at multiples of their length, as whole minutes do."""
    width = max(1, round(window_s * NS))
    from_ns = -(-from_ns // width) * width
    windows = max(0, (to_ns - from_ns) // width)
    places = (times_ns - from_ns) // width
    return np.bincount(places[(places >= 0) & (places < windows)], minlength=windows)


def arrivals_of(tally: Tally, daily: tuple[float, ...], grain_s: float) -> Arrivals:
    """The peak: rates, and how unevenly visits begin in it."""
    begin, end = tally.stretch.peak_ns, tally.stretch.peak_end_ns
    begun, asked = tally.begun(), tally.peak()
    seconds = (end - begin) / NS
    if seconds <= grain_s:
        seconds = 0.0  # all within one step of the clock: no time passed
    told = []
    for window in WINDOWS_S:
        index = None if window < grain_s else index_of_dispersion(per_window(begun, begin, end, window), 1)
        if index is not None:
            source = f"{index.windows} windows of the peak, trend taken out"
            told.append(Dispersion(window, Estimate(index.value, index.low, index.high, "", source, len(begun))))
    visits, requests = (
        _rate(len(times), seconds, _long_index(times, begin, end), tally.stretch.rivals) for times in (begun, asked)
    )
    return Arrivals(begin, seconds, visits, requests, tuple(told), daily)


def _long_index(times: NDArray[np.int64], begin: int, end: int) -> float:
    """The largest index in long windows, from 60 s to a tenth of the whole: visits make neighbouring minutes alike."""
    window, most = max(WINDOWS_S), 1.0
    while (end - begin) / NS / window >= FEWEST_WIDE:
        found = index_of_dispersion(per_window(times, begin, end, window), 1)
        most = max(most, found.value if found else 1.0)
        window *= 2
    return most


def _rate(count: int, seconds: float, index: float, rivals: float) -> Estimate:
    """A mean rate whose counts vary as those of long windows do, and not less than Poisson.

    The busiest of some windows is busy by chance too: the lower end allows for so many choices (Bonferroni).
    """
    if seconds <= 0 or count == 0:
        return Estimate(0.0, None, None, "per_s", "no time passed in the log", count)
    value = count / seconds
    reach = normal_quantile(0.975) * math.sqrt(index / count)
    chosen = reach * normal_quantile(1 - 0.025 / rivals) / normal_quantile(0.975)
    return Estimate(value, value * math.exp(-chosen), value * math.exp(reach), "per_s", "the peak in the log", count)
