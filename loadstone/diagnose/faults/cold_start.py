"""Cold start: the first requests of a process pay for what is loaded, opened and compiled only then.

What it sees
    The first requests that each process of the service answers, held against the same step's requests later on. What
    they take more is the price of a start: modules that are imported on first use, connections, caches, templates, a
    compiler that warms up. Judged over all processes that began within the measured part of the run.

Why it hurts
    It comes back with every deployment, every new instance of an autoscaler and every worker that is replaced after so
    many requests, always for real users, and mostly just when load is high.

Evidence it needs
    Traces that tell the process or the instance. A warm-up phase of the run hides it: what is not measured is not
    judged.

Example
    ``gunicorn --max-requests 200`` and an application that builds its search index on first use: one request in two
    hundred waits for that, and it is the p99.5.

Cure
    Do it before the process takes requests: load at import (``--preload``), open the pool and fill caches at start-up,
    answer the readiness check only then. Replace workers less often.

When it is wrong
    A first request that is slow for a reason of its own looks the same; several processes that all begin slowly do not.
    A database that was cold as well belongs to the run, not to the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import named, slowest
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "cold-start"
NEEDS = ("spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """The first ``first`` requests of a process to a step may pay for its start, those that begin within ``start_s``
    of its first one. They are slow from ``slower`` times the step's later median on, and by ``more_s`` at least: a
    few milliseconds of a first connection are no cold start. ``starts`` slow starts, ``starts_share`` of all, make it
    a habit; a single one must be ``step_share`` of the step's time. ``later`` requests of the step tell its usual
    pace."""

    first: int = 5
    start_s: float = 10.0
    slower: float = 3.0
    more_s: float = 0.05
    starts: int = 2
    starts_share: float = 0.5
    step_share: float = 0.05
    later: int = 20


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps whose first requests in a process are slow."""
    digest = scene.digest
    if not len(digest.requests):
        return
    who = _who(digest)
    begun = _begun(digest, who)
    for step in range(len(digest.steps)):
        places = digest.requests_of(step)
        first = _first(digest, places, who, begun, limits)
        later = places[~first]
        if not first.any() or len(later) < limits.later:
            continue
        duration = np.maximum(digest.requests.end_ns - digest.requests.start_ns, 0).astype(np.float64)
        usual = float(np.median(duration[later]))
        early = places[first]
        slow = early[duration[early] >= max(limits.slower * usual, usual + limits.more_s * 1e9)]
        # As slow as anybody now and then is no cold start.
        if not len(slow) or (duration[later] >= np.quantile(duration[slow], 0.1)).mean() > 0.2 * len(slow) / len(early):
            continue
        cost = duration[slow] - usual
        starts = len(np.unique(who[slow]))
        if starts < limits.starts_share * len(np.unique(who[early])):
            continue
        if starts >= limits.starts or cost.sum() >= limits.step_share * duration[places].sum():
            yield _suspect(digest, step, early, slow, cost, usual, who)


def _who(digest: Digest) -> NDArray[np.int64]:
    """The process of each request, or its instance where no process is known; -1 unknown."""
    requests = digest.requests
    told = np.array([name != "" for name in digest.instances] or [False], np.bool_)
    number = requests.instance.astype(np.int64)
    known = told[np.clip(number, 0, len(told) - 1)]
    # Two hosts may have the same pid.
    both = (number << 32) + requests.process
    return np.where(requests.process >= 0, both, np.where(known, (1 << 60) + number, -1)).astype(np.int64)


def _begun(digest: Digest, who: NDArray[np.int64]) -> dict[int, int]:
    """When each process answered its first request, warm-up or not."""
    names, first = np.unique(who, return_index=True)
    start = digest.requests.start_ns
    return {int(name): int(start[place]) for name, place in zip(names, first, strict=True) if name >= 0}


def _first(
    digest: Digest, places: NDArray[np.int32], who: NDArray[np.int64], begun: dict[int, int], limits: Limits
) -> NDArray[np.bool_]:
    """Which requests of a step are among its first in their process, soon after that began."""
    found = np.zeros(len(places), np.bool_)
    for name in np.unique(who[places]).tolist():
        if name < 0:
            continue
        mine = np.flatnonzero(who[places] == name)
        start, end = digest.requests.start_ns[places[mine]], digest.requests.end_ns[places[mine]]
        # Those too that came while the first were still at it: they wait for the same.
        until = max(int(start[: limits.first].max()), int(end[: limits.first].max()))
        soon = start <= min(until, begun[name] + limits.start_s * 1e9)
        found[mine[soon]] = True
    return found


def _suspect(
    digest: Digest,
    step: int,
    early: NDArray[np.int32],
    slow: NDArray[np.int32],
    cost: NDArray[np.float64],
    usual: float,
    who: NDArray[np.int64],
) -> Suspect:
    label = digest.steps[step].label
    starts, all_starts = len(np.unique(who[slow])), len(np.unique(who[early]))
    mean_s = float(cost.mean()) / 1e9
    within, part = _within(digest, slow)
    service = digest.operations[int(digest.requests.route[slow[0]])].service or None
    told = [
        Fact(
            f"{len(slow):,} first requests took {format_duration(mean_s)} more than the median later on "
            f"({format_duration(usual / 1e9)})",
            mean_s,
            "s a request",
            slowest(digest, slow),
        ),
        Fact(f"in {starts:,} of {all_starts:,} processes that began", float(starts), "processes"),
    ]
    if within is not None:
        what = "own time, without a span of its own" if within.family == "server" else named(within)
        told.append(Fact(f"{format_share(part)} of it is {what}", part, "share"))
    statements = within is not None and within.family in ("database", "key-value", "http", "rpc")
    against = [Fact("a cold database or cache of the machine would look the same")]
    if starts == 1:
        against.append(Fact("one process only: a single slow request may have a reason of its own", 1.0, "processes"))
    return Suspect(
        fault=CODE,
        title=f"the first requests of a process take {format_duration(mean_s)} more in {label}",
        step=step,
        locus=Locus(
            journey=digest.steps[step].journey,
            step=digest.steps[step].name,
            service=service,
            file=within.file if within is not None else None,
            line=within.line if within is not None else None,
            function=within.function if within is not None else None,
        ),
        roles=Roles(
            parent=label, cause=None if within is None else named(within), offender="what is done on a first request"
        ),
        cure="do it before the process takes requests (import, --preload, a pool that is opened at start-up), and be "
        "ready only then",
        confidence=0.8 if starts >= 3 else 0.6 if starts == 2 else 0.45,
        key=(CODE, label, service or ""),
        requests=slow.astype(np.int32),
        cost_ns=cost,
        unpredictable="a start happens once a process: how often depends on deployments, not on this load",
        evidence_for=tuple(told),
        evidence_against=tuple(against),
        ceiling="info" if starts == 1 and statements else "critical",
    )


def _within(digest: Digest, slow: NDArray[np.int32]) -> tuple[Operation | None, float]:
    """The operation that has most of the slow requests' critical path, and its share."""
    chosen = np.zeros(len(digest.requests), np.bool_)
    chosen[slow] = True
    rows = chosen[digest.visits.request]
    critical = np.maximum(digest.visits.critical_ns[rows], 0)
    total = np.bincount(digest.visits.operation[rows], critical, len(digest.operations))
    whole = float(total.sum())
    if whole <= 0:
        return None, 0.0
    return digest.operations[int(total.argmax())], float(total.max()) / whole
