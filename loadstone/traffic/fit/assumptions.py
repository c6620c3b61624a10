"""What a workload takes for true, each with its range, where it comes from, and when to look again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loadstone.model.assumption import Assumption
from loadstone.model.estimate import Estimate
from loadstone.model.traffic import Traffic

__all__ = ["assumption_of", "assumptions", "review_of"]

GOOD_FOR = timedelta(days=90)
"""A season: catalogues, prices and habits have moved on by then."""


def review_of(traffic: Traffic) -> str | None:
    """A season after the log ends, as a date; None where the log has no time."""
    last_ns = max((file.last_ns for file in traffic.reading.files), default=0) or traffic.arrivals.peak_start_ns
    if last_ns <= 0:
        return None
    try:
        return (datetime.fromtimestamp(last_ns / 1e9, UTC) + GOOD_FOR).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return None


def assumption_of(name: str, told: Estimate, review: str | None) -> Assumption:
    """An estimate as an assumption, in three digits."""
    value, low, high = (None if each is None else float(f"{each:.3g}") for each in (told.value, told.low, told.high))
    unit = {"s": ", s", "per_s": ", per second"}.get(told.unit, "")
    count = f", {told.count:,} observed" if told.count else ""
    return Assumption(f"{name}{unit}", value, low, high, f"{told.source}{count}" or None, review)


def assumptions(traffic: Traffic) -> tuple[Assumption, ...]:
    """Of the whole: rates, evenness, reads, the idle time, popularity, think times; those of journeys are with them."""
    review = review_of(traffic)
    arrivals = traffic.arrivals
    told = [
        assumption_of("visits that begin at the peak", arrivals.visits_per_s, review),
        assumption_of("requests at the peak", arrivals.requests_per_s, review),
        *(
            assumption_of(f"index of dispersion of beginning visits, {each.window_s:g} s", each.index, review)
            for each in arrivals.dispersion
        ),
        assumption_of("share of requests that change nothing", traffic.reads, review),
        assumption_of("pause that ends a visit", traffic.idle_s, review),
    ]
    for one in traffic.popularity:
        place = f"{one.field} of {one.route}"
        told.append(assumption_of(f"exponent of popularity, {place}", one.exponent, review))
        told.append(assumption_of(f"shift of popularity, {place}", one.shift, review))
    told += [
        assumption_of(f"median think time after {pace.route}, {visits.name}", pace.median_s, review)
        for visits in traffic.visits
        for pace in visits.paces
    ]
    return tuple(told)
