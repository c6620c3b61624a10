"""Pool wait: requests stand in line for a database connection while others hold them.

What it sees
    Spans that wait for a connection of a pool, and how much of a step's time they are, over the load. Then who holds
    the connections meanwhile: from a request's first statement to its last, and how much of that no statement ran.
    Connections in use on average are arrivals times holding time (Little's law); held against the pool's size, where a
    span tells it.

Why it hurts
    A pool is a queue with few counters. When its connections are busy nine tenths of the time, waits grow many times
    over for a little more load, and every request that needs the database waits, however quick its own statement.

Evidence it needs
    Traces with the pool's waits: the recorder's for SQLAlchemy, psycopg_pool, asyncpg and redis, or an instrumentation
    that makes spans of getConnection and its like. The size of the pool makes it surer.

Example
    Ten connections; ``report`` holds one for 900 ms a request, 800 ms of it in a call of another service between two
    statements. At 12 reports a second 10.8 are needed: the line grows as long as
    the load lasts.

Cure
    Hold a connection only while statements run: do the call, the rendering and the file before or after the
    transaction. Make the statement that holds it quicker. A larger pool helps as far as the database can bear it, and
    where many processes have a pool each, their sum counts (PgBouncer in front shares it).

When it is wrong
    A wait for the pool is what other faults leave behind as well: a slow statement, a lock, an N+1 within one
    transaction. They are named beside it. A connection may be held longer than from the first statement to the last:
    the holding time told is the least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.runtime.pools import (
    Holds,
    Pool,
    beside,
    holds_of,
    most_at_once,
    pools,
    size_of,
    stuck,
    waits_of,
)
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "pool-wait"
NEEDS = ("spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """Waits are a fault from ``step_share`` of a step's time on, or, where few requests wait, from ``wait_share`` of
    those requests' time, if they are at least ``rare_share`` of the step's: enough to own its p99 or p999. A wait below
    ``wait_s`` is what handing over a connection takes. ``requests`` must show it. A request holds a connection idle
    where statements run for less than ``idle_share`` of the time. ``start_share`` of the run's time is its start, where
    pools are still being filled."""

    step_share: float = 0.05
    wait_share: float = 0.3
    rare_share: float = 0.005
    wait_s: float = 0.001
    requests: int = 3
    idle_share: float = 0.5
    start_share: float = 0.05


LIMITS = Limits()


@dataclass(frozen=True)
class _Holder:
    """The step and the operation that hold most connections. ``share`` of all holding is the step's, ``idle_share`` of
    its holding goes by without a statement; ``within`` is what else runs meanwhile."""

    step: int
    held_s: float
    share: float
    idle_share: float
    heaviest: Operation | None
    within: Operation | None


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps that wait for a pool."""
    digest = scene.digest
    for pool in pools(digest):
        waits = waits_of(digest, pool)
        stood = stuck(digest, pool, waits)
        free = ~(stood | beside(digest, waits, stood))
        waited = np.bincount(waits.request[free], waits.ns[free], len(digest.requests)).astype(np.float64)
        holds = holds_of(digest, pool)
        for step in range(len(digest.steps)):
            affected = _affected(digest, step, waited, limits)
            if len(affected):
                yield _suspect(scene, pool, step, affected, waited[affected], holds, limits)


def _affected(digest: Digest, step: int, waited: NDArray[np.float64], limits: Limits) -> NDArray[np.int32]:
    places = digest.requests_of(step)
    hit = places[waited[places] >= limits.wait_s * 1e9]
    none = np.empty(0, np.int32)
    if len(hit) < limits.requests:
        return none
    duration = np.maximum(digest.requests.end_ns - digest.requests.start_ns, 1).astype(np.float64)
    if waited[hit].sum() >= limits.step_share * duration[places].sum():
        return hit
    hard = hit[waited[hit] >= limits.wait_share * duration[hit]]
    return hard if len(hard) >= max(limits.requests, limits.rare_share * len(places)) else none


def _suspect(
    scene: Scene,
    pool: Pool,
    step: int,
    affected: NDArray[np.int32],
    cost: NDArray[np.float64],
    holds: Holds,
    limits: Limits,
) -> Suspect:
    digest = scene.digest
    label = digest.steps[step].label
    waiting = _heaviest(digest, affected, pool.waiting)
    mean_s = float(cost.mean()) / 1e9
    share = float(cost.sum() / max(1.0, float(_duration(digest, digest.requests_of(step)).sum())))
    of_step = len(affected) / len(digest.requests_of(step))
    size, holder = size_of(scene, pool), _holder(digest, pool, holds)
    told = [
        Fact(
            f"{format_share(of_step)} of the requests wait {format_duration(mean_s)} each for a connection, "
            f"{format_share(share)} of the step's time",
            mean_s,
            "s a request",
            slowest(digest, affected),
        )
    ]
    told += _use(digest, pool, holds, size)
    if holder is not None:
        told.append(_holding(digest, holder, limits))
    early = _only_at_start(digest, affected, limits)
    return Suspect(
        fault=CODE,
        title=f"{label} waits {format_duration(mean_s)} for a database connection in {format_share(of_step)} of its "
        "requests",
        step=step,
        locus=locus_of(digest, step, waiting),
        roles=Roles(parent=label, cause=_cause(digest, holder, limits), offender=waiting.label),
        cure=_cure(holder, size, limits),
        confidence=0.8 if holder is not None else 0.65,
        key=(CODE, label, *stable_key(waiting)),
        requests=affected,
        cost_ns=np.asarray(cost, np.float64),
        cuts=tuple(Cut(number) for number in pool.waiting),
        evidence_for=tuple(told),
        evidence_against=tuple(_against(size, early, holder)),
        ceiling="info" if early else "critical",
    )


def _use(digest: Digest, pool: Pool, holds: Holds, size: int | None) -> Iterator[Fact]:
    """Little's law: connections in use are holding time a second."""
    if not len(holds.request):
        return
    mean = float(holds.held_ns.sum()) / 1e9 / max(digest.span_s, 1e-9)
    most = most_at_once(holds.start_ns, holds.end_ns)
    counted = digest.requests.process[holds.request]
    processes = len(np.unique(counted[counted >= 0])) or 1
    where = f" of {size * processes:,} ({size} in each of {processes} processes)" if size and processes > 1 else ""
    where = where or (f" of {size:,}" if size else "")
    yield Fact(f"{mean:.3g} connections{where} are held on average, {most:,} at most", mean, "connections")


def _holding(digest: Digest, holder: _Holder, limits: Limits) -> Fact:
    told = (
        f"{digest.steps[holder.step].label} has {format_share(holder.share)} of all holding, "
        f"{format_duration(holder.held_s)} a request"
    )
    if holder.idle_share > limits.idle_share:
        told += f", {format_share(holder.idle_share)} of it without a statement"
        if holder.within is not None:
            told += f" (meanwhile {named(holder.within)})"
    elif holder.heaviest is not None:
        told += f", most of it in {named(holder.heaviest)}"
    return Fact(told, holder.held_s, "s a request")


def _holder(digest: Digest, pool: Pool, holds: Holds) -> _Holder | None:
    if not len(holds.request) or holds.held_ns.sum() <= 0:
        return None
    steps = digest.requests.step[holds.request]
    by_step = np.bincount(steps, holds.held_ns, len(digest.steps))
    step = int(by_step.argmax())
    mine = steps == step
    held = float(holds.held_ns[mine].sum())
    chosen = np.zeros(len(digest.requests), np.bool_)
    chosen[holds.request[mine]] = True
    waited = _within(digest, holds, mine, pool.waiting)
    busy = float(holds.working_ns[mine].sum()) + float(sum(waited.values()))
    others = [one.number for one in digest.operations if one.family in ("http", "rpc", "messaging", "key-value")]
    within = _within(digest, holds, mine, [number for number in others if number not in pool.working])
    longest = max(within, key=lambda number: within[number]) if within else None
    return _Holder(
        step,
        held / 1e9 / max(1, int(mine.sum())),
        held / float(holds.held_ns.sum()),
        max(0.0, 1 - busy / held),
        _heaviest(digest, np.flatnonzero(chosen).astype(np.int32), pool.working),
        digest.operations[longest] if longest is not None and within[longest] > 0.2 * (held - busy) else None,
    )


def _within(
    digest: Digest, holds: Holds, mine: NDArray[np.bool_], numbers: list[int] | tuple[int, ...]
) -> dict[int, float]:
    """Nanoseconds of operations that began while a connection was held, by operation."""
    visits = digest.visits
    start = np.full(len(digest.requests), np.iinfo(np.int64).max, np.int64)
    end = np.full(len(digest.requests), np.iinfo(np.int64).min, np.int64)
    start[holds.request[mine]] = holds.start_ns[mine]
    end[holds.request[mine]] = holds.end_ns[mine]
    chosen = np.zeros(len(digest.operations), np.bool_)
    chosen[list(numbers)] = True
    rows = np.flatnonzero(chosen[visits.operation])
    at = visits.request[rows]
    rows = rows[(visits.first_ns[rows] >= start[at]) & (visits.first_ns[rows] < end[at])]
    total = np.bincount(visits.operation[rows], visits.busy_ns[rows], len(digest.operations))
    return {int(number): float(total[number]) for number in np.flatnonzero(total).tolist()}


def _heaviest(digest: Digest, requests: NDArray[np.int32], numbers: tuple[int, ...]) -> Operation:
    chosen = np.zeros(len(digest.requests), np.bool_)
    chosen[requests] = True
    rows = chosen[digest.visits.request]
    total = np.bincount(
        digest.visits.operation[rows], np.maximum(digest.visits.busy_ns[rows], 0), len(digest.operations)
    )
    return digest.operations[max(numbers, key=lambda number: (total[number], -number))]


def _only_at_start(digest: Digest, affected: NDArray[np.int32], limits: Limits) -> bool:
    first = int(digest.requests.start_ns[digest.requests.measured].min())
    until = first + limits.start_share * digest.span_s * 1e9
    return bool((digest.requests.start_ns[affected] < until).all())


def _cause(digest: Digest, holder: _Holder | None, limits: Limits) -> str | None:
    if holder is None:
        return None
    label = digest.steps[holder.step].label
    if holder.idle_share > limits.idle_share:
        return f"{label} holds a connection outside of statements"
    return f"{label}: {named(holder.heaviest)}" if holder.heaviest is not None else label


def _cure(holder: _Holder | None, size: int | None, limits: Limits) -> str:
    more = f"; then more than {size} connections, if the database bears them" if size else "; then a larger pool"
    if holder is None:
        return f"find who holds the connections, and give them back sooner{more}"
    if holder.idle_share > limits.idle_share:
        what = f" (move {named(holder.within)} out of the transaction)" if holder.within is not None else ""
        return f"hold a connection only while statements run{what}{more}"
    what = f": {named(holder.heaviest)}" if holder.heaviest is not None else ""
    return f"make the statements that hold them quicker{what}{more}"


def _against(size: int | None, early: bool, holder: _Holder | None) -> Iterator[Fact]:
    if early:
        yield Fact("all of these waits are at the start of the run, while the pool was being filled")
    if size is None:
        yield Fact("no span tells how large the pool is")
    if holder is None:
        yield Fact("no statement is seen in the requests that hold connections")
    else:
        yield Fact("a connection is taken to be held from the first statement to the last: it may be held longer")


def _duration(digest: Digest, requests: NDArray[np.int32]) -> NDArray[np.float64]:
    found = digest.requests.end_ns[requests] - digest.requests.start_ns[requests]
    return np.asarray(np.maximum(found, 0), np.float64)
