"""Books the requests of a simulated run into intervals, cells and samples, as docs/formats.md counts them."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from typing import Any, Literal

import msgspec

from loadstone.drive.facts import PlanFacts
from loadstone.drive.script import Script
from loadstone.model.interval import (
    Cell,
    Connections,
    Generator,
    HistogramData,
    Host,
    InFlight,
    Interval,
    Sample,
)
from loadstone.stats.histogram import Histogram

__all__ = ["Booking", "Request"]

NS = 1e9
BYTES_IN, BYTES_OUT = 500, 120


class Request(msgspec.Struct, frozen=True):
    """One simulated request and its four instants, in seconds from the run's origin."""

    journey: str
    step: str
    number: int
    arrival: int
    intended_s: float
    sent_s: float
    first_byte_s: float | None
    done_s: float
    result: str
    error: bool
    method: str


class _CellCounts:
    """One cell being filled."""

    __slots__ = ("count", "error", "first_byte", "lag", "over", "response", "service")

    def __init__(self, error: bool, thresholds: int) -> None:
        self.count = 0
        self.error = error
        self.over = [0] * thresholds
        self.response, self.service, self.lag, self.first_byte = Histogram(), Histogram(), Histogram(), Histogram()


Key = tuple[str, str | None, int, str]


class Booking:
    """Counts of the whole run, told as intervals by ``close``."""

    def __init__(self, document: dict[str, Any], facts: PlanFacts, script: Script, origin_ns: int) -> None:
        record = document.get("record", {})
        self.span_s: float = record.get("interval_ns", 1_000_000_000) / NS
        self.keep = {kind: int(record.get(kind, 50)) for kind in ("slowest", "failed", "uniform")}
        self.facts = facts
        self.script = script
        self.origin_ns = origin_ns
        self.draw = random.Random(script.seed)
        self.spans = facts.spans()
        self.counts: Counter[tuple[str, int]] = Counter()
        self.cells: dict[int, dict[Key, _CellCounts]] = {}
        self.flights: list[tuple[float, int]] = []
        self.requests: list[Request] = []
        self.end_s = facts.duration_s

    def offered(self, at: float) -> None:
        self._count("offered", at)

    def started(self, at: float) -> None:
        self._count("started", at)
        if self.facts.arrivals == "once":
            self._count("offered", at)

    def dropped(self, at: float) -> None:
        self._count("dropped", at)

    def request(self, request: Request) -> None:
        """Count a request that was sent and has ended."""
        self._count("sent", request.sent_s)
        self._count("done", request.done_s)
        self.flights.append((request.sent_s, 1))
        self.flights.append((request.done_s, -1))
        self.end_s = max(self.end_s, request.done_s)
        self.requests.append(request)
        first_byte = None if request.first_byte_s is None else request.first_byte_s - request.sent_s
        self._cell(
            request.done_s,
            (request.journey, request.step, self._phase(request.intended_s), request.result),
            request.error,
            request.done_s - request.sent_s,
            request.sent_s - request.intended_s,
            first_byte,
        )

    def journey(self, at: float, last: Request, start_s: float, service_s: float, lag_s: float) -> None:
        """Count a whole journey from its arrival to its end at ``at``, with the sums over its steps."""
        self.end_s = max(self.end_s, at)
        key = (last.journey, None, self._phase(start_s), last.result)
        self._cell(at, key, last.error, service_s, lag_s, None)

    def close(self) -> tuple[tuple[Interval, ...], tuple[Sample, ...]]:
        """The intervals up to the last request's end, and the samples."""
        levels = self._levels()
        intervals: list[Interval] = []
        index, start = 0, 0.0
        while start < self.end_s - 1e-9 or index == 0:
            end = start + self.span_s
            if end > self.end_s and end > self.facts.duration_s + 1e-9:
                end = self.end_s
            intervals.append(self._interval(index, end, max(end - start, 1e-9), levels))
            index += 1
            start = index * self.span_s
        return tuple(intervals), self._samples()

    def _count(self, what: str, at: float) -> None:
        self.counts[what, self._index(at)] += 1

    def _index(self, at: float) -> int:
        return int(at / self.span_s)

    def _phase(self, at: float) -> int:
        for place, span in enumerate(self.spans):
            if at < span.end_s:
                return place
        return max(len(self.spans) - 1, 0)

    def _cell(
        self, at: float, key: Key, error: bool, service_s: float, lag_s: float, first_byte_s: float | None
    ) -> None:
        cells = self.cells.setdefault(self._index(at), {})
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = _CellCounts(error, len(self.facts.thresholds))
        service_ns, lag_ns = round(service_s * NS), round(lag_s * NS)
        response_ns = service_ns + lag_ns
        cell.count += 1
        cell.response.record(response_ns)
        cell.service.record(service_ns)
        cell.lag.record(lag_ns)
        if first_byte_s is not None:
            cell.first_byte.record(round(first_byte_s * NS))
        journey, step, _, _ = key
        for place, threshold in enumerate(self.facts.thresholds):
            about = threshold.journey in (None, journey) and (
                threshold.step == step if threshold.step or threshold.journey else step is not None
            )
            cell.over[place] += about and response_ns > threshold.limit_ns

    def _levels(self) -> dict[int, tuple[float, int]]:
        """Per interval: request-seconds in flight, and the most at one instant."""
        levels: dict[int, tuple[float, int]] = {}
        level, at = 0, 0.0
        for time, change in [*sorted(self.flights), (self.end_s, 0)]:
            while at < time:
                index = self._index(at + 1e-12)
                until = min(time, (index + 1) * self.span_s)
                integral, most = levels.get(index, (0.0, 0))
                levels[index] = integral + level * (until - at), max(most, level)
                at = until
            level += change
            integral, most = levels.get(self._index(at), (0.0, 0))
            levels[self._index(at)] = integral, max(most, level)
        return levels

    def _interval(self, index: int, end_s: float, span_s: float, levels: dict[int, tuple[float, int]]) -> Interval:
        script = self.script
        counts = {name: self.counts[name, index] for name in ("offered", "started", "dropped", "sent", "done")}
        integral, most = levels.get(index, (0.0, 0))
        host = None
        if script.busy_share is not None or script.steal_share is not None or script.pressure_share is not None:
            host = Host(script.steal_share, script.pressure_share, script.busy_share)
        return Interval(
            format=1,
            t_s=round(end_s, 9),
            span_s=round(span_s, 9),
            **counts,
            redirects=0,
            in_flight=InFlight(integral / span_s, most),
            connections=Connections(open=most, opened=0, failed=0),
            generator=Generator(
                cpu_s=counts["done"] * script.cpu_per_request_s,
                cores=self.facts.cores,
                busiest_share=script.busiest_share,
                lag_p99_s=script.lag_s,
                rss_bytes=3_100_000,
                late=round(counts["started"] * script.late_share),
                clipped=script.clipped,
                stalls=script.stalled,
            ),
            host=host,
            cells=tuple(_cell(key, cell) for key, cell in sorted(self.cells.get(index, {}).items(), key=_order)),
        )

    def _samples(self) -> tuple[Sample, ...]:
        samples: list[Sample] = []
        for step in dict.fromkeys(self.facts.steps):
            mine = [request for request in self.requests if (request.journey, request.step) == step]
            slowest = heapq.nlargest(self.keep["slowest"], mine, key=lambda each: each.done_s - each.intended_s)
            failed = [request for request in mine if request.error][: self.keep["failed"]]
            uniform = self.draw.sample(mine, min(self.keep["uniform"], len(mine)))
            samples.extend(self._sample(request, "slowest") for request in slowest)
            samples.extend(self._sample(request, "failed") for request in failed)
            samples.extend(self._sample(request, "uniform") for request in uniform)
        return tuple(samples)

    def _sample(self, request: Request, kept: Literal["slowest", "failed", "uniform"]) -> Sample:
        first_byte = request.first_byte_s
        return Sample(
            journey=request.journey,
            step=request.step,
            phase=self._phase(request.intended_s),
            result=request.result,
            error=request.error,
            kept=kept,
            arrival=request.arrival,
            request=request.arrival,
            intended_ns=self._instant(request.intended_s),
            sent_ns=self._instant(request.sent_s),
            first_byte_ns=None if first_byte is None else self._instant(first_byte),
            done_ns=self._instant(request.done_s),
            status=int(request.result) if request.result.isdigit() else None,
            bytes_in=BYTES_IN,
            bytes_out=BYTES_OUT,
            method=request.method,
            target=f"/{request.step}",
            trace_id=None,
            message=f"scripted {request.result}" if request.error else None,
        )

    def _instant(self, at: float) -> int:
        return self.origin_ns + round(at * NS)


def _order(item: tuple[Key, _CellCounts]) -> tuple[str, str, int, str]:
    (journey, step, phase, result), _ = item
    return journey, step or "", phase, result


def _cell(key: Key, cell: _CellCounts) -> Cell:
    journey, step, phase, result = key
    return Cell(
        journey=journey,
        step=step,
        phase=phase,
        result=result,
        error=cell.error,
        count=cell.count,
        bytes_in=cell.count * BYTES_IN,
        bytes_out=cell.count * BYTES_OUT,
        over=tuple(cell.over),
        response=_data(cell.response),
        service=_data(cell.service),
        lag=_data(cell.lag),
        first_byte=_data(cell.first_byte),
    )


def _data(histogram: Histogram) -> HistogramData:
    return HistogramData(histogram.count, histogram.min_ns, histogram.max_ns, histogram.sum_ns, histogram.buckets())
