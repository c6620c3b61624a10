"""Summaries and intervals to render, made by hand: rendering knows no engine, and so do its tests."""

from __future__ import annotations

import math

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
from loadstone.model.run import (
    Caveat,
    GeneratorSummary,
    Latency,
    LatencySet,
    Machine,
    Manifest,
    Outcome,
    SloResult,
    StepSummary,
    Summary,
    Validity,
)
from loadstone.stats.histogram import Histogram

ORIGIN_NS = 1_763_900_000_000_000_000
RUN = "20261123T101530-7f3a"


def latency(scale: float = 1.0) -> Latency:
    return Latency(
        min=0.0011 * scale,
        mean=0.0035 * scale,
        p50=0.0031 * scale,
        p90=0.00501 * scale,
        p95=0.0072 * scale,
        p99=0.0124 * scale,
        p999=0.031 * scale,
        max=0.0442 * scale,
    )


EMPTY = Latency(None, None, None, None, None, None, None, None)


def latencies(scale: float = 1.0) -> LatencySet:
    lag = Latency(0.000004, 0.000006, 0.000005, 0.000016, 0.000021, 0.000038, 0.000072, 0.00009)
    return LatencySet(response=latency(scale), service=latency(scale * 0.97), lag=lag, first_byte=latency(scale * 0.8))


def step(name: str | None, scale: float = 1.0, *, journey: str = "browse", errors: int = 0) -> StepSummary:
    results = {"200": 7500 - errors, **({"503": errors} if errors else {})}
    return StepSummary(journey, name, 7500, errors, results, latencies(scale))


def summary(
    *,
    outcome: Outcome = "none",
    validity: Validity = "valid",
    slos: tuple[SloResult, ...] = (),
    caveats: tuple[Caveat, ...] = (),
    steps: tuple[StepSummary, ...] = (),
    requests: int = 14_994,
    errors: int = 0,
    achieved_per_s: float = 499.8,
) -> Summary:
    return Summary(
        format=1,
        run=RUN,
        status="complete",
        outcome=outcome,
        validity=validity,
        caveats=caveats,
        duration_s=30.0,
        offered_per_s=499.8,
        achieved_per_s=achieved_per_s,
        requests=requests,
        errors=errors,
        dropped=0,
        latency_s=latencies() if requests else LatencySet(EMPTY, EMPTY, EMPTY, EMPTY),
        steps=steps or (step("get"),),
        slos=slos,
        generator=GeneratorSummary(cores=1, cpu_s=0.6, cpu_per_request_s=0.00004, rss_bytes=3_100_000),
        report=f".loadstone/runs/{RUN}/report.html",
    )


FAILS = SloResult(
    name="detail is fast",
    outcome="fail",
    good=14_000,
    bad=994,
    value=0.812,
    limit=0.3,
    interval=(0.77, 0.86),
    objective="p99 < 300ms",
)
HOLDS = SloResult(
    name="few errors",
    outcome="pass",
    good=14_994,
    bad=0,
    value=0.0,
    limit=0.001,
    interval=(0.0, 0.000246),
    objective="errors < 0.1%",
)
OPEN = SloResult(
    name="list is fast",
    outcome="undecided",
    good=1490,
    bad=10,
    value=0.99333,
    limit=0.99,
    interval=(0.9878, 0.9968),
    objective="99% < 50ms",
    reason="10 of 1,500 requests were bad: 0.667 % [0.320 %, 1.22 %], with 1 % allowed; about 4,000 more requests "
    "would settle it, if they come out alike.",
)
VOID = Caveat(
    "generator-saturated",
    "void",
    ("latency", "rate"),
    "The generator's busiest thread took over 90 % of a core in 40.0 % of the measured time: "
    "latency holds the generator's own queue.",
    "Give it more than 1 core (--cores), a machine of its own, or a lower rate.",
)
NOTE = Caveat(
    "few-requests",
    "note",
    ("latency",),
    "p99.9 rests on fewer than 10 of 1,500 requests.",
    "Measure at least 10,000 requests to speak of p99.9.",
)
NOTHING = Caveat(
    "nothing-measured",
    "void",
    (),
    "No request was measured in 30.0 s; warm-up does not count.",
    "Let the run go on beyond its warm-up, or raise the rate.",
)
DOUBT = Caveat(
    "debug-build",
    "doubt",
    ("latency",),
    "The engine is a debug build, several times slower than a release.",
    "Build it with make build.",
)


def manifest(found: Summary | None = None, *, command: tuple[str, ...] = ("loadstone", "run")) -> Manifest:
    return Manifest(
        format=1,
        run=RUN,
        kind="load",
        status="complete" if found else "running",
        pid=1,
        pid_start_ticks=None,
        boot_id=None,
        nonce=7,
        versions={"loadstone": "0.1.0"},
        started_ns=ORIGIN_NS,
        monotonic_ns=0,
        machine=Machine("linux-x86_64"),
        service=None,
        seed=41,
        command=command,
        summary=found,
    )


def data(*values_ns: int) -> HistogramData:
    of = Histogram.of(values_ns)
    return HistogramData(of.count, of.min_ns, of.max_ns, of.sum_ns, of.buckets())


def cell(*values_ns: int, step: str | None = "get", result: str = "200", error: bool = False, phase: int = 0) -> Cell:
    lag = data(*(1000 for _ in values_ns))
    return Cell(
        journey="browse",
        step=step,
        phase=phase,
        result=result,
        error=error,
        count=len(values_ns),
        bytes_in=1,
        bytes_out=1,
        over=(),
        response=data(*values_ns),
        service=data(*(value - 1000 for value in values_ns)),
        lag=lag,
        first_byte=data(*(value // 2 for value in values_ns)),
    )


def interval(second: int, *cells: Cell, host: Host | None = None) -> Interval:
    done = sum(each.count for each in cells if each.step is not None)
    return Interval(
        format=1,
        t_s=float(second + 1),
        span_s=1.0,
        offered=10,
        started=10,
        dropped=0,
        sent=done,
        done=done,
        redirects=0,
        in_flight=InFlight(1.5, 4),
        connections=Connections(4, 0, 0),
        generator=Generator(0.01, 1, 0.02, 0.00004, 3_000_000, 0, 0, 0),
        host=host,
        cells=cells,
    )


def steady(seconds: int, count: int = 10) -> tuple[Interval, ...]:
    """One request every 100 ms with latencies from 1 ms up, rising by the second."""
    return tuple(
        interval(
            second,
            cell(*(int(1e6 * (1 + place + math.sin(second))) for place in range(1, count + 1))),
            cell(*(int(1e6 * (1 + place + math.sin(second))) for place in range(1, count + 1)), step=None),
        )
        for second in range(seconds)
    )


def sample(request: int, response_ns: int, *, kept: str = "slowest", error: bool = False, phase: int = 0) -> Sample:
    import msgspec

    intended = ORIGIN_NS + request * 100_000_000
    fields = {
        "journey": "browse", "step": "get", "phase": phase, "result": "503" if error else "200", "error": error,
        "kept": kept, "arrival": request, "request": request, "intended_ns": intended, "sent_ns": intended + 1000,
        "first_byte_ns": intended + response_ns // 2, "done_ns": intended + response_ns, "status": 200, "bytes_in": 1,
        "bytes_out": 1, "method": "GET", "target": "/items", "trace_id": None,
        "message": "the pool is empty" if error else None,
    }  # fmt: skip
    return msgspec.convert(fields, Sample)
