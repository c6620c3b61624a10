"""Traffic as a model: who asks for what, in which order, how often and how evenly; each number with its range."""

from __future__ import annotations

import msgspec

from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity
from loadstone.model.log_reading import LogReading
from loadstone.model.route import Route

__all__ = [
    "Arrivals",
    "Dispersion",
    "Pace",
    "Popularity",
    "RouteLoad",
    "Traffic",
    "Transition",
    "VisitClass",
]


class RouteLoad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a route there is. ``share`` is of all requests that people made. ``duration_p50_s`` and
    ``duration_p99_s`` are null where the log has no durations; ``kept`` says why a rare route is in the workload
    nevertheless (``slow``, ``writes``), null for one that is common."""

    route: str
    requests: int
    share: Estimate
    errors: int = 0
    bytes_mean: float | None = None
    duration_p50_s: float | None = None
    duration_p99_s: float | None = None
    kept: str | None = None


class Transition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After ``before`` comes ``after``, with this probability; null is the beginning or the end of a visit."""

    before: str | None
    after: str | None
    probability: Estimate


class Pace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long people think after a request of this route: lognormal, from the end of the reply where the log tells
    durations, else from the request's start (``source`` says so)."""

    route: str
    median_s: Estimate
    sigma: Estimate


class VisitClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Visits that are alike: those whose requests are mostly of one group of routes.

    ``share`` is of all visits; ``length`` the mean number of requests in one; the transitions' probabilities add up to
    1 for each ``before``.
    """

    name: str
    visits: int
    share: Estimate
    length: Estimate
    transitions: tuple[Transition, ...] = ()
    paces: tuple[Pace, ...] = ()


class Popularity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How unequally a route's items are asked for: probability proportional to (rank + shift)^-exponent
    (Mandelbrot 1953), over ``items`` of them."""

    route: str
    field: str
    items: int
    exponent: Estimate
    shift: Estimate
    requests: int = 0


class Dispersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Variance over mean of the counts of starting visits in windows of this length; 1 is Poisson."""

    window_s: float
    index: Estimate


class Arrivals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When visits begin. The peak is the busiest ``peak_s`` seconds; rates are means over it.

    ``daily`` is the share of a day's requests in each of its 24 hours (UTC), empty for less than a day.
    """

    peak_start_ns: int
    peak_s: float
    visits_per_s: Estimate
    requests_per_s: Estimate
    dispersion: tuple[Dispersion, ...] = ()
    daily: tuple[float, ...] = ()


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. ``idle_s`` is the pause after which a client's next request begins a new visit; ``reads`` the share of
    requests that change nothing. ``fidelity`` is null where the log was too short to hold anything out."""

    reading: LogReading
    routes: tuple[Route, ...]
    mix: tuple[RouteLoad, ...]
    reads: Estimate
    visits: tuple[VisitClass, ...]
    popularity: tuple[Popularity, ...]
    arrivals: Arrivals
    idle_s: Estimate
    fidelity: Fidelity | None = None
    notes: tuple[str, ...] = ()
    format: int = 1
