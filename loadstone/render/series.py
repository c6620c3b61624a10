"""A run over time: columns for the charts and the heat map, of a bounded number of points however long the run was."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from loadstone.model.interval import Interval
from loadstone.model.run_view import Heat, Series
from loadstone.stats.histogram import Histogram

__all__ = ["MOST_POINTS", "Point", "heat_of", "points_of", "series_of"]

MOST_POINTS = 600
"""Points on the time axis: one for every other pixel of a wide chart at most, so that a line stays a line. A longer run
has neighbours merged in pairs."""

MOST_COLUMNS = 300
"""Columns of the heat map; with the bands below it stays near 100 KB in the page."""

MOST_BANDS = 60
BANDS_PER_DECADE = (20, 15, 10, 8, 5, 4)
"""The finest logarithmic grid that needs no more than ``MOST_BANDS``."""


class Point:
    """What happened in one or several intervals after each other."""

    __slots__ = (
        "busy_s", "completed", "connections", "done", "dropped", "errors", "host_busy", "host_steal",
        "in_flight_max", "in_flight_s", "lag", "offered", "response", "service", "span_s", "started", "t_s",
    )  # fmt: skip

    def __init__(self) -> None:
        self.t_s = 0.0
        self.span_s = 0.0
        self.offered = self.started = self.dropped = self.done = self.completed = self.errors = 0
        self.in_flight_s = 0.0
        self.in_flight_max = 0
        self.connections = 0
        self.busy_s = 0.0
        self.host_busy = [0.0, 0.0]
        self.host_steal = [0.0, 0.0]
        self.response, self.service, self.lag = Histogram(), Histogram(), Histogram()

    @classmethod
    def of(cls, interval: Interval) -> Point:
        point = cls()
        span = interval.span_s
        point.t_s, point.span_s = interval.t_s, span
        point.offered, point.started, point.dropped = interval.offered, interval.started, interval.dropped
        point.done = interval.done
        point.in_flight_s, point.in_flight_max = interval.in_flight.mean * span, interval.in_flight.max
        point.connections = interval.connections.open
        point.busy_s = interval.generator.busiest_share * span
        if interval.host is not None:
            for sums, share in (
                (point.host_busy, interval.host.busy_share),
                (point.host_steal, interval.host.steal_share),
            ):
                if share is not None:
                    sums[0], sums[1] = share * span, span
        for cell in interval.cells:
            if cell.step is None:
                point.completed += cell.count
                continue
            point.errors += cell.count if cell.error else 0
            for mine, data in (
                (point.response, cell.response),
                (point.service, cell.service),
                (point.lag, cell.lag),
            ):
                mine.add(data.count, data.min_ns, data.max_ns, data.sum_ns, data.buckets)
        return point

    def extend(self, other: Point) -> None:
        """Add the point that follows this one."""
        self.t_s = other.t_s
        self.span_s += other.span_s
        self.offered += other.offered
        self.started += other.started
        self.dropped += other.dropped
        self.done += other.done
        self.completed += other.completed
        self.errors += other.errors
        self.in_flight_s += other.in_flight_s
        self.in_flight_max = max(self.in_flight_max, other.in_flight_max)
        self.connections = max(self.connections, other.connections)
        self.busy_s += other.busy_s
        for mine, theirs in ((self.host_busy, other.host_busy), (self.host_steal, other.host_steal)):
            mine[0] += theirs[0]
            mine[1] += theirs[1]
        self.response.merge(other.response)
        self.service.merge(other.service)
        self.lag.merge(other.lag)


class _Merging:
    """Keeps at most ``most`` points, each of as many intervals as that takes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.points: list[Point] = []
        self.length = 1
        self.taken = 0

    def add(self, point: Point) -> None:
        if self.taken:
            self.points[-1].extend(point)
        else:
            if len(self.points) >= self.most:
                self._halve()
            self.points.append(point)
        self.taken = (self.taken + 1) % self.length

    def _halve(self) -> None:
        for left, right in zip(self.points[::2], self.points[1::2], strict=True):
            left.extend(right)
        self.points = self.points[::2]
        self.length *= 2


def points_of(intervals: Iterable[Interval], most: int = MOST_POINTS) -> tuple[Point, ...]:
    """At most ``most`` points (an even number), by merging neighbours; counts are added, never thinned out."""
    merging = _Merging(most + most % 2)
    for interval in intervals:
        merging.add(Point.of(interval))
    return tuple(merging.points)


def series_of(points: Sequence[Point]) -> Series:
    """The columns of the time charts."""

    def rate(count: int, point: Point) -> float:
        return count / point.span_s if point.span_s else 0.0

    def share(sums: list[float]) -> float | None:
        return sums[0] / sums[1] if sums[1] else None

    return Series(
        t_s=tuple(point.t_s for point in points),
        span_s=tuple(point.span_s for point in points),
        offered_per_s=tuple(rate(point.offered, point) for point in points),
        started_per_s=tuple(rate(point.started, point) for point in points),
        achieved_per_s=tuple(rate(point.completed, point) for point in points),
        requests_per_s=tuple(rate(point.done, point) for point in points),
        errors_per_s=tuple(rate(point.errors, point) for point in points),
        dropped_per_s=tuple(rate(point.dropped, point) for point in points),
        in_flight_mean=tuple(point.in_flight_s / point.span_s if point.span_s else 0.0 for point in points),
        in_flight_max=tuple(point.in_flight_max for point in points),
        connections_open=tuple(point.connections for point in points),
        generator_busy_share=tuple(point.busy_s / point.span_s if point.span_s else 0.0 for point in points),
        host_busy_share=tuple(share(point.host_busy) for point in points),
        host_steal_share=tuple(share(point.host_steal) for point in points),
        response_p50_s=tuple(point.response.quantile(0.5) for point in points),
        response_p95_s=tuple(point.response.quantile(0.95) for point in points),
        response_p99_s=tuple(point.response.quantile(0.99) for point in points),
        response_max_s=tuple(point.response.max_s for point in points),
        service_p50_s=tuple(point.service.quantile(0.5) for point in points),
        service_p99_s=tuple(point.service.quantile(0.99) for point in points),
        lag_p99_s=tuple(point.lag.quantile(0.99) for point in points),
    )


def heat_of(points: Sequence[Point]) -> Heat:
    """Responses by time and latency on a logarithmic grid that just holds the run's smallest and largest response.

    Each column's ``t_s`` is its end. Every response is in the map: the counts add up to the run's requests.
    """
    width = max(1, math.ceil(len(points) / MOST_COLUMNS))
    columns: list[tuple[float, Histogram]] = []
    whole = Histogram()
    for first in range(0, len(points), width):
        group = points[first : first + width]
        merged = Histogram()
        for point in group:
            merged.merge(point.response)
        whole.merge(merged)
        columns.append((group[-1].t_s, merged))
    edges = _edges(whole)
    return Heat(
        t_s=tuple(t_s for t_s, _ in columns),
        edges_s=edges,
        counts=tuple(merged.rebin(edges) if edges else () for _, merged in columns),
    )


def _edges(whole: Histogram) -> tuple[float, ...]:
    if not whole.count:
        return ()
    low, high = math.log10(max(whole.min_ns, 1) / 1e9), math.log10(max(whole.max_ns, 1) / 1e9)
    for per_decade in BANDS_PER_DECADE:
        first, last = math.floor(low * per_decade), math.floor(high * per_decade) + 1
        if last - first <= MOST_BANDS:
            break
    return tuple(10 ** (step / per_decade) for step in range(first, last + 1))
