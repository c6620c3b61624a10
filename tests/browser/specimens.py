"""Runs to look at: requests simulated through a queue, told as a RunView. Same seed, same page.

A service of ``workers`` first-come-first-served workers under Poisson arrivals; each request has its intended start,
its send (after the generator's lag), its first byte and its end, and every number of the view is counted from these.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loadstone.model.run import (
    Caveat,
    GeneratorSummary,
    Latency,
    LatencySet,
    Machine,
    Manifest,
    Outcome,
    ServiceRecord,
    SloResult,
    Status,
    StepSummary,
    Summary,
    Validity,
)
from loadstone.model.run_view import ErrorRow, Heat, PercentileCurve, PhaseSpan, RunView, SampleRow, Series

__all__ = ["SPECIMENS", "empty", "failing", "healthy", "hostile", "invalid", "long", "thousand"]

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


def view(
    headline: str,
    requests: Sequence[Request],
    end_s: float,
    *,
    warm_up_s: float = 0.0,
    slos: tuple[SloResult, ...] = (),
    outcome: Outcome = "none",
    validity: Validity = "valid",
    caveats: tuple[Caveat, ...] = (),
    status: Status = "complete",
    seed: int = 41,
    busy: float = 0.04,
    dropped_from_s: float = math.inf,
    keep: int = 50,
    spec: str | None = None,
    repeat: str = "loadstone run http://127.0.0.1:8000/items --rate 500/s --for 30s --seed 41",
    service: ServiceRecord | None = None,
) -> RunView:
    measured = [r for r in requests if r.intended_s >= warm_up_s]
    columns = (
        series(requests, end_s, seed, busy=busy, dropped_from_s=dropped_from_s)
        if end_s
        else Series(*[()] * len(Series.__struct_fields__))
    )
    length = end_s - warm_up_s
    dropped = int(sum(columns.dropped_per_s))
    cpu_s = 9e-6 * len(requests)
    summary = Summary(
        format=1,
        run="20261123T101530-7f3a",
        status=status,
        outcome=outcome,
        validity=validity,
        caveats=caveats,
        duration_s=length,
        offered_per_s=(len(measured) + dropped) / length if length else 0.0,
        achieved_per_s=sum(not r.error for r in measured) / length if length else 0.0,
        requests=len(measured),
        errors=sum(r.error for r in measured),
        dropped=dropped,
        latency_s=latency_set(measured),
        steps=step_rows(measured),
        slos=slos,
        generator=GeneratorSummary(1, cpu_s, 9e-6 if requests else None, 6_400_000),
        report="report.html",
    )
    warm = (PhaseSpan("warm-up", 0.0, warm_up_s, False),) if warm_up_s else ()
    steady = (PhaseSpan("steady", warm_up_s, end_s, True),) if end_s else ()
    return RunView(
        format=1,
        headline=headline,
        summary=summary,
        manifest=manifest(status, seed, service),
        series=columns,
        curve=curve(measured),
        heat=heat(requests),
        phases=(*warm, *steady),
        errors=error_rows(measured),
        slowest=slowest(measured, keep),
        spec=spec,
        repeat=repeat,
    )


def manifest(status: Status, seed: int, service: ServiceRecord | None) -> Manifest:
    return Manifest(
        format=1,
        run="20261123T101530-7f3a",
        kind="load",
        status=status,
        pid=4242,
        pid_start_ticks=991,
        boot_id="0f2a",
        nonce=2748001521,
        versions={"loadstone": "0.1.0", "core": "0.1.0", "python": "3.12.7"},
        started_ns=1_795_428_930_000_000_000,
        monotonic_ns=88_000_000_000,
        machine=Machine(class_="linux-x86_64", cores=2, memory_bytes=8_343_000_000, kernel="6.1.0-28-amd64"),
        service=service or ServiceRecord(url="http://127.0.0.1:8000"),
        seed=seed,
        labels={},
    )


SPEC = """[service]
url = "http://127.0.0.1:8000"
start = "python -m shop"

[[slo]]
name = "detail is fast"
step = "browse.detail"
objective = "p99 < 300ms"

[[slo]]
name = "few errors"
objective = "errors < 0.1%"

[shape.steady]
rate = "120/s"
duration = "1m20s"
warm_up = "20s"
"""


def healthy() -> RunView:
    requests = simulate(41, SHOP, 500, 30)
    p99 = latency_set(requests).response.p99 or 0.0
    detail = [r.response_s for r in requests if r.step == "detail"]
    bad = sum(value > 0.02 for value in detail)
    slos = (
        SloResult(
            "detail is fast", "pass", len(detail) - bad, bad, quantile(sorted(detail), 0.99), 0.02,
            (quantile(sorted(detail), 0.987), quantile(sorted(detail), 0.993)), "p99 < 20ms",
        ),
        SloResult("few errors", "pass", len(requests), 0, 0.0, 0.001, (0.0, 0.0002), "errors < 0.1%"),
    )  # fmt: skip
    return view(
        f"The service carried 500/s with p99 {1000 * p99:.1f} ms; every objective is met.",
        requests, 30, slos=slos, outcome="pass", spec=SPEC, repeat="loadstone run --seed 41",
    )  # fmt: skip


def failing() -> RunView:
    def fails(draw: random.Random, kind: Kind, t: float) -> str | None:
        if kind.step == "pay" and 60 < t < 85 and draw.random() < 0.3:
            return "503"
        if kind.step == "query" and draw.random() < 0.004:
            return "500"
        return "reset" if 52 < t < 54 and draw.random() < 0.05 else None

    requests = simulate(7, SHOP, 120, 100, workers=2, stall_s=(50.0, 53.2), fails=fails)
    measured = [r for r in requests if r.intended_s >= 20]
    detail = sorted(r.response_s for r in measured if r.step == "detail")
    errors = sum(r.error for r in measured)
    slow = sum(value > 0.3 for value in detail)
    within = sum(r.response_s < 0.1 for r in measured)
    share = errors / len(measured)
    p99 = quantile(detail, 0.99)
    slos = (
        SloResult(
            "detail is fast", "fail", len(detail) - slow, slow, p99, 0.3,
            (quantile(detail, 0.984), quantile(detail, 0.995)), "p99 < 300ms", "p99's interval lies above 300 ms",
        ),
        SloResult(
            "few errors", "fail", len(measured) - errors, errors, share, 0.001,
            (share * 0.85, share * 1.17), "errors < 0.1%", "the interval lies above 0.1 %",
        ),
        SloResult(
            "most are quick", "undecided", within, len(measured) - within, within / len(measured), 0.945,
            (within / len(measured) - 0.006, within / len(measured) + 0.006), "94.5% < 100ms",
            "the interval holds the limit; about 12 minutes at this rate would decide",
        ),
        SloResult("search answers", "pass", 1100, 4, 0.0036, 0.02, (0.0014, 0.0093), "errors < 2%"),
    )  # fmt: skip
    caveats = (
        Caveat(
            "host-pressure", "doubt", ("latency",),
            "Processes waited for a CPU in 11 of 80 seconds.",
            "Move the generator to another machine, or give the service fewer cores: taskset -c 0 python -m shop",
        ),
        Caveat(
            "debug-build", "note", (),
            "The service answers with a debug toolbar header.",
            "Start it as in production before you compare.",
        ),
    )  # fmt: skip
    return view(
        f"browse.detail misses its objective: p99 {p99:.2f} s, should be under 300 ms.",
        requests, 100, warm_up_s=20, slos=slos, outcome="fail", validity="doubtful", caveats=caveats, spec=SPEC,
        repeat="loadstone run --spec loadstone.toml --shape steady --seed 7", seed=7,
        service=ServiceRecord(
            url="http://127.0.0.1:8000", argv=("python", "-m", "shop"), env_names=("SHOP_DB", "SHOP_TOKEN"),
            commit="3b9e17c0a2", dirty=True,
        ),
    )  # fmt: skip


def invalid() -> RunView:
    def lag(draw: random.Random, t: float) -> float:
        late = draw.lognormvariate(math.log(20e-6), 0.5)
        return late if t < 8 else late + (t - 8) * 0.012 * draw.uniform(0.7, 1.3)

    requests = simulate(3, SHOP[:2], 600, 20, lag_s=lag)
    caveats = (
        Caveat(
            "generator-saturated", "void", ("latency", "rate"),
            "The busiest generator thread was 99.1 % busy from 0:08 on; requests left up to 189 ms late.",
            "Offer less than 450/s, or give the generator more cores: --cores 2",
        ),
        Caveat(
            "arrivals-dropped", "doubt", ("rate",), "207 arrivals were dropped at the limit of 10,000 connections.",
            "Raise the limit with --connections, or offer less.",
        ),
    )  # fmt: skip
    slo = SloResult(
        "all is fast", "invalid", 11000, 1000, 0.141, 0.05, (0.138, 0.144), "p99 < 50ms",
        "the generator was saturated",
    )  # fmt: skip
    return view(
        "The measurement is invalid: the generator could not offer 600/s.",
        requests, 20, slos=(slo,), outcome="invalid", validity="invalid", caveats=caveats, busy=1.2, dropped_from_s=9,
        status="interrupted", repeat="loadstone run http://127.0.0.1:8000/ --rate 600/s --for 20s --seed 3", seed=3,
    )  # fmt: skip


def empty() -> RunView:
    caveat = Caveat(
        "target-unreachable", "void", (), "No connection to 127.0.0.1:8000 could be opened.",
        "Start the service, or check the url in loadstone.toml.",
    )  # fmt: skip
    return view(
        "Nothing was measured: 127.0.0.1:8000 refused every connection.",
        [], 0, outcome="invalid", validity="invalid", caveats=(caveat,), status="crashed",
    )  # fmt: skip


HOSTILE = "</script><script>window.owned=1</script><img src=x onerror=window.owned=1> & \u2028\u2029 \u202e‮ 'quoted\""


def hostile() -> RunView:
    """Every text that a service or a spec can choose is an attack, or far too long."""
    long_target = "/" + "a" * 900
    kinds = (
        Kind(HOSTILE, HOSTILE, 0.5, 0.004, 0.3, "GET", HOSTILE),
        Kind("__proto__", "constructor", 0.5, 0.004, 0.3, "GET", long_target),
    )
    requests = simulate(5, kinds, 60, 6, fails=lambda draw, _k, _t: HOSTILE if draw.random() < 0.05 else None)
    return view(
        HOSTILE, requests, 6, outcome="undecided", validity="doubtful", spec=HOSTILE, repeat=HOSTILE,
        slos=(SloResult(HOSTILE, "undecided", 1, 1, None, 0.3, None, HOSTILE, HOSTILE),),
        caveats=(Caveat(HOSTILE, "doubt", (HOSTILE,), HOSTILE, HOSTILE),),
        service=ServiceRecord(url=HOSTILE, argv=(HOSTILE,), env_names=(HOSTILE,), commit=HOSTILE, dirty=True),
    )  # fmt: skip


def thousand() -> RunView:
    """A table of a thousand rows."""
    return view("Quick mode kept a thousand requests.", simulate(9, SHOP, 300, 10), 10, keep=1000)


def long() -> RunView:
    """As many points as a page ever carries."""
    return view("The service carried 40/s for ten minutes.", simulate(11, SHOP, 40, 600), 600)


SPECIMENS: dict[str, Callable[[], RunView]] = {
    "healthy": healthy,
    "failing": failing,
    "invalid": invalid,
    "empty": empty,
    "hostile": hostile,
    "thousand": thousand,
    "long": long,
}
