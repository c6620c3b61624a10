"""A model of traffic with something of everything, and one that is worse than nothing."""

from __future__ import annotations

from msgspec.structs import replace

from loadstone.model.assumption import Assumption
from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity, Likeness
from loadstone.model.log_reading import LogFile, LogReading, Malformed
from loadstone.model.route import Field, Route
from loadstone.model.traffic import (
    Arrivals,
    Dispersion,
    Pace,
    Popularity,
    RouteLoad,
    Traffic,
    Transition,
    VisitClass,
)

__all__ = ["ASSUMED", "SHOP", "WORSE"]

LIST, DETAIL, ORDER, REPORT = "GET /products", "GET /products/{id}", "POST /orders", "GET /report"
START_NS = 1_700_000_000_000_000_000


def between(value: float, low: float, high: float, unit: str = "", count: int = 1000, source: str = "log") -> Estimate:
    return Estimate(value, low, high, unit, source, count)


def share(value: float, low: float, high: float, count: int = 1000) -> Estimate:
    return between(value, low, high, "share", count)


def likeness(
    measure: str, window_s: float | None, verdict: str, *values: tuple[float, float, float] | None
) -> Likeness:
    told = [None if each is None else between(*each) for each in values]
    return Likeness(measure, told[0], told[1], told[2], window_s, verdict)  # type: ignore[arg-type]


FIDELITY = Fidelity(
    28_921,
    12_831,
    "the last 1 h 40 min of the log",
    (
        likeness("mix", None, "alike", (0.007, 0.001, 0.013), (0.006, 0.001, 0.012), (0.006, 0.001, 0.012)),
        likeness("gaps", None, "closer", (0.01, 0.002, 0.028), (0.134, 0.119, 0.157), (0.01, 0.004, 0.028)),
        likeness("think", None, "not told", (0.01, 0.004, 0.018), None, (0.009, 0.004, 0.019)),
        likeness("dispersion", 1.0, "closer", (0.02, 0.0, 0.088), (0.26, 0.194, 0.33), (0.004, 0.0, 0.065)),
        likeness("dispersion", 60.0, "closer", (0.299, 0.025, 0.693), (1.888, 1.529, 2.282), (0.069, 0.0, 0.445)),
        likeness("popularity", None, "worse", (0.9, 0.8, 1.0), (0.2, 0.1, 0.3), (0.015, 0.007, 0.036)),
        likeness("length", None, "closer", (0.008, 0.002, 0.021), (0.604, 0.587, 0.619), (0.008, 0.001, 0.02)),
    ),
    False,
    "The workload is closer to the traffic held out than the naive reference in gaps between requests, bursts and "
    "length of visits, worse in popularity, no different in mix.",
)

SHOP = Traffic(
    LogReading(
        (
            LogFile("access.log.1.gz", "combined", 20_000, START_NS, START_NS + 10**13),
            LogFile("access.log", "combined", 21_800, START_NS + 10**13, START_NS + 2 * 10**13),
        ),
        41_800,
        41_752,
        48,
        (
            Malformed("access.log", 17, "10.0.0.9 - - [oops", "a time ends early"),
            Malformed("access.log", 90, "\\x16\\x03\\x01", "no request"),
        ),
        3,
        900,
        12,
        0,
        5_087_110,
        ("access.log was named twice and is read once",),
    ),
    (
        Route("GET", "/products"),
        Route("GET", "/products/{id}", (Field("id", kind="number", values=("7", "3"), counts=(90, 60), distinct=300),)),
        Route("POST", "/orders"),
        Route("GET", "/report"),
    ),
    (
        RouteLoad(LIST, 22_000, share(0.55, 0.54, 0.56, 22_000), 4, 812.0, 0.012, 0.18),
        RouteLoad(DETAIL, 15_700, share(0.393, 0.381, 0.405, 15_700), 0, 2048.0, 0.008, 0.094),
        RouteLoad(ORDER, 2000, share(0.05, 0.046, 0.054, 2000), 31, None, 0.055, 0.4, None),
        RouteLoad(REPORT, 280, share(0.007, 0.0058, 0.0083, 280), 0, 65_536.0, 4.2, 9.8, "slow"),
    ),
    share(0.95, 0.946, 0.954, 39_980),
    (
        VisitClass(
            "products",
            13_000,
            share(0.8, 0.79, 0.81),
            between(2.6, 2.5, 2.7),
            (
                Transition(None, LIST, share(0.9, 0.88, 0.92)),
                Transition(None, DETAIL, share(0.1, 0.08, 0.12)),
                Transition(LIST, DETAIL, share(0.6, 0.58, 0.62)),
                Transition(LIST, None, share(0.4, 0.38, 0.42)),
                Transition(DETAIL, None, share(1.0, 0.99, 1.0)),
            ),
            (
                Pace(LIST, between(4.02, 3.93, 4.11, "s", 5800, "from the end of the reply"), between(1.1, 1.08, 1.11)),
                Pace(
                    DETAIL,
                    between(12, 11, 13, "s", 40, "from the end of the reply, pooled over these visits"),
                    between(1, 0.9, 1.1),
                ),
            ),
        ),
        VisitClass(
            "orders",
            3250,
            share(0.2, 0.19, 0.21),
            between(1.6, 1.5, 1.7),
            (Transition(None, ORDER, share(1, 0.99, 1)),),
        ),
    ),
    (Popularity(DETAIL, "id", 314, between(1.1, 1.06, 1.14), between(2.69, 2.2, 3.27), 15_700),),
    Arrivals(
        START_NS,
        3600.0,
        between(1.07, 1.01, 1.13, "per_s", 3850),
        between(2.25, 2.12, 2.37, "per_s", 8100),
        (Dispersion(1.0, between(1.39, 1.27, 1.52)), Dispersion(60.0, between(3.48, 2.48, 5.22))),
        tuple(1 / 24 for _ in range(24)),
    ),
    Estimate(1800.0, unit="s", source="chosen: the pause after which a visit is over"),
    FIDELITY,
    ("912 of crawlers are not part of the workload", "half the idle time would make 3.10 % more visits"),
)

WORSE = replace(
    SHOP,
    fidelity=replace(
        FIDELITY,
        worse=True,
        sentence="The workload is worse than the naive reference: further from the traffic held out in popularity.",
    ),
)

ASSUMED = (
    Assumption(
        "visits that begin at the peak, per second",
        1.07,
        1.01,
        1.13,
        "the peak in the log, 3,850 observed",
        "2024-02-12",
    ),
    Assumption(
        "pause that ends a visit, s", 1800.0, None, None, "chosen: the pause after which a visit is over", "2024-02-12"
    ),
)
