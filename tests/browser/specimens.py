"""Runs to look at, told as RunViews whose every number is counted from simulated requests. Same seed, same page."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from loadstone.model.run import (
    Caveat,
    GeneratorSummary,
    Machine,
    Manifest,
    Outcome,
    ServiceRecord,
    SloResult,
    Status,
    Summary,
    Validity,
)
from loadstone.model.run_view import PhaseSpan, RunView, Series
from tests.browser.simulated import (
    SHOP,
    Kind,
    Request,
    curve,
    error_rows,
    heat,
    latency_set,
    quantile,
    series,
    simulate,
    slowest,
    step_rows,
)

__all__ = ["HOSTILE", "SPECIMENS", "empty", "failing", "healthy", "hostile", "invalid", "long", "thousand"]


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


HOSTILE = "</script><script>window.owned=1</script><img src=x onerror=window.owned=1> & \u2028\u2029 \u202e\u2067 'q\""


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
