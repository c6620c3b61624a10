"""Models of traffic as pages: a good one, one that is worse than naive and full of hostile words, one of a tiny log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loadstone.model.assumption import Assumption
from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity, Likeness
from loadstone.model.log_reading import LogFile, LogReading, Malformed
from loadstone.model.route import Route
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
from loadstone.model.traffic_view import TrafficView
from loadstone.render.traffic_view import traffic_view

HOSTILE = '</script><img src=x onerror=alert(1)>\u202egnp.exe & "quoted" ' + "very-long-" * 30
START_NS = 1_760_000_000_000_000_000


def estimate(value: float, unit: str = "", spread: float = 0.1) -> Estimate:
    return Estimate(value, value * (1 - spread), value * (1 + spread), unit, "the peak in the log", 1234)


def likeness(worse: bool) -> tuple[Likeness, ...]:
    far = 3.0 if worse else 1.0

    def row(measure: str, own: float, naive: float, replay: float | None, window_s: float | None = None) -> Likeness:
        return Likeness(
            measure,  # type: ignore[arg-type]
            estimate(own * far),
            estimate(naive),
            None if replay is None else estimate(replay),
            window_s,
            "worse" if own * far > naive else "closer",
        )

    return (
        row("mix", 0.01, 0.02, 0.012),
        row("gaps", 0.04, 0.16, 0.022),
        row("dispersion", 0.32, 1.08, 0.19, 10.0),
        row("dispersion", 0.575, 2.309, 0.427, 60.0),
        Likeness("popularity", None, estimate(1.787), estimate(0.002)),
        row("length", 0.3, 0.749, None),
    )


def traffic(names: tuple[str, str, str], *, worse: bool = False, note: str = "", routes: int = 3) -> Traffic:
    listed, detail, cart = names
    mix = [
        RouteLoad(listed, 9000, estimate(0.45, "share"), 115, 2048.0, 0.0181, 0.0596),
        RouteLoad(detail, 8000, estimate(0.4, "share"), 95, 2048.0, 0.0181, 0.057),
        RouteLoad(cart, 20, estimate(0.001, "share"), 0, None, None, None, "writes"),
        *(RouteLoad(f"GET /more/{number}", 10, estimate(0.0005, "share")) for number in range(routes - 3)),
    ]
    transitions = (
        Transition(None, listed, estimate(0.7, "share")),
        Transition(None, detail, estimate(0.3, "share")),
        Transition(listed, detail, estimate(0.6, "share")),
        Transition(listed, None, estimate(0.4, "share")),
        Transition(detail, listed, estimate(0.75, "share")),
        Transition(detail, None, estimate(0.25, "share")),
    )
    visit = VisitClass(
        "products",
        2000,
        estimate(0.95, "share"),
        estimate(4.11),
        transitions,
        (Pace(listed, estimate(4.44, "s"), estimate(1.0)),),
    )
    sentence = "A workload of it is further from the last day than the naive reference." if worse else "It is closer."
    return Traffic(
        reading=LogReading(
            (LogFile("access.log", "combined", 23_335, START_NS, START_NS + 3 * 86_400 * 10**9),),
            lines=23_335,
            hits=23_334,
            malformed=1,
            samples=(Malformed("access.log", 23_335, note or "rubbish", "a field does not end"),),
            bots=100,
            notes=(note,) if note else (),
        ),
        routes=(Route("GET", "/products"),),
        mix=tuple(mix),
        reads=estimate(0.95, "share", 0.01),
        visits=(visit,),
        popularity=(Popularity(detail, "id", 300, estimate(1.1), estimate(1.61), 8000),),
        arrivals=Arrivals(
            START_NS,
            3600.0,
            estimate(12.0, "per_s"),
            estimate(49.0, "per_s"),
            (Dispersion(1.0, estimate(1.4)), Dispersion(60.0, estimate(4.6))),
            tuple((1 + hour % 12) / 156 for hour in range(24)),
        ),
        idle_s=Estimate(1800.0, unit="s"),
        fidelity=Fidelity(16_573, 6_761, "the last 21 h 36 min of the log", likeness(worse), worse, sentence),
    )


ASSUMED = (
    Assumption("visits that begin at the peak, per second", 12.0, 10.8, 13.2, "the peak in the log", "2026-01-10"),
    Assumption("pause that ends a visit, s", 1800.0, None, None, None, None),
)


def good() -> TrafficView:
    names = ("GET /products", "GET /products/{product_id}", "POST /cart")
    return traffic_view("20261126T030115-t7543", traffic(names, routes=40), ASSUMED)


def hostile() -> TrafficView:
    names = (f"GET /{HOSTILE}", "GET /products/{product_id}", f"POST /{HOSTILE}/2")
    assumed = (Assumption(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),)
    return traffic_view("20261126T030116-t7543", traffic(names, worse=True, note=HOSTILE), assumed)


def tiny() -> TrafficView:
    nothing = Traffic(
        reading=LogReading((LogFile("access.log", "common", 3),), 3, 3),
        routes=(),
        mix=(),
        reads=Estimate(1.0),
        visits=(),
        popularity=(),
        arrivals=Arrivals(0, 0.0, Estimate(0.0), Estimate(0.0)),
        idle_s=Estimate(1800.0),
    )
    return traffic_view("20261126T030117-t7543", nothing)


TRAFFIC_SPECIMENS: Mapping[str, Callable[[], TrafficView]] = {
    "traffic": good,
    "hostile traffic": hostile,
    "tiny traffic": tiny,
}
