"""Connection churn: the service opens a connection to its database for each request.

What it sees
    Spans of connecting in a tenth of a step's requests or more, all through the run and not only while it warms up,
    that take a twentieth of these requests' time.

Why it hurts
    PostgreSQL forks a process for each connection; TCP, TLS and the log-in take several ways there and back. A
    connection costs more than most statements, and under load the server's limit of connections is reached.

Evidence it needs
    Spans of connecting (the recorder's, or an instrumentation's that tells them).

Example
    ``psycopg.connect(…)`` in the function that answers a request; Django with ``CONN_MAX_AGE = 0``, its default.

Cure
    Keep connections open and share them: a pool that is made once in each process (``psycopg_pool.ConnectionPool``,
    SQLAlchemy's ``Engine``, ``pg.Pool``, HikariCP), Django's ``CONN_MAX_AGE`` or ``"pool": True``, PgBouncer between
    many processes and one server. A pool that overflows under load churns too: give it the size that it needs.

When it is wrong
    Where each request is a process of its own (a serverless function): then the pool must stand outside of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import duration_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "connection-churn"
NEEDS = ("spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``share`` of a step's requests connect, and ``connects`` in all: a pool of ten or twenty fills itself without
    harm. In the ``late`` half of the run at least ``late_share`` of them: else it was the warm-up. They take
    ``cost_share`` of the time of the requests that connect."""

    share: float = 0.1
    connects: int = 20
    late_share: float = 0.25
    cost_share: float = 0.05


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Connections that the requests of a step open."""
    digest = scene.digest
    connecting = np.array([one.family == "connect" for one in digest.operations] or [False], np.bool_)
    if not connecting.any():
        return
    for step in range(len(digest.steps)):
        for _, operation, places in _outermost(scene, step, connecting):
            found = _suspect(scene, step, digest.operations[operation], places, limits)
            if found is not None:
                yield found


def _outermost(scene: Scene, step: int, connecting: NDArray[np.bool_]) -> Iterator[tuple[int, int, NDArray[np.int32]]]:
    """Visits of each connecting operation that is in no other one, whatever work it is below."""
    visits, places = scene.digest.visits, scene.digest.visits_of(step)
    inside = (visits.parent[places] >= 0) & connecting[visits.parent[places]]
    places = places[connecting[visits.operation[places]] & ~inside]
    for operation in np.unique(visits.operation[places]).tolist():
        yield -1, operation, places[visits.operation[places] == operation]


def _suspect(
    scene: Scene, step: int, operation: Operation, places: NDArray[np.int32], limits: Limits
) -> Suspect | None:
    digest = scene.digest
    visits = digest.visits
    requests, place = np.unique(visits.request[places], return_inverse=True)
    every = digest.requests_of(step)
    connects = int(visits.count[places].sum())
    if connects < limits.connects or len(requests) < limits.share * len(every):
        return None
    starts = digest.requests.start_ns[every]
    middle = (int(starts.min()) + int(starts.max())) // 2
    late = float((digest.requests.start_ns[requests] >= middle).mean())
    if late < limits.late_share:
        return None
    lasts = duration_ns(digest, requests)
    added = np.bincount(place, visits.total_ns[places].astype(np.float64), len(requests))
    cost: NDArray[np.float64] = np.minimum(added, lasts)
    if cost.sum() < limits.cost_share * lasts.sum():
        return None
    each_s = float(visits.total_ns[places].sum()) / connects / 1e9
    share = len(requests) / len(every)
    told = [
        Fact(
            f"{format_share(share)} of {len(every):,} requests open a connection",
            share,
            "share",
            slowest(digest, requests),
        ),
        Fact(f"each takes {format_duration(each_s)}", each_s, "s"),
        Fact(f"{format_share(late)} of them are in the second half of the run", late, "share"),
    ]
    failed = int(visits.errors[places].sum())
    if failed:
        told.append(Fact(f"{failed} of {connects} failed", float(failed), "connections"))
    doubts = []
    if share < 0.9:
        doubts.append(Fact("not every request connects: a pool may be there that is too small", share, "share"))
    return Suspect(
        fault=CODE,
        title=f"connection churn: {format_share(share)} of requests open a connection to "
        f"{operation.system or 'a database'}, {format_duration(each_s)} each",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(offender=operation.label),
        cure=cure("connections", scene, operation),
        confidence=0.9 - 0.15 * len(doubts),
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests.astype(np.int32),
        cost_ns=cost,
        cuts=(Cut(operation.number),),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )
