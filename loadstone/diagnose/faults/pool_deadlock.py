"""Pool deadlock: requests that hold one connection wait for a second, until a time-out frees them.

What it sees
    Requests that wait for the pool after they have begun a statement and before they have ended that transaction; whose
    wait ends at one and the same time-out, or fails; while nobody in that process gets a statement through. Every
    connection is then held by a request that waits for another one.

Why it hurts
    It is not slow, it stands: with as many such requests at once as the pool has connections, none can go on. All wait
    for the whole time-out, those too that need one connection only. Below that load nothing is to be seen, so tests
    pass and the first busy minute does not.

Evidence it needs
    Traces with the pool's waits and with statements. The pool's size, where a span tells it, makes it surer.

Example
    ``place_order`` works in a transaction and calls ``audit()``, which takes a connection of its own. The pool has
    five. Six orders at once: five hold one each and wait for a second, for SQLAlchemy's 30 s.

Cure
    One connection a request: hand the one that is held down to what needs it (a session as an argument, a scoped
    session), or take the second after the first is given back. A larger pool only moves the load at which it happens.
    Until then a short time-out of the pool.

When it is wrong
    That the first connection is still held is told by the transaction's end alone: a request with autocommit may have
    given it back. A service without a time-out never ends such requests: they leave no span, and the client's time-outs
    are all that is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.runtime.pools import Pool, Waits, beside, most_at_once, pools, size_of, stuck, waits_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "pool-deadlock"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``requests`` that stood so make a deadlock: two are the fewest that can hold each other up, three no chance.
    ``at_once`` of them waited at the same moment. ``alike_share`` is how far their waits may lie apart to be one
    time-out: timers fire late by a few per cent on a busy machine."""

    requests: int = 3
    at_once: int = 2
    alike_share: float = 0.05


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps whose requests stood still, and those that waited beside them."""
    digest = scene.digest
    for pool in pools(digest):
        waits = waits_of(digest, pool)
        stood = stuck(digest, pool, waits)
        start, end = digest.visits.first_ns[waits.visit], digest.visits.end_ns[waits.visit]
        if len(np.unique(waits.request[stood])) < limits.requests:
            continue
        most = most_at_once(start[stood], end[stood])
        if most < limits.at_once:
            continue
        hit = stood | beside(digest, waits, stood)
        for step in np.unique(digest.requests.step[waits.request[hit]]).tolist():
            mine = hit & (digest.requests.step[waits.request] == step)
            if len(np.unique(waits.request[mine])) >= limits.requests:
                yield _suspect(scene, pool, step, waits, mine, stood, most, limits)


def _suspect(
    scene: Scene,
    pool: Pool,
    step: int,
    waits: Waits,
    mine: NDArray[np.bool_],
    stood: NDArray[np.bool_],
    most: int,
    limits: Limits,
) -> Suspect:
    digest = scene.digest
    label = digest.steps[step].label
    requests = np.unique(waits.request[mine]).astype(np.int32)
    cost = np.bincount(waits.request[mine], waits.ns[mine], len(digest.requests))[requests]
    guilty = mine & stood
    here = guilty if guilty.any() else stood
    times = waits.ns[here] / 1e9
    median = float(np.median(times))
    alike = float((np.abs(times - median) <= limits.alike_share * median).mean())
    second = _operation(digest, waits, here)
    first = _first(digest, pool, int(waits.request[here][0]), int(digest.visits.first_ns[waits.visit[here][0]]))
    size = size_of(scene, pool)
    failed = int((digest.visits.errors[waits.visit[here]] > 0).sum())
    culprit = digest.steps[int(digest.requests.step[waits.request[here][0]])].label
    told = [
        Fact(
            f"{len(np.unique(waits.request[here])):,} requests of {culprit} hold a connection "
            f"and wait for a second one, {format_duration(median)} each",
            median,
            "s",
            slowest(digest, np.unique(waits.request[here]).astype(np.int32)),
        ),
        Fact("meanwhile no statement begins in that process: everybody waits for everybody"),
        Fact(
            f"{format_share(alike)} of these waits last as long as each other, as a time-out's do"
            + (f", and {failed:,} failed" if failed else ""),
            alike,
            "share",
        ),
        Fact(
            f"{most:,} of them wait at the same moment" + (f"; the pool has {size:,} connections" if size else ""),
            float(most),
            "requests",
        ),
    ]
    beside = len(requests) - len(np.unique(waits.request[guilty])) if guilty.any() else len(requests)
    if beside:
        told.append(Fact(f"{beside:,} requests of this step wait beside them for their only connection", float(beside)))
    return Suspect(
        fault=CODE,
        title=f"{label} stands still for {format_duration(float(cost.mean()) / 1e9)}: {culprit} holds a connection and "
        "waits for a second",
        step=step,
        locus=locus_of(digest, step, second),
        roles=Roles(
            parent=label,
            cause=f"{culprit} after {named(first)}" if first is not None else culprit,
            offender=second.label,
        ),
        cure="one connection a request: hand the one that is held to what asks for the second "
        f"({second.where or named(second)}), or give it back before",
        confidence=0.95 if size is None or most >= size else 0.8,
        key=(CODE, label, *stable_key(second)),
        requests=requests,
        cost_ns=np.asarray(cost, np.float64),
        cuts=tuple(Cut(number) for number in pool.waiting),
        evidence_for=tuple(told),
        evidence_against=tuple(_against(size, most)),
    )


def _against(size: int | None, most: int) -> Iterator[Fact]:
    yield Fact("that the first connection is still held is told by the transaction that has not ended")
    if size is None:
        yield Fact("no span tells how large the pool is")
    elif most < size:
        yield Fact(f"only {most} waited at once, of {size} connections", float(most), "requests")


def _operation(digest: Digest, waits: Waits, chosen: NDArray[np.bool_]) -> Operation:
    numbers = digest.visits.operation[waits.visit[chosen]]
    total = np.bincount(numbers, waits.ns[chosen], len(digest.operations))
    return digest.operations[int(total.argmax())]


def _first(digest: Digest, pool: Pool, request: int, before_ns: int) -> Operation | None:
    """The last statement that the request began before it waited."""
    low, high = np.searchsorted(digest.visits.request, [request, request + 1])
    rows = [row for row in range(int(low), int(high)) if digest.visits.first_ns[row] < before_ns]
    rows = [row for row in rows if int(digest.visits.operation[row]) in pool.working]
    return digest.operations[int(digest.visits.operation[rows[-1]])] if rows else None
