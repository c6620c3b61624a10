"""What each request asked of its databases: one row for each request and statement, whichever work asked it.

The digest tells visits by parent operation. A detector of statements wants them together: a statement whose parents
have names of their own (a span for each row), one that a mapper and its driver both tell (one span inside the other),
one whose rows are fetched in a span of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Ints, Longs, Operation
from loadstone.diagnose.suspect import Cut, Scene

__all__ = ["Asked", "aside", "asked", "duration_ns", "quickest_ns"]

QUICKEST_CALLS = 20
"""Calls of a statement before its median says how quick the database can be."""

_ASIDE = ("fetch", "prepare", "pipeline", "copy", "deallocate")
"""Spans beside a statement, as recorders and instrumentations name them."""

FETCH_SHARE = 0.8
"""A span of fetching goes with a statement where so much of its time is that statement's."""


def aside(operation: Operation) -> bool:
    """Whether it is a part of another statement: fetching rows, preparing."""
    return operation.statement is None and operation.name.lower() in _ASIDE


@dataclass(frozen=True)
class Asked:
    """Rows sorted by step, operation, request; only measured requests. Columns of one length, as in ``Visits``.

    ``parent`` is the operation that asked it first, ``parents`` how many did. ``parameters`` is at most ``count``.
    Times and ``rows`` include fetching (``fetch`` is that operation, -1 where there is none) and, of ``critical_ns``,
    spans of the driver below.
    """

    step: Ints
    operation: Ints
    request: Ints
    parent: Ints
    parents: Ints
    count: Ints
    most: Ints
    errors: Ints
    parameters: Ints
    rows: Longs
    total_ns: Longs
    busy_ns: Longs
    critical_ns: Longs
    first_ns: Longs
    last_ns: Longs
    end_ns: Longs
    fetch: Ints

    def __len__(self) -> int:
        return len(self.request)

    @cached_property
    def _groups(self) -> dict[tuple[int, int], slice]:
        if not len(self):
            return {}
        changed = np.flatnonzero((np.diff(self.step) != 0) | (np.diff(self.operation) != 0)) + 1
        bounds = [0, *changed.tolist(), len(self)]
        return {
            (int(self.step[first]), int(self.operation[first])): slice(first, last) for first, last in pairwise(bounds)
        }

    @cached_property
    def _by_request(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        order = np.argsort(self.request, kind="stable")
        most = int(self.request.max()) + 1 if len(self) else 0
        return order, np.searchsorted(self.request[order], np.arange(most + 1, dtype=np.int32))

    def of_request(self, request: int) -> NDArray[np.intp]:
        """Places of a request's rows."""
        order, bounds = self._by_request
        return order[bounds[request] : bounds[request + 1]]

    def groups(self) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
        """(step, operation, places of rows), each pair once."""
        for (step, operation), rows in self._groups.items():
            yield step, operation, np.arange(rows.start, rows.stop)

    def places(self, step: int, operation: int) -> NDArray[np.int64]:
        """Places of a statement's rows in a step."""
        rows = self._groups.get((step, operation), slice(0, 0))
        return np.arange(rows.start, rows.stop)

    def cuts(self, places: NDArray[np.int64], *, keep: int = 0, share: float = 1.0) -> tuple[Cut, ...]:
        """What is removed with these rows' statement: it, and its fetching where that is nobody else's."""
        operation = int(self.operation[places[0]])
        made = [Cut(operation, keep=keep, share=share)]
        for fetch in np.unique(self.fetch[places]).tolist():
            with_it = self.fetch == fetch
            mine = self.total_ns[with_it & (self.operation == operation)].sum()
            if fetch >= 0 and mine >= FETCH_SHARE * self.total_ns[with_it].sum():
                made.append(Cut(int(fetch), keep=keep, share=share))
        return tuple(made)


def asked(scene: Scene) -> Asked:
    """The table, for ``scene.once``."""
    digest = scene.digest
    visits = digest.visits
    statement = np.array([_statement(one) for one in digest.operations], np.bool_)
    fetching = np.array([_fetching(one) for one in digest.operations], np.bool_)
    if not len(visits) or not statement.any():
        return _empty()
    known = digest.visit_step >= 0
    below = statement[visits.parent] & (visits.parent >= 0)
    is_main = known & statement[visits.operation] & ~below
    main = np.flatnonzero(is_main)
    if not len(main):
        return _empty()
    # Visits stand by request: ordered by operation, then by step, they stand as the table does.
    main = main[_order(visits.operation[main])]
    main = main[_order(digest.visit_step[main])]
    keys = _keys(digest, visits.request[main], visits.operation[main])
    starts = np.flatnonzero(np.r_[True, np.diff(keys) != 0])
    alone = len(starts) == len(main)
    keys, head = keys[starts], main[starts]

    def added(column: NDArray[Any]) -> Longs:
        values = column[main].astype(np.int64)
        return values if alone else np.add.reduceat(values, starts)

    def of(most: np.ufunc, column: NDArray[Any]) -> NDArray[Any]:
        values = column[main]
        return values if alone else np.asarray(most.reduceat(values, starts))

    rows = visits.rows[main]
    if not alone:
        known_rows = np.maximum.reduceat(rows, starts) >= 0
        rows = np.where(known_rows, np.add.reduceat(np.maximum(rows, 0), starts), np.int64(-1))
    count = added(visits.count)
    made: dict[str, NDArray[Any]] = {
        "step": digest.visit_step[head],
        "operation": visits.operation[head],
        "request": visits.request[head],
        "parent": visits.parent[head],
        "parents": np.diff(np.r_[starts, len(main)]).astype(np.int32),
        "count": count.astype(np.int32),
        "most": of(np.maximum, visits.most),
        "errors": added(visits.errors).astype(np.int32),
        "parameters": np.minimum(added(visits.parameters), count).astype(np.int32),
        "rows": rows,
        "total_ns": added(visits.total_ns),
        "busy_ns": added(visits.busy_ns),
        "critical_ns": added(visits.critical_ns),
        "first_ns": of(np.minimum, visits.first_ns),
        "last_ns": of(np.maximum, visits.last_ns),
        "end_ns": of(np.maximum, visits.end_ns),
        "fetch": np.full(len(starts), -1, np.int32),
    }
    _drivers(digest, np.flatnonzero(known & statement[visits.operation] & below), keys, made)
    _fetched(digest, np.flatnonzero(known & fetching[visits.operation]), is_main, keys, made)
    columns: dict[str, Any] = made
    return Asked(**columns)


def _order(numbers: Ints) -> NDArray[np.intp]:
    """Places in order of small numbers, equal ones as they stood. By 16 bits numpy counts instead of comparing."""
    small = len(numbers) > 0 and int(numbers.min()) >= 0 and int(numbers.max()) < 1 << 16
    return np.argsort(numbers.astype(np.uint16) if small else numbers, kind="stable")


def _keys(digest: Digest, request: Ints, operation: Ints) -> Longs:
    """One number for each step, operation and request, ascending as the table is."""
    width = len(digest.operations) + 1
    step = np.maximum(0, digest.requests.step[request]).astype(np.int64)
    keys: Longs = (step * width + operation) * len(digest.requests) + request
    return keys


def _statement(operation: Operation) -> bool:
    return operation.family in ("database", "key-value") and not aside(operation)


def _fetching(operation: Operation) -> bool:
    return operation.family in ("database", "key-value") and aside(operation)


def _empty() -> Asked:
    longs = ("rows", "total_ns", "busy_ns", "critical_ns", "first_ns", "last_ns", "end_ns")
    columns: dict[str, Any] = {
        one.name: np.empty(0, np.int64 if one.name in longs else np.int32) for one in fields(Asked)
    }
    return Asked(**columns)


def _drivers(digest: Digest, nested: NDArray[np.int64], keys: Longs, made: dict[str, NDArray[Any]]) -> None:
    """The critical time of statements inside statements is the outer one's: a driver's span below a mapper's."""
    visits = digest.visits
    if not len(nested):
        return
    key = _keys(digest, visits.request[nested], visits.parent[nested])
    place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    there = keys[place] == key
    np.add.at(made["critical_ns"], place[there], visits.critical_ns[nested[there]])
    told = there & (visits.rows[nested] >= 0) & (made["rows"][place] < 0)
    made["rows"][place[told]] = visits.rows[nested[told]]
    said = there & (visits.parameters[nested] > 0) & (made["parameters"][place] == 0)
    made["parameters"][place[said]] = np.minimum(visits.parameters[nested[said]], made["count"][place[said]])


def _fetched(
    digest: Digest,
    fetches: NDArray[np.int64],
    is_main: NDArray[np.bool_],
    keys: Longs,
    made: dict[str, NDArray[Any]],
) -> None:
    """A span of fetching belongs to the statement of its request that began last before it."""
    if not len(fetches):
        return
    visits = digest.visits
    before = np.maximum.accumulate(np.where(is_main, np.arange(len(visits)), -1))[fetches]
    there = before >= 0
    there[there] = visits.request[before[there]] == visits.request[fetches[there]]
    fetches, before = fetches[there], before[there]
    place = np.searchsorted(keys, _keys(digest, visits.request[before], visits.operation[before]))
    for name in ("total_ns", "busy_ns", "critical_ns"):
        np.add.at(made[name], place, getattr(visits, name)[fetches])
    rows = visits.rows[fetches]
    unknown = (made["rows"][place] < 0) & (rows >= 0)
    made["rows"][place[unknown]] = 0
    np.add.at(made["rows"], place[unknown], rows[unknown])
    np.maximum.at(made["end_ns"], place, visits.end_ns[fetches])
    made["fetch"][place] = visits.operation[fetches]


def duration_ns(digest: Digest, requests: Ints) -> NDArray[np.float64]:
    """How long these requests took by their root spans."""
    return np.asarray(digest.requests.end_ns[requests] - digest.requests.start_ns[requests], np.float64)


def quickest_ns(scene: Scene, but: Operation) -> float:
    """What the quickest of the other statements of a system takes in the median: what ``but`` could come down to. 0
    where none ran often enough to tell."""
    table = scene.once(asked)
    best = 0.0
    for _, operation, places in table.groups():
        found = scene.digest.operations[operation]
        count = table.count[places]
        if found.number == but.number or found.system != but.system or found.statement is None:
            continue
        if count.sum() >= QUICKEST_CALLS:
            median = float(np.median(table.total_ns[places] / count))
            best = median if best == 0.0 else min(best, median)
    return best
