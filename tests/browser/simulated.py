"""Requests simulated through a queue, and what is counted from them: the raw material of the specimens.

A service of ``workers`` first-come-first-served workers under Poisson arrivals; each request has its intended start,
its send (after the generator's lag), its first byte and its end.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loadstone.model.run import Latency, LatencySet, StepSummary
from loadstone.model.run_view import ErrorRow, Heat, PercentileCurve, SampleRow, Series

SHARES = (
    *(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.985),
    *(0.99, 0.9925, 0.995, 0.9965, 0.998, 0.9985, 0.999, 0.9995, 0.9999),
)


@dataclass(frozen=True)
class Request:
    journey: str
    step: str
    result: str
    error: bool
    intended_s: float
    sent_s: float
    first_byte_s: float | None
    done_s: float
    method: str
    target: str

    @property
    def response_s(self) -> float:
        return self.done_s - self.intended_s

    @property
    def service_s(self) -> float:
        return self.done_s - self.sent_s

    @property
    def lag_s(self) -> float:
        return self.sent_s - self.intended_s


@dataclass(frozen=True)
class Kind:
    """A step that the simulated service answers: its share of requests and its median time in seconds."""

    journey: str
    step: str
    share: float
    median_s: float
    sigma: float
    method: str = "GET"
    target: str = "/"


SHOP = (
    Kind("browse", "list", 0.45, 0.0031, 0.35, target="/products?page=#9f2c41aa"),
    Kind("browse", "detail", 0.35, 0.0022, 0.30, target="/products/4711"),
    Kind("search", "query", 0.14, 0.0078, 0.55, target="/search?q=#0b77e1d3"),
    Kind("order", "pay", 0.06, 0.0120, 0.40, "POST", "/orders"),
)


def simulate(
    seed: int,
    kinds: Sequence[Kind],
    rate_per_s: float,
    end_s: float,
    *,
    workers: int = 8,
    stall_s: tuple[float, float] | None = None,
    lag_s: Callable[[random.Random, float], float] = lambda draw, _t: draw.lognormvariate(math.log(18e-6), 0.45),
    fails: Callable[[random.Random, Kind, float], str | None] = lambda _draw, _kind, _t: None,
) -> list[Request]:
    draw = random.Random(seed)
    free = [0.0] * workers
    requests = []
    t = draw.expovariate(rate_per_s)
    while t < end_s:
        kind = draw.choices(kinds, [kind.share for kind in kinds])[0]
        sent = t + lag_s(draw, t)
        begin = max(sent, heapq.heappop(free))
        if stall_s is not None and stall_s[0] <= begin < stall_s[1]:
            begin = stall_s[1]
        work = kind.median_s * draw.lognormvariate(0, kind.sigma) * (4.5 if draw.random() < 0.012 else 1)
        failure = fails(draw, kind, t)
        done = begin + work
        heapq.heappush(free, done)
        first = begin + 0.7 * work if failure in (None, "500", "503") else None
        if failure == "timeout" or done - sent > 2.0:
            failure, first, done = "timeout", None, sent + 2.0
        requests.append(
            Request(
                kind.journey, kind.step, failure or "200", failure is not None, t, sent, first, done, kind.method,
                kind.target,
            )
        )  # fmt: skip
        t += draw.expovariate(rate_per_s)
    return requests


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def latency(values: Iterable[float]) -> Latency:
    ordered = sorted(values)
    if not ordered:
        return Latency(None, None, None, None, None, None, None, None)
    p50, p90, p95, p99, p999 = (quantile(ordered, share) for share in (0.5, 0.9, 0.95, 0.99, 0.999))
    return Latency(ordered[0], sum(ordered) / len(ordered), p50, p90, p95, p99, p999, ordered[-1])


def latency_set(requests: Sequence[Request]) -> LatencySet:
    return LatencySet(
        response=latency(r.response_s for r in requests),
        service=latency(r.service_s for r in requests),
        lag=latency(r.lag_s for r in requests),
        first_byte=latency(r.first_byte_s - r.sent_s for r in requests if r.first_byte_s is not None),
    )


def step_rows(requests: Sequence[Request]) -> tuple[StepSummary, ...]:
    rows = []
    for journey in dict.fromkeys(r.journey for r in requests):
        mine = [r for r in requests if r.journey == journey]
        for step in (None, *sorted({r.step for r in mine})):
            found = mine if step is None else [r for r in mine if r.step == step]
            results = dict(sorted(Counter(r.result for r in found).items()))
            rows.append(
                StepSummary(journey, step, len(found), sum(r.error for r in found), results, latency_set(found))
            )
    return tuple(rows)


def series(requests: Sequence[Request], end_s: float, seed: int, *, busy: float, dropped_from_s: float) -> Series:
    draw = random.Random(seed)
    seconds = math.ceil(max([end_s, *(r.done_s for r in requests)]))
    by_done: list[list[Request]] = [[] for _ in range(seconds)]
    offered, flying, peak = [0] * seconds, [0.0] * seconds, [0] * seconds
    for r in requests:
        by_done[min(seconds - 1, int(r.done_s))].append(r)
        offered[int(r.intended_s)] += 1
        for second in range(int(r.sent_s), min(seconds - 1, int(r.done_s)) + 1):
            flying[second] += max(0.0, min(r.done_s, second + 1) - max(r.sent_s, second))
    for second in range(seconds):
        peak[second] = math.ceil(flying[second] * 1.6) + draw.randrange(3)

    def column(value: Callable[[Request], float], share: float) -> tuple[float | None, ...]:
        return tuple(quantile(sorted(map(value, found)), share) if found else None for found in by_done)

    dropped = [12.0 + draw.randrange(9) if s >= dropped_from_s else 0.0 for s in range(seconds)]
    per_offer = [min(1.0, busy * n / max(1, max(offered)) * draw.uniform(0.94, 1.06)) for n in offered]
    return Series(
        t_s=tuple(float(second + 1) for second in range(seconds)),
        span_s=(1.0,) * seconds,
        offered_per_s=tuple(n + d for n, d in zip(offered, dropped, strict=True)),
        started_per_s=tuple(map(float, offered)),
        achieved_per_s=tuple(float(sum(not r.error for r in found)) for found in by_done),
        requests_per_s=tuple(float(len(found)) for found in by_done),
        errors_per_s=tuple(float(sum(r.error for r in found)) for found in by_done),
        dropped_per_s=tuple(dropped),
        in_flight_mean=tuple(flying),
        in_flight_max=tuple(peak),
        connections_open=tuple(max(peak[: second + 1]) for second in range(seconds)),
        generator_busy_share=tuple(per_offer),
        host_busy_share=tuple(min(1.0, 0.22 + share * 0.6 + draw.uniform(0, 0.08)) for share in per_offer),
        host_steal_share=tuple(0.0 if draw.random() < 0.9 else 0.01 for _ in range(seconds)),
        response_p50_s=column(lambda r: r.response_s, 0.5),
        response_p95_s=column(lambda r: r.response_s, 0.95),
        response_p99_s=column(lambda r: r.response_s, 0.99),
        response_max_s=column(lambda r: r.response_s, 1.0),
        service_p50_s=column(lambda r: r.service_s, 0.5),
        service_p99_s=column(lambda r: r.service_s, 0.99),
        lag_p99_s=column(lambda r: r.lag_s, 0.99),
    )


def heat(requests: Sequence[Request]) -> Heat:
    if not requests:
        return Heat((), (), ())
    edges = tuple(1e-5 * 10 ** (band / 10) for band in range(62))
    seconds = math.ceil(max(r.done_s for r in requests))
    counts = [[0] * (len(edges) - 1) for _ in range(seconds)]
    for r in requests:
        band = min(len(edges) - 2, max(0, int(math.log10(r.response_s / 1e-5) * 10)))
        counts[min(seconds - 1, int(r.done_s))][band] += 1
    return Heat(tuple(float(s + 1) for s in range(seconds)), edges, tuple(map(tuple, counts)))


def curve(requests: Sequence[Request]) -> PercentileCurve:
    shares = tuple(share for share in SHARES if requests and (1 - share) * len(requests) >= 1)
    columns = [sorted(value(r) for r in requests) for value in (_response, _service, _lag)]
    response, service, lag = (tuple(quantile(column, share) for share in shares) for column in columns)
    return PercentileCurve(shares, response, service, lag)


def _response(r: Request) -> float:
    return r.response_s


def _service(r: Request) -> float:
    return r.service_s


def _lag(r: Request) -> float:
    return r.lag_s


def error_rows(requests: Sequence[Request]) -> tuple[ErrorRow, ...]:
    kinds = Counter((r.journey, r.step, r.result) for r in requests if r.error)
    rows = []
    for (journey, step, result), count in kinds.most_common():
        times = [r.done_s for r in requests if (r.journey, r.step, r.result) == (journey, step, result)]
        words = {"503": "upstream connect error or disconnect/reset before headers", "timeout": "no reply within 2 s"}
        share = count / sum((r.journey, r.step) == (journey, step) for r in requests)
        rows.append(ErrorRow(journey, step, result, count, share, min(times), max(times), words.get(result)))
    return tuple(rows)


def slowest(requests: Sequence[Request], keep: int) -> tuple[SampleRow, ...]:
    found = sorted(requests, key=_response, reverse=True)[:keep]
    return tuple(
        SampleRow(
            r.journey, r.step, r.result, r.error, r.intended_s, r.response_s, r.service_s, r.lag_s,
            None if r.first_byte_s is None else r.first_byte_s - r.sent_s, r.method, r.target,
        )
        for r in found
    )  # fmt: skip
