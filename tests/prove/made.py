"""Runs of two sides made by hand: each a lognormal sample by the run's seed, so the truth of every ratio is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.comparison_runs import histogram_of
from loadstone.model.comparison import DesignTold, SideTold
from loadstone.model.counted import Counted, OperationCount
from loadstone.model.finding import Bounded, Diagnosis, Finding, FindingEvidence, Locus, Predicted, Roles, Share
from loadstone.model.run import Caveat
from loadstone.model.side_run import Side, SideRun, StepMeasured
from loadstone.model.slo import Slo, parse_objective
from loadstone.prove.design import order_of
from loadstone.stats.histogram import Histogram

REQUESTS = 1_200
Changed = dict[tuple[int, str], dict[str, Any]]
"""What a run has otherwise, by its pair and side."""

SIDES = (SideTold("A", "FIX=0", "environment"), SideTold("B", "FIX=1", "environment"))
STATEMENT = "SELECT id, text FROM review WHERE product_id = ?"


def design(pairs: int = 10, **changed: object) -> DesignTold:
    told: dict[str, Any] = {
        "pairs": pairs,
        "planned": pairs,
        "most": pairs,
        "order": order_of(pairs, 1),
        "seed": 1,
        "measured_s": 10.0,
        "warm_up_s": 2.0,
        "load": "120/s, Poisson arrivals: browse",
        "requests": REQUESTS,
        "looks": (pairs,),
        "level": 0.95,
    }
    return DesignTold(**(told | changed))


def histogram(values_s: NDArray[np.float64]) -> Histogram:
    return histogram_of(np.rint(values_s * 1e9).astype(np.int64))


def side_run(
    side: Side,
    pair: int,
    place: int,
    *,
    times: float = 1.0,
    spread: float = 0.02,
    requests: int = REQUESTS,
    results: dict[str, int] | None = None,
    errors: int | None = None,
    seed: int | None = None,
    **changed: object,
) -> SideRun:
    """A run whose latencies are ``times`` those of the pair's arrivals, give or take a luck of its own."""
    pair_seed = 100 + pair if seed is None else seed
    shared = np.random.default_rng(pair_seed)
    values = 0.02 * np.exp(0.5 * shared.standard_normal(requests))
    own = np.random.default_rng([pair_seed, ord(side)])
    values = values * times * np.exp(spread * own.standard_normal())
    told = {"200": requests} if results is None else results
    bad = sum(count for name, count in told.items() if name != "200") if errors is None else errors
    whole = histogram(values)
    half = histogram(values[: requests // 2]), histogram(values[requests // 2 :])
    steps = tuple(
        StepMeasured("browse", name, part.count, 0, {"200": part.count}, part, part, 1_000 * part.count)
        for name, part in zip(("list", "detail"), half, strict=True)
    )
    made = SideRun(
        run=f"run-{pair}{side}",
        side=side,
        pair=pair,
        place=place,
        seed=pair_seed,
        started_ns=place * 13_000_000_000,
        measured_s=10.0,
        offered_per_s=requests / 10,
        achieved_per_s=requests / 10,
        whole=StepMeasured(None, None, requests, bad, told, whole, whole, 1_000 * requests),
        steps=steps,
        all_requests=requests,
        service_cpu_s=0.002 * requests * times * float(np.exp(0.01 * own.standard_normal())),
        service_rss_bytes=80 * 2**20,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def pairs(count: int = 10, *, b: float = 1.0, changed: Changed | None = None, **all_of: object) -> list[SideRun]:
    """Pairs in their order; side B's latencies are ``b`` times A's. ``changed`` is by (pair, side)."""
    runs = []
    for pair, order in enumerate(order_of(count, 1)):
        for which, side in enumerate(order):
            own = (changed or {}).get((pair, side), {})
            told = {"times": b if side == "B" else 1.0} | all_of | own
            made = side_run("B" if side == "B" else "A", pair, 2 * pair + which, **told)  # type: ignore[arg-type]
            runs.append(made)
    return runs


def caveat(level: str = "doubt", code: str = "host-pressure", metrics: Sequence[str] = ("latency",)) -> Caveat:
    return Caveat(code, level, tuple(metrics), "The host was under pressure.", "Wait.")  # type: ignore[arg-type]


def slo(name: str = "detail is fast", step: str | None = "detail", objective: str = "p95 < 300ms") -> Slo:
    return Slo(name, parse_objective(objective), "browse" if step else None, step)


def operation(per_request: float | None, s_per_request: float, **changed: object) -> OperationCount:
    told: dict[str, Any] = {
        "journey": "browse",
        "step": "detail",
        "family": "database",
        "label": STATEMENT,
        "where": "shop/views.py:88",
        "per_request": per_request,
        "s_per_request": s_per_request,
        "low_s": 0.9 * s_per_request,
        "high_s": 1.1 * s_per_request,
        "key": f"database {STATEMENT}",
    }
    return OperationCount(**(told | changed))


def counted(
    statements: Sequence[float] | float = 2.0,
    *,
    side: str = "A",
    requests: int = 400,
    operations: Sequence[OperationCount] = (),
    diagnosis: Diagnosis | None = None,
    columns: dict[str, Sequence[float]] | None = None,
    failed: Sequence[int] = (),
) -> Counted:
    """An observed run: every other request is of ``list``, the rest of ``detail``; ``failed`` are numbers."""
    values = np.full(requests, statements, np.float64) if isinstance(statements, float) else np.asarray(statements)
    told = {"statements": values} | {name: np.asarray(each, np.float64) for name, each in (columns or {}).items()}
    return Counted(
        run=f"observed-{side}",
        steps=(("browse", "list"), ("browse", "detail")),
        number=np.arange(len(values), dtype=np.int64),
        step=(np.arange(len(values)) % 2).astype(np.int32),
        server_s=np.full(len(values), 0.01),
        columns=told,
        failed=np.isin(np.arange(len(values)), failed),
        operations=tuple(operations),
        diagnosis=diagnosis,
    )


def finding(**changed: object) -> Finding:
    told: dict[str, Any] = {
        "fault": "n-plus-one",
        "severity": "critical",
        "title": "The reviews statement runs once for each item",
        "locus": Locus(
            "browse", "detail", "shop", STATEMENT, STATEMENT, file="shop/views.py", line=88, function="reviews"
        ),
        "roles": Roles(),
        "evidence": FindingEvidence(),
        "cost_s_per_request": 0.01,
        "lost_s_per_s": 0.5,
        "requests_share": 1.0,
        "share": Share(),
        "predicted": Predicted(
            at="p99",
            service=Bounded(0.01, 0.009, 0.011),
            p50_s=Bounded(0.01, 0.009, 0.011),
            p95_s=Bounded(0.03, 0.028, 0.033),
            p99_s=Bounded(0.04, 0.036, 0.044),
            before_s={"p50": 0.02, "p95": 0.045, "p99": 0.06},
        ),
        "cure": "Ask for all of them at once.",
        "confidence": 0.9,
        "fingerprint": "3b9e0c1d2e3f",
    }
    return Finding(**(told | changed))


def diagnosis(
    *findings: Finding, looked_for: Sequence[str] = ("n-plus-one",), could_not_look: Sequence[Any] = ()
) -> Diagnosis:
    return Diagnosis(1, "observed", "", tuple(looked_for), tuple(could_not_look), tuple(findings))
