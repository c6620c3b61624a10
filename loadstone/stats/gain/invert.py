"""The recorded timeline inverted: for each plausible way in which the service works, the demands it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from loadstone.stats.gain.borrow import Borrowed, choose_donors, fit_slow_down
from loadstone.stats.gain.demand import Choice, Found, choose_all
from loadstone.stats.gain.record import Record, Track, track
from loadstone.stats.gain.replay import CPU, Model, Stages, replay
from loadstone.stats.gain.starts import Starts, infer_starts
from loadstone.stats.gain.timeline import DATABASE, OTHER

__all__ = ["Inversion", "Inverted", "invert"]

SETTLING = 3
"""Where traces are sampled, shapes are borrowed by demands and demands come out of shapes: so often, until settled."""

DRAWS = 5
"""And so often more, each a draw of donors of its own."""

MOST_CANDIDATES = 6

MOST_A_DRAW = 3


@dataclass(frozen=True, slots=True)
class Inverted:
    """One plausible way: the model, the stages' demands under it, and what the fix takes of each."""

    model: Model
    stages: Stages
    share: NDArray[np.float64]

    def responses(self, reached: NDArray[np.float64], order: NDArray[np.uint32], fixed: bool) -> NDArray[np.float64]:
        """From reaching the server to leaving it, of requests ``order`` that reach it so."""
        demand = self.stages.demand * (1 - self.share) if fixed else self.stages.demand
        stages = Stages(self.stages.first, self.stages.resource, demand)
        return replay(reached, order, stages, self.model).ended - reached


@dataclass(frozen=True, slots=True)
class Inversion:
    """All plausible ways, the best first; the starts; the choices by resource; the time that the fix takes away of each
    request as recorded."""

    candidates: tuple[Inverted, ...]
    starts: Starts
    choices: dict[int, Choice]
    removed: NDArray[np.float64]


def invert(rec: Record, chance: Generator) -> Inversion:
    """What does not fit is left for the checks."""
    starts = infer_starts(rec.reached, rec.left, rec.started, rec.first_child)
    shaped = np.isfinite(rec.started)
    shaped[rec.segment_request] = True
    traced = np.flatnonzero(shaped)
    own = track(rec, traced, starts.start)
    workers = (starts.workers, *starts.also)
    if shaped.all():
        layout, found = own, choose_all(own, rec.group, shaped, rec.cpu, sampled=False)
        ways = _ways(layout, found, workers)[:MOST_CANDIDATES]
        candidates = [Inverted(model, _stages(layout, demand), layout.share) for demand, model in ways]
    else:
        layout, found, candidates = _sampled(rec, starts, own, traced, shaped, chance)
    removed = _summed(layout, layout.own * (layout.end - layout.start))
    return Inversion(tuple(candidates), starts, {which: choice for which, (_, choice) in found.items()}, removed)


def _sampled(
    rec: Record,
    starts: Starts,
    own: Track,
    traced: NDArray[np.int64],
    shaped: NDArray[np.bool_],
    chance: Generator,
) -> tuple[Track, Found, list[Inverted]]:
    """Shapes for the requests that were not traced: borrowed by demand, replayed, pinned to the record, inverted for
    better demands, and so on."""
    wanted = fit_slow_down(starts.start, rec.left, rec.group)
    lent = Borrowed(own, choose_donors(wanted, rec.group, traced, chance))
    layout = lent.stretched(starts.start, rec.left)
    everybody = np.arange(len(rec.reached), dtype=np.uint32)
    workers = (starts.workers, *starts.also)
    made: list[Inverted] = []
    for round_ in range(SETTLING + DRAWS):
        found = choose_all(layout, rec.group, shaped, rec.cpu, sampled=True)
        ways = _ways(layout, found, workers)
        if round_ >= SETTLING:
            for demand, model in ways[:MOST_A_DRAW]:
                wanted = _summed(layout, demand)
                made.append(Inverted(model, _lent(lent, layout, demand, traced, wanted), layout.share))
        demand, model = ways[0]
        wanted = _summed(layout, demand)
        lent = Borrowed(own, choose_donors(wanted, rec.group, traced, chance))
        stages = _lent(lent, layout, demand, traced, wanted)
        replayed = replay(rec.reached, everybody, stages, model)
        layout = lent.pinned(replayed.stage_ended, replayed.begun, starts.start, rec.left, traced)
    return layout, choose_all(layout, rec.group, shaped, rec.cpu, sampled=True), made


def _summed(layout: Track, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """By request."""
    return np.bincount(layout.request, values, minlength=len(layout.first) - 1).astype(np.float64)


def _lent(
    lent: Borrowed,
    layout: Track,
    demand: NDArray[np.float64],
    traced: NDArray[np.int64],
    wanted: NDArray[np.float64],
) -> Stages:
    """The donors' demands, scaled to what each request wants in all. ``demand`` is by the stages of ``layout``, of
    which those of traced requests are the donors' own, in order."""
    known = np.zeros(len(wanted), bool)
    known[traced] = True
    own = demand[known[layout.request]]
    donor = traced[lent.donor]
    scale = np.divide(wanted, wanted[donor], out=np.ones(len(wanted)), where=wanted[donor] > 0)
    return Stages(lent.first.astype(np.uint32), lent.own.resource[lent.stage], own[lent.stage] * scale[lent.request])


def _stages(layout: Track, demand: NDArray[np.float64]) -> Stages:
    return Stages(layout.first.astype(np.uint32), layout.resource, demand)


def _ways(layout: Track, found: Found, workers: tuple[int, ...]) -> list[tuple[NDArray[np.float64], Model]]:
    """Combinations of what is plausible, the best of each first: the demand of each stage, and the model."""
    made = []
    databases, cpus = found[DATABASE][1], found[CPU][1]
    ways = product(range(len(cpus.disciplines)), range(len(databases.disciplines)), workers)
    ranked = sorted(ways, key=lambda way: way[0] + way[1] + workers.index(way[2]))
    for cpu, database, count in ranked:
        demand = np.zeros(len(layout.start))
        demand[found[OTHER][0]] = found[OTHER][1].demands[0]
        demand[found[DATABASE][0]] = databases.demands[database]
        demand[found[CPU][0]] = cpus.demands[cpu]
        made.append((demand, Model(count, databases.disciplines[database], cpus.disciplines[cpu])))
    return made
