"""How long people think after a request of each route: from the sample of whole visits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.estimate import Estimate
from loadstone.model.traffic import Pace
from loadstone.stats.traffic.think import FEWEST_THINKS, ThinkFit, fit_think
from loadstone.traffic.fit.tally import Tally

__all__ = ["Clock", "Pauses", "paces_of", "pauses_of"]


class Clock(NamedTuple):
    """``grain_s`` is the step of the log's clock, ``exact_starts`` says that durations are taken off its instants,
    ``timed`` that pauses run from the end of the reply, ``uneven`` that they are no whole steps of the clock."""

    idle_s: float
    grain_s: float
    exact_starts: bool
    timed: bool
    uneven: bool


class Pauses(NamedTuple):
    """One row a request that another followed: the pause in s, which visit, its class, the route before it."""

    pause_s: NDArray[np.float64]
    visit: NDArray[np.int64]
    kind: NDArray[np.int32]
    route: NDArray[np.int32]


def pauses_of(tally: Tally) -> Pauses:
    """All of the sample's, those too near the log's end to be judged left out."""
    visits, kinds = tally.sample()
    if len(visits.route) < 2:
        none = np.zeros(0, dtype=np.int64)
        return Pauses(none.astype(np.float64), none, none.astype(np.int32), none.astype(np.int32))
    of_row = visits.of_row
    follows = (of_row[1:] == of_row[:-1]) & (visits.time_ns[:-1] < tally.stretch.judged_ns)
    pause = (visits.time_ns[1:] - visits.end_ns[:-1])[follows] / 1e9
    visit = of_row[:-1][follows]
    return Pauses(pause, visit, kinds[visit], visits.route[:-1][follows])


def paces_of(tally: Tally, pauses: Pauses, clock: Clock, kind: int) -> tuple[Pace, ...]:
    """Of one class of visits, a pace for each route that something followed; of its whole class where it has too few
    pauses of its own."""
    own = pauses.kind == kind
    pooled = _fitted(pauses, own, clock)
    if pooled is None:
        pooled = _fitted(pauses, np.ones(len(own), dtype=bool), clock)
        among = "pooled over all visits"
    else:
        among = "pooled over these visits"
    told = []
    for route in np.unique(pauses.route[own]).tolist():
        rows = own & (pauses.route == route)
        found = _fitted(pauses, rows, clock) if int(rows.sum()) >= FEWEST_THINKS else None
        used, where = (found, "") if found is not None else (pooled, f", {among}")
        if used is not None:
            source = ("from the end of the reply" if clock.timed else "from the start of the request") + where
            source += "" if used.longer else ", of pauses below the idle time"
            median, sigma = (
                Estimate(value, low, high, unit, source, used.pauses)
                for (value, low, high), unit in ((used.median_s, "s"), (used.sigma, ""))
            )
            told.append(Pace(tally.scope.routes[route].id, median, sigma))
    return tuple(told)


def _fitted(pauses: Pauses, rows: NDArray[np.bool_], clock: Clock) -> ThinkFit | None:
    return fit_think(
        pauses.pause_s[rows],
        pauses.visit[rows],
        cut_s=clock.idle_s,
        grain_s=clock.grain_s,
        rounded_twice=clock.uneven,
    )
