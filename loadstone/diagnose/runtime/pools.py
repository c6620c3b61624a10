"""Connection pools as traces show them: who waits for a connection, who holds one, for how long and doing what.

A pool's wait is a span where a library or the recorder makes one. That a connection is held is in no span: it is taken
to be held from a request's first statement (or the end of its wait for the pool) to its last one, which is the least
it can be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.suspect import Scene
from loadstone.diagnose.traces.operations import POOL

__all__ = [
    "Holds",
    "Pool",
    "Waits",
    "beside",
    "holds_of",
    "is_wait",
    "most_at_once",
    "pools",
    "size_of",
    "stuck",
    "waits_of",
]

_STORES = ("redis", "valkey", "memcached")
_RELEASE = re.compile(r"^(commit|rollback)\b", re.I)

CEILING_SHARE = 0.95
"""Waits that come so near to the longest of them ended at one time-out: timers are late by a few per cent at most."""

CEILING_S = 0.25
"""A time-out below this is nobody's: psycopg_pool's is 30 s, SQLAlchemy's 30, HikariCP's 30 and at least .25."""

STILL_SHARE = 0.5
"""Of a wait, the longest stretch in which nobody of the process began a statement, from which it was stuck."""


HAND_OVER_NS = 1_000_000
"""A wait below a millisecond is what handing over a connection takes."""


@dataclass(frozen=True)
class Pool:
    """One service's pool of one kind: the operations that wait for it, and those that work on its connections."""

    service: str
    waiting: tuple[int, ...]
    working: tuple[int, ...]


@dataclass(frozen=True)
class Waits:
    """A row for each visit of a waiting operation: its place in the visits, its request, and the nanoseconds waited
    (opening a connection, which is a span of its own, left out)."""

    visit: NDArray[np.int32]
    request: NDArray[np.int32]
    ns: NDArray[np.float64]


@dataclass(frozen=True)
class Holds:
    """A row for each request that worked on a connection: from when to when at least, and for how long statements ran
    meanwhile, in nanoseconds."""

    request: NDArray[np.int32]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    working_ns: NDArray[np.float64]

    @property
    def held_ns(self) -> NDArray[np.float64]:
        """How long each was held."""
        return np.asarray(np.maximum(self.end_ns - self.start_ns, 0), np.float64)


def is_wait(operation: Operation) -> bool:
    """Whether it waits for a connection of a pool."""
    if operation.family == "pool":
        return True
    return operation.family in ("connect", "rpc") and POOL.search(operation.name) is not None


def pools(digest: Digest) -> Iterator[Pool]:
    """The pools that somebody waits for."""
    waiting: dict[tuple[str, bool], list[int]] = {}
    for one in digest.operations:
        if is_wait(one):
            waiting.setdefault((one.service, _store(one)), []).append(one.number)
    for (service, store), numbers in sorted(waiting.items()):
        families = ("key-value",) if store else ("database", "transaction")
        working = [one.number for one in digest.operations if one.service == service and one.family in families]
        yield Pool(service, tuple(numbers), tuple(working))


def waits_of(digest: Digest, pool: Pool) -> Waits:
    """Every wait for the pool in requests that are measured."""
    visits = digest.visits
    chosen = np.zeros(len(digest.operations), np.bool_)
    chosen[list(pool.waiting)] = True
    rows = np.flatnonzero(chosen[visits.operation] & (digest.visit_step >= 0)).astype(np.int32)
    return Waits(rows, visits.request[rows], np.maximum(visits.own_ns[rows], 0).astype(np.float64))


def holds_of(digest: Digest, pool: Pool) -> Holds:
    """Who held a connection."""
    visits = digest.visits
    chosen = np.zeros(len(digest.operations), np.bool_)
    chosen[list(pool.working)] = True
    rows = np.flatnonzero(chosen[visits.operation] & (digest.visit_step >= 0))
    if not len(rows):
        return Holds(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    requests, first = np.unique(visits.request[rows], return_index=True)
    start = np.minimum.reduceat(visits.first_ns[rows], first)
    end = np.maximum.reduceat(visits.end_ns[rows], first)
    working = np.add.reduceat(np.maximum(visits.busy_ns[rows], 0).astype(np.float64), first)
    return Holds(requests.astype(np.int32), start, end, np.minimum(working, np.maximum(end - start, 0)))


def most_at_once(start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> int:
    """The most intervals that overlap."""
    if not len(start_ns):
        return 0
    edges = np.concatenate([start_ns, np.maximum(end_ns, start_ns)])
    change = np.repeat(np.array([1, -1], np.int64), len(start_ns))
    order = np.lexsort((change, edges))
    return int(np.cumsum(change[order]).max())


def size_of(scene: Scene, pool: Pool) -> int | None:
    """Connections that one pool may hold, where a span says so."""
    names = [scene.digest.operations[number].name for number in pool.waiting]
    if not all(re.fullmatch(r"[\w .:-]+", name) for name in names):
        return None
    listed = ", ".join(f"'{name}'" for name in sorted(set(names)))
    for batch in scene.rows("spans", ("attributes",), where=f"name IN ({listed}) AND attributes IS NOT NULL"):
        for text in batch["attributes"].tolist():
            size = _size(text)
            if size is not None:
                return size
        break
    return None


def stuck(digest: Digest, pool: Pool, waits: Waits) -> NDArray[np.bool_]:
    """Which waits were part of a deadlock: of a request that held a connection already, up to a time-out, while
    nobody of the process got on. Bool of the waits' length."""
    found = np.zeros(len(waits.visit), np.bool_)
    if not len(found):
        return found
    visits = digest.visits
    longest = float(waits.ns.max())
    if longest < CEILING_S * 1e9:
        return found
    gave_up = (visits.errors[waits.visit] > 0) | (waits.ns >= CEILING_SHARE * longest)
    gave_up &= waits.ns >= CEILING_S * 1e9
    candidates = [place for place in np.flatnonzero(gave_up).tolist() if _held(digest, pool, waits, place)]
    if len(candidates) < 2:
        return found
    begun = _begun(digest, pool)
    for place in candidates:
        visit, request = int(waits.visit[place]), int(waits.request[place])
        moments = begun.get(int(digest.requests.process[request]), np.empty(0, np.int64))
        found[place] = _stood_still(moments, int(visits.first_ns[visit]), int(visits.end_ns[visit]))
    return found


def beside(digest: Digest, waits: Waits, stood: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which waits lie to a half or more within the time in which the ``stood`` ones did: the other victims."""
    found = np.zeros(len(waits.visit), np.bool_)
    if not stood.any():
        return found
    start, end = digest.visits.first_ns[waits.visit], digest.visits.end_ns[waits.visit]
    order = np.argsort(start[stood], kind="stable")
    begins, ends = start[stood][order], np.maximum.accumulate(end[stood][order])
    first = np.concatenate([[True], begins[1:] > ends[:-1]])
    begins, ends = begins[first], np.concatenate([ends[:-1][first[1:]], ends[-1:]])
    place = np.clip(np.searchsorted(begins, start, "right") - 1, 0, len(begins) - 1)
    inside = np.zeros(len(start), np.float64)
    for near in (place, np.minimum(place + 1, len(begins) - 1)):
        inside = np.maximum(inside, np.minimum(end, ends[near]) - np.maximum(start, begins[near]))
    return np.asarray((inside >= 0.5 * np.maximum(end - start, 1)) & (waits.ns >= HAND_OVER_NS), np.bool_)


def _held(digest: Digest, pool: Pool, waits: Waits, place: int) -> bool:
    """Whether the request had begun a statement before it waited, and had not ended its transaction since."""
    visits, request = digest.visits, int(waits.request[place])
    since = int(visits.first_ns[waits.visit[place]])
    low, high = np.searchsorted(visits.request, [request, request + 1])
    last = released = -1
    for row in range(int(low), int(high)):
        number = int(visits.operation[row])
        if number not in pool.working or visits.first_ns[row] >= since:
            continue
        moment = int(visits.last_ns[row]) if visits.last_ns[row] < since else int(visits.first_ns[row])
        operation = digest.operations[number]
        if operation.family == "transaction" and _RELEASE.match(operation.label):
            released = max(released, moment)
        else:
            last = max(last, moment)
    return last >= 0 and released < last


def _begun(digest: Digest, pool: Pool) -> dict[int, NDArray[np.int64]]:
    """When statements began, by process, sorted."""
    visits = digest.visits
    chosen = np.zeros(len(digest.operations), np.bool_)
    chosen[list(pool.working)] = True
    rows = np.flatnonzero(chosen[visits.operation])
    process = digest.requests.process[visits.request[rows]]
    found = {}
    for pid in np.unique(process).tolist():
        mine = rows[process == pid]
        found[pid] = np.unique(np.concatenate([visits.first_ns[mine], visits.last_ns[mine]]))
    return found


def _stood_still(moments: NDArray[np.int64], start: int, end: int) -> bool:
    low, high = np.searchsorted(moments, [start, end])
    edges = np.concatenate([[start], moments[low:high], [end]])
    return bool(np.diff(edges).max() >= STILL_SHARE * (end - start))


def _store(operation: Operation) -> bool:
    return operation.system in _STORES or operation.scope in _STORES


def _size(text: Any) -> int | None:  # noqa: ANN401 - whatever the column holds
    if not isinstance(text, str) or "max" not in text:
        return None
    try:
        told = json.loads(text)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    for name in ("db.client.connection.max", "db.client.connections.max", "pool.max", "hikaricp.max"):
        size = told.get(name)
        if isinstance(size, int) and 0 < size < 1_000_000:
            return size
    return None
