"""Small plans, and runs of them on simulated services."""

from __future__ import annotations

from typing import Any

import msgspec

from loadstone.drive.facts import PlanFacts
from loadstone.drive.fake import Script, scripted
from loadstone.drive.summary import summarise
from loadstone.model.interval import Interval
from loadstone.model.run import Caveat, Status, Summary
from loadstone.model.slo import Objective, Slo

FAST = Slo("fast", Objective("share", 0.99, 0.3, "99% < 300ms"), "browse", "detail")
P99 = Slo("p99", Objective("quantile", 0.99, 0.3, "p99 < 300ms"), "browse", "detail")
FEW_ERRORS = Slo("few errors", Objective("errors", 0.99, None, "errors < 1%"))


def phase(
    name: str, seconds: float, *, rate: float | None = None, users: int | None = None, measured: bool = True
) -> dict[str, Any]:
    return {
        "name": name,
        "rate_per_s": rate,
        "users": users,
        "duration_ns": round(seconds * 1e9),
        "measured": measured,
    }


def request(step: str, number: int) -> dict[str, Any]:
    return {"op": "request", "step": step, "number": number, "method": "GET"}


BROWSE = {
    "name": "browse",
    "weight": 1.0,
    "ops": [
        request("list", 1),
        {"op": "think", "distribution": "exponential", "mean_ns": 200_000_000},
        request("detail", 2),
    ],
}


def plan(
    phases: tuple[Any, ...] = (phase("steady", 20, rate=50.0),),
    *,
    arrivals: str = "poisson",
    journeys: tuple[Any, ...] = (BROWSE,),
    limit_s: float = 0.3,
    seed: int = 41,
) -> bytes:
    return msgspec.json.encode(
        {
            "format": 1,
            "seed": seed,
            "target": {"scheme": "http", "host": "127.0.0.1", "port": 8000},
            "secrets": {},
            "feeds": [],
            "journeys": list(journeys),
            "shape": {"arrivals": arrivals, "phases": list(phases)},
            "thresholds": [{"journey": "browse", "step": "detail", "limit_ns": round(limit_s * 1e9)}],
            "limits": {"cores": 1, "connections": 10_000, "journeys": 100_000},
            "record": {"interval_ns": 1_000_000_000, "slowest": 5, "failed": 5, "uniform": 5},
        }
    )


def intervals(document: bytes, script: Script | None = None) -> tuple[Interval, ...]:
    engine = scripted(document, script)
    engine.start()
    told: list[Interval] = []
    while (interval := engine.poll(0.0)) is not None:
        told.append(interval)
    return tuple(told)


def summary(
    script: Script | None = None,
    *slos: Slo,
    document: bytes | None = None,
    status: Status = "complete",
    build: str | None = "release",
    caveats: tuple[Caveat, ...] = (),
) -> Summary:
    document = document or plan()
    told = intervals(document, script)
    return summarise("r", PlanFacts.of(document), told, slos, status, build=build, caveats=caveats)
