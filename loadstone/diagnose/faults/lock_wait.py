"""Lock wait: statements queue up for a row or a table that another transaction holds.

What it sees
    Looks at the database's sessions show a statement waiting for a lock, often enough to make up a quarter of its time
    or more. What the session in the way was doing at those moments is named as the cause. On SQLite, which has one
    writer, the time that ``BEGIN IMMEDIATE`` takes is that wait.

Why it hurts
    Whoever holds the lock sets the pace for all: the service's throughput on that row is one over the time that it is
    held, whatever the number of workers, connections or cores. Waiting sessions keep their connections, so the pool
    runs dry next (a convoy).

Evidence it needs
    The database's waits (a DSN of PostgreSQL), or spans of SQLite's transactions; and spans of the statements.

Example
    Every order counts itself in one row, at the beginning of its transaction, and then takes 50 ms for the rest::

        UPDATE counter SET orders = orders + 1 WHERE day = ?      -- waits for the order before

Cure
    Hold it for a shorter time: touch the contended row last, right before COMMIT; do calls of other services and slow
    work before the transaction. Or contend less: insert rows and add them up later, spread the counter over several
    rows, ``SELECT … FOR UPDATE SKIP LOCKED`` for queues. ``idle in transaction`` as the holder means that the service
    is doing other things while it holds the lock.

When it is wrong
    Looks are samples, ten a second: a few of them say little of short waits. A migration or a backup may have held the
    lock once; that is not how the service always is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.blocked import Blocked, blocked
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "lock-wait"
NEEDS = ("locks", "database spans")


@dataclass(frozen=True, slots=True)
class Limits:
    """A request waited where its statement took ``times`` what the quickest twentieth takes and ``each_s`` more.
    ``cost_share`` of the time of those requests is lost; ``requests`` must show it. ``begin_s`` is what BEGIN IMMEDIATE
    of SQLite takes at most without waiting (measured: 2 us in the median), and ``begin_share`` of those requests' time
    it must be: a writer that meets another one now and then is no convoy. How much of a statement's time must be seen
    waiting is in ``loadstone.diagnose.database.blocked``."""

    times: float = 2.0
    each_s: float = 0.001
    cost_share: float = 0.1
    requests: int = 3
    begin_s: float = 0.001
    begin_share: float = 0.25


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements of a step that wait for locks."""
    held = scene.once(blocked)
    for step, number, places in scene.once(asked).groups() if held else ():
        operation = scene.digest.operations[number]
        found = held.get(operation.statement or "")
        if found is not None:
            suspect = _suspect(scene, step, operation, places, found, limits)
            if suspect is not None:
                yield suspect
    yield from _sqlite(scene, limits)


def _suspect(
    scene: Scene, step: int, operation: Operation, places: NDArray[np.int64], found: Blocked, limits: Limits
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    each_ns = table.total_ns[places] / table.count[places]
    more_ns = each_ns - found.base_ns
    waited = (each_ns >= limits.times * found.base_ns) & (more_ns >= 1e9 * limits.each_s)
    if waited.sum() < limits.requests:
        return None
    chosen = places[waited]
    requests = table.request[chosen]
    cost = np.minimum(table.critical_ns[chosen], more_ns[waited] * table.count[chosen])
    seen = min(1.0, found.share * float(table.total_ns[places].sum()) / max(1.0, float(cost.sum())))
    cost = cost * seen
    if cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    waits = found.waits
    mean_s = float(cost.mean()) / 1e9
    told = [
        Fact(
            f"seen waiting for a lock {waits.looks} times ({', '.join(sorted(waits.kinds))}): "
            f"{format_share(found.share)} of its time over the run",
            found.share,
            "share",
        ),
        Fact(
            f"{len(requests):,} requests wait {format_duration(mean_s)} each; without a wait it takes "
            f"{format_duration(found.base_ns / 1e9)}",
            mean_s,
            "s",
            slowest(digest, requests),
        ),
    ]
    holder = waits.holders.most_common(1)
    if holder:
        words, times = holder[0]
        told.append(Fact(f"in the way was: {_cut(words)}", times / waits.looks, "share of looks"))
    if waits.together > 1:
        told.append(Fact(f"up to {waits.together} sessions wait for it at once", float(waits.together), "sessions"))
    if waits.chained:
        told.append(Fact("those in the way wait themselves: a convoy", waits.chained / waits.looks, "share of looks"))
    doubts = []
    if waits.looks < 20:
        doubts.append(Fact(f"{waits.looks} looks only: the wait is known roughly", float(waits.looks), "looks"))
    if not holder:
        doubts.append(Fact("who held the lock was not seen"))
    return _made(
        scene, step, operation, requests, cost, told, doubts,
        cause=_cut(holder[0][0]) if holder else None,
        cuts=table.cuts(chosen, share=min(1.0, float(cost.sum() / max(1.0, table.total_ns[chosen].sum())))),
        confidence=max(0.5, 0.95 - 0.15 * len(doubts)),
    )  # fmt: skip


def _sqlite(scene: Scene, limits: Limits) -> Iterator[Suspect]:
    """Transactions of SQLite that begin as writers: what their BEGIN takes is the wait for the writer before."""
    digest = scene.digest
    visits = digest.visits
    for step in range(len(digest.steps)):
        for _, number, places in digest.groups(step):
            operation = digest.operations[number]
            if operation.family != "transaction" or operation.system != "sqlite" or not _writes(operation.label):
                continue
            more_ns = visits.total_ns[places] - 1e9 * limits.begin_s * visits.count[places]
            waited = more_ns > 0
            if waited.sum() < limits.requests:
                continue
            requests = visits.request[places[waited]]
            cost = np.minimum(more_ns[waited], visits.critical_ns[places[waited]]).astype(np.float64)
            if cost.sum() < limits.begin_share * duration_ns(digest, requests).sum():
                continue
            mean_s = float(cost.mean()) / 1e9
            told = [
                Fact(
                    f"{len(requests):,} requests wait {format_duration(mean_s)} each for the one writer before them",
                    mean_s,
                    "s",
                    slowest(digest, requests),
                )
            ]
            doubts = [Fact("who held the lock was not seen: SQLite does not tell")]
            share = min(1.0, float(cost.sum() / max(1.0, visits.total_ns[places[waited]].sum())))
            yield _made(
                scene, step, operation, requests, cost, told, doubts,
                cause="the writer before", cuts=(Cut(number, share=share),), confidence=0.85,
            )  # fmt: skip


def _writes(words: str) -> bool:
    told = words.upper()
    return told.startswith("BEGIN") and ("IMMEDIATE" in told or "EXCLUSIVE" in told)


def _made(
    scene: Scene,
    step: int,
    operation: Operation,
    requests: NDArray[np.int32],
    cost: NDArray[np.float64],
    told: list[Fact],
    doubts: list[Fact],
    *,
    cause: str | None,
    cuts: tuple[Cut, ...],
    confidence: float,
) -> Suspect:
    digest = scene.digest
    return Suspect(
        fault=CODE,
        title=f"lock wait: {format_duration(float(cost.mean()) / 1e9)} in {len(requests):,} requests: "
        f"{named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(cause=cause, offender=operation.label),
        cure=cure("lock", scene, operation),
        confidence=confidence,
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost,
        cuts=cuts,
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )


def _cut(words: str, length: int = 120) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= length else f"{plain[: length - 1]}…"
