"""What requests lose to one piece of code: a profile's share of the CPU, carried over to each request's own time.

A profile tells shares well and single requests badly: a request of 5 ms is looked at once in two. So a request's cost
is its own CPU time (as its thread counted it, else the time that no child covers) by the share of the samples that fell
into the code: the request's own samples where it is long, those of its step's short requests together where it is not,
those of the whole service where instants or processes do not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.runtime.stacks import Profile, Threads, attributed
from loadstone.diagnose.suspect import Scene

__all__ = ["LONG_NS", "Loss", "Told", "Work", "losses", "own_work", "works_of"]

LONG_NS = 50_000_000
"""CPU time from which a request is judged by its own samples: five at 100 Hz, each a fifth of it."""

FEWEST_SAMPLES = 20
"""Below so many a step's share is the whole service's: at 20 a share of a half is good to 11 points (binomial)."""

BACKGROUND_SHARE = 0.2
"""Of a code's CPU time, what must fall into requests for it to be theirs: below it is work beside them."""

THEIRS_SHARE = 0.5
"""From here on all of it is theirs: an instant is good to some milliseconds, which is as long as a short request."""

Told = Literal["by request", "by step", "by service"]


@dataclass(frozen=True)
class Work:
    """A service's part of a profile: ``rows`` are its working samples, ``total`` their weight."""

    service: str
    rows: NDArray[np.bool_]
    total: float
    processes: frozenset[int]


@dataclass(frozen=True)
class Loss:
    """What the requests of a step lose. ``cost_ns`` and ``cpu_ns`` belong to ``requests``; ``share`` of their CPU time
    in that service, ``path_share`` of their time, on the critical path. ``told`` says how finely;
    ``counted`` whether threads counted their CPU time."""

    step: int
    requests: NDArray[np.int32]
    cost_ns: NDArray[np.float64]
    cpu_ns: NDArray[np.float64]
    share: float
    path_share: float
    told: Told
    counted: bool
    samples: int


def works_of(profile: Profile, threads: Threads, digest: Digest) -> Iterator[Work]:
    """The services of a profile, the busiest first. Processes that no span names are taken for the only service, where
    there is but one."""
    working = profile.working()
    if not working.any():
        return
    services = dict(threads.service)
    named = {one.service for one in digest.operations if one.family == "server"} or {""}
    alone = next(iter(named)) if len(named) == 1 else None
    by_service: dict[str, set[int]] = {}
    for pid in np.unique(profile.process[working]).tolist():
        service = services.get(pid, alone)
        if service is not None:
            by_service.setdefault(service, set()).add(pid)
    found = []
    for service, pids in by_service.items():
        rows = working & np.isin(profile.process, np.array(sorted(pids), np.int64))
        found.append(Work(service, rows, float(profile.weight[rows].sum()), frozenset(pids)))
    yield from sorted(found, key=lambda one: (-one.total, one.service))


def own_work(digest: Digest, service: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Of each request: nanoseconds of the service's own CPU time, what share of its own time lies on the critical path,
    and whether the CPU time was counted by the thread (else the time that no child covers stands for it)."""
    visits, requests = digest.visits, digest.requests
    mine = np.array([one.service == service and one.family in ("server", "inside") for one in digest.operations], bool)
    rows = mine[visits.operation] if len(visits) else np.empty(0, bool)
    count = len(requests)
    at = visits.request[rows]
    own = np.bincount(at, np.maximum(visits.own_ns[rows], 0), count)
    critical = np.bincount(at, np.maximum(visits.critical_ns[rows], 0), count)
    here = mine[requests.route] if count else np.empty(0, bool)
    counted = here & (requests.cpu_ns >= 0)
    cpu = np.where(counted, np.maximum(requests.cpu_ns, 0), own).astype(np.float64)
    path = np.divide(critical, own, out=np.ones(count), where=own > 0)
    return cpu, np.clip(path, 0.0, 1.0), counted


def losses(
    scene: Scene, profile: Profile, threads: Threads, work: Work, chosen: NDArray[np.bool_], least_share: float
) -> Iterator[Loss]:
    """What each step loses to the ``chosen`` samples of a service; requests that lose less than ``least_share`` of
    their time are not affected. Nothing where the code runs beside requests."""
    digest = scene.digest
    cpu, path, counted = own_work(digest, work.service)
    mine = chosen & work.rows
    weight = float(profile.weight[mine].sum())
    if weight <= 0 or not len(digest.requests):
        return
    hit = attributed(profile, digest, threads, mine)
    seen = attributed(profile, digest, threads, work.rows)
    placed = bool(np.isin(digest.requests.process, np.array(sorted(work.processes), np.int64)).any())
    dated = bool((profile.at_ns[mine] > 0).any())  # of this run: a profile without instants may be another one's
    timed = placed and dated
    if timed and hit.sum() < BACKGROUND_SHARE * weight:
        return
    whose = weight / float(hit.sum()) if hit.sum() >= THEIRS_SHARE * weight else 1.0
    sample = weight / max(1, int(mine.sum()))
    overall = weight / work.total
    # Own time may hold waiting: no more can be lost than the profile saw, in the whole run and in each step.
    seen_of_all = min(1.0, weight / max(1.0, overall * float(cpu.sum()))) if dated else 1.0
    duration = np.maximum(digest.requests.end_ns - digest.requests.start_ns, 0).astype(np.float64)
    for step in range(len(digest.steps)):
        places = digest.requests_of(step)
        if not len(places) or cpu[places].sum() <= 0:
            continue
        share, told = _shares(places, cpu, hit, seen, sample, overall, timed)
        if not counted[places].all():
            if told == "by service":
                share = share * seen_of_all
            elif timed:
                share = share * min(1.0, whose * hit[places].sum() / max(1.0, float((share * cpu[places]).sum())))
        spent = share * cpu[places]
        cost = np.minimum(spent * path[places], duration[places])
        affected = cost > np.maximum(least_share * duration[places], 0)
        if not affected.any():
            continue
        chosen_places = places[affected]
        yield Loss(
            step,
            chosen_places,
            cost[affected],
            spent[affected],
            float(spent[affected].sum() / max(1.0, float(cpu[chosen_places].sum()))),
            float(cost[affected].sum() / max(1.0, duration[chosen_places].sum())),
            told,
            bool(counted[chosen_places].all()),
            int(mine.sum()),
        )


def _shares(
    places: NDArray[np.int32],
    cpu: NDArray[np.float64],
    hit: NDArray[np.float64],
    seen: NDArray[np.float64],
    sample: float,
    overall: float,
    timed: bool,
) -> tuple[NDArray[np.float64], Told]:
    """Of each request's CPU time, the share that the code takes."""
    if not timed or seen[places].sum() < FEWEST_SAMPLES * sample:
        return np.full(len(places), overall), "by service"
    long = (cpu[places] >= LONG_NS) & (seen[places] > 0)
    share = np.zeros(len(places), np.float64)
    share[long] = hit[places[long]] / seen[places[long]]
    short = places[~long]
    if len(short):
        known = float(seen[short].sum())
        rest = hit[short].sum() / known if known >= FEWEST_SAMPLES * sample else hit[places].sum() / seen[places].sum()
        share[~long] = rest
    return np.clip(share, 0.0, 1.0), "by request" if long.any() else "by step"
