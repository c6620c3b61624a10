"""The demand that each stage would have without anybody else there, and the disciplines under which it comes out so.

A request's demand does not know how many others are there when it comes. So the right discipline is the one under
which inverted demands are uncorrelated with concurrency at the start of the stage. The counts of servers are found as
nuisance parameters: several may do as well, and none is to be told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.gain.record import Track
from loadstone.stats.gain.replay import CPU, DELAY, Discipline, in_order_starts, shared_demands
from loadstone.stats.gain.timeline import DATABASE, OTHER

__all__ = ["Choice", "Crowds", "Fit", "Found", "choose", "choose_all", "invert_under"]

MOST_SERVERS = 16
"""Counts of servers that are tried."""

ALIKE = 4.0
"""Disciplines whose misfit is within this of the smallest are all plausible: a chi-squared of one degree exceeds it in
one of twenty."""

MOST_ALIKE = 3

FEWEST = 12
"""A cell with fewer stages says nothing."""

SLOWED = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of one processor that are tried where CPU time was recorded of all requests: others on the machine, or the
switching between threads, take the rest. Of a sample they explain what are other requests."""

CPU_ERROR = 0.05
"""How far inverted demands may lie from the thread CPU time that was recorded: the time on the way, and the clocks."""

MOST = 2000
"""And no cell says more than so many independent stages would."""


SURE = 2.0
"""Standard deviations by which a correlation must exceed what chance gives to be told."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``misfit`` is the sum of n r^2 over cells, about 1 for each when demand knows nothing of the others;
    ``correlation`` the root of the mean r^2 beyond what chance may give."""

    misfit: float
    correlation: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Disciplines of one resource that are plausible, the best first; the demands under each; the fit of the best."""

    disciplines: tuple[Discipline, ...]
    demands: tuple[NDArray[np.float64], ...]
    fit: Fit


def choose(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    resource: int,
    cell: NDArray[np.int64],
    recorded: Callable[[NDArray[np.float64]], float] | None = None,
    slowed: bool = False,
) -> Choice:
    """The disciplines of a resource under which the intervals that it served have demands that know nothing of the
    others. ``cell`` tells apart stages that are of one kind; -1 leaves one out. ``recorded`` tells for demands how
    large they are in all beside what was recorded of them; ``slowed`` says that a processor may be less than one."""
    length = end - start
    present, _ = shared_demands(start, end, [])
    most = int(present.max(initial=0)) + 1
    counts = [count for count in range(1, MOST_SERVERS + 1) if count < most]
    candidates = [DELAY]
    if resource != OTHER:
        candidates += [Discipline(2, count) for count in counts]
    if slowed:
        candidates += [Discipline(2, share) for share in SLOWED]
    if resource == DATABASE:
        candidates += [Discipline(1, count) for count in counts]
    found = invert_under(candidates, start, end)
    crowds = Crowds(length, present, cell)
    fits = [crowds.fit(demand) for demand in found]
    misfits = np.array([fit.misfit for fit in fits])
    if recorded is not None:
        misfits += np.array([((recorded(demand) - 1) / CPU_ERROR) ** 2 for demand in found])
    ranked = [int(place) for place in np.argsort(misfits, kind="stable")]
    near = [place for place in ranked if misfits[place] <= misfits[ranked[0]] + ALIKE][:MOST_ALIKE]
    return Choice(tuple(candidates[place] for place in near), tuple(found[place] for place in near), fits[near[0]])


def invert_under(
    disciplines: list[Discipline], start: NDArray[np.float64], end: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """The demands of intervals at a resource under each discipline."""
    shared = [discipline.servers for discipline in disciplines if discipline.kind == 2]
    lines = [int(discipline.servers) for discipline in disciplines if discipline.kind == 1]
    shares = iter(shared_demands(start, end, shared)[1])
    order = np.lexsort((end, start))
    begun = iter(in_order_starts(start[order], end[order], lines))
    found = []
    for discipline in disciplines:
        if discipline.kind == 2:
            found.append(next(shares))
        elif discipline.kind == 1:
            demand = np.empty(len(start))
            demand[order] = np.maximum(end[order] - next(begun), 0.0)
            found.append(demand)
        else:
            found.append(end - start)
    return found


class Crowds:
    """How many others were there when a stage started: what its demand must know nothing of, within each cell. A wrong
    discipline may leave no correlation over all stages, as the long of them come out too short and the short too long:
    hence the cells one by one."""

    def __init__(self, length: NDArray[np.float64], present: NDArray[np.uint32], cell: NDArray[np.int64]) -> None:
        used = (cell >= 0) & (length > 0)
        _, place, counts = np.unique(cell[used], return_inverse=True, return_counts=True)
        self.used = np.flatnonzero(used)[counts[place] >= FEWEST] if len(place) else np.zeros(0, np.int64)
        _, self.place, self.counts = np.unique(cell[self.used], return_inverse=True, return_counts=True)
        self.mean = np.bincount(self.place, length[self.used]) / np.maximum(self.counts, 1)
        self.crowd = self._standard(np.log1p(present[self.used]))
        self.weight = np.sqrt(self.mean / self.mean.max(initial=1e-300)) * np.minimum(self.counts, MOST)

    def _standard(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Less its cell's mean, by its cell's spread."""
        if not len(values):
            return values
        centred = values - (np.bincount(self.place, values) / self.counts)[self.place]
        spread = np.sqrt(np.bincount(self.place, centred**2) / self.counts)[self.place]
        return np.divide(centred, spread, out=np.zeros(len(values)), where=spread > 0)

    def fit(self, demand: NDArray[np.float64]) -> Fit:
        """How far this demand is from knowing nothing."""
        if not self.crowd.any():
            return Fit(0.0, 0.0)
        x = self._standard(np.log(demand[self.used] + 0.02 * self.mean[self.place]))
        squares = (np.bincount(self.place, x * self.crowd) / self.counts) ** 2
        misfit = float((squares * self.weight).sum())
        # n r^2 has mean 1 and variance 2 in each cell.
        share = self.weight / self.counts
        chance = float(share.sum() + SURE * np.sqrt(2 * (share**2).sum()))
        return Fit(misfit, float(np.sqrt(max(misfit - chance, 0.0) / self.weight.sum())))


Found = dict[int, tuple[NDArray[np.int64], Choice]]
"""By resource: the places of its stages, and what was chosen for it."""


def cells(track: Track, group: NDArray[np.int32], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Stages of one kind: of one class and resource, among the first three of their request or later, touched by the
    fix or not. -1 for stages of requests whose shape is not ``known``."""
    request = track.request
    inner = np.minimum((np.arange(len(request)) - track.first[request]) // 2, 3)
    _, small = np.unique(group, return_inverse=True)
    cell = ((small[request] * 4 + inner) * 2 + (track.share > 0)) * 3 + track.resource
    return np.where(known[request], cell, -1)


def choose_all(
    track: Track, group: NDArray[np.int32], known: NDArray[np.bool_], cpu: NDArray[np.float64], *, sampled: bool
) -> Found:
    """For each resource the places of its stages, and what was chosen for it. ``cpu`` is each request's recorded CPU
    time, NaN where there is none."""
    cell = cells(track, group, known)
    found = {}
    for resource in (DATABASE, OTHER, CPU):
        places = np.flatnonzero(track.resource == resource)
        recorded = _beside(track.request[places], cpu) if resource == CPU else None
        found[resource] = (
            places,
            choose(
                track.start[places],
                track.end[places],
                resource,
                cell[places],
                recorded,
                recorded is not None and not sampled,
            ),
        )
    return found


def _beside(request: NDArray[np.int64], cpu: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], float] | None:
    """Demands of these requests' stages over the CPU time recorded of them."""
    whole = float(np.nansum(cpu))
    if whole <= 0:
        return None
    counted = np.isfinite(cpu)[request]
    return lambda demand: float(demand[counted].sum()) / whole
