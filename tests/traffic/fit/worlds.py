"""Traffic whose law is known, and small logs by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from loadstone.model.estimate import Estimate
from loadstone.model.log_reading import LogReading
from loadstone.model.route import Field, Route
from loadstone.model.traffic import Arrivals, Dispersion, Pace, Popularity, Traffic, Transition, VisitClass
from loadstone.traffic.fit import MemoryHits, batch_of

LIST, DETAIL, SEARCH = "GET /products", "GET /products/{id}", "GET /products/search"
ORDERS, ORDER = "GET /orders", "POST /orders"
BURSTS = {1.0: 1.4, 10.0: 2.5, 60.0: 4.6}


def route(name: str, **changes: object) -> Route:
    method, template = name.split(" ")
    fields = (Field("id", kind="number", distinct=300),) if "{id}" in template else ()
    return replace(Route(method, template, fields), **changes)


def known(value: float) -> Estimate:
    return Estimate(value)


def step(before: str | None, after: str | None, probability: float) -> Transition:
    return Transition(before, after, known(probability))


SHOP = Traffic(
    LogReading(),
    tuple(map(route, (LIST, DETAIL, SEARCH, ORDERS, ORDER))),
    (),
    known(0),
    (
        VisitClass(
            "products",
            0,
            known(0.7),
            known(0),
            (
                step(None, LIST, 0.7),
                step(None, SEARCH, 0.3),
                step(LIST, DETAIL, 0.6),
                step(LIST, LIST, 0.1),
                step(LIST, None, 0.3),
                step(DETAIL, LIST, 0.4),
                step(DETAIL, None, 0.6),
                step(SEARCH, DETAIL, 0.5),
                step(SEARCH, None, 0.5),
            ),
            tuple(
                Pace(name, known(m), known(s)) for name, m, s in ((LIST, 4, 1.1), (DETAIL, 12, 0.9), (SEARCH, 6, 0.7))
            ),
        ),
        VisitClass(
            "orders",
            0,
            known(0.3),
            known(0),
            (
                step(None, ORDERS, 1),
                step(ORDERS, ORDER, 0.3),
                step(ORDERS, ORDERS, 0.2),
                step(ORDERS, None, 0.5),
                step(ORDER, None, 1),
            ),
            (Pace(ORDERS, known(8), known(1)),),
        ),
    ),
    (Popularity(DETAIL, "id", 300, known(1.1), known(2.7)),),
    Arrivals(0, 3600.0, known(0.5), known(0), tuple(Dispersion(w, known(i)) for w, i in BURSTS.items())),
    known(1800),
)


def poisson(traffic: Traffic) -> Traffic:
    """The same without bursts."""
    return replace(traffic, arrivals=replace(traffic.arrivals, dispersion=()))


def log(
    rows: Sequence[tuple[float, int, str]],
    routes: Sequence[Route] | None = None,
    **columns: Any,  # noqa: ANN401
) -> MemoryHits:
    """Hits of (second, client, route)."""
    told = tuple(routes) if routes is not None else tuple(route(name) for name in dict.fromkeys(row[2] for row in rows))
    number = {each.id: at for at, each in enumerate(told)}
    batch = batch_of(
        np.array([round(row[0] * 1e9) for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.uint64),
        np.array([number[row[2]] for row in rows], dtype=np.int32),
        told,
    )
    return MemoryHits(batch._replace(**columns), told)
