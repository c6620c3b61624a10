"""Siblings: what one parent waits for, an operation a column, so that what ran one after another can be told from what
ran side by side, over all requests at once.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest

__all__ = ["OVERLAP_NS", "OVERLAP_SHARE", "Siblings", "siblings"]

OVERLAP_NS = 1_000_000
OVERLAP_SHARE = 0.1
"""Siblings that overlap by no more are taken to be serial, as on the critical path (stats/critical_path.py)."""

WIDEST = 16
"""Operations below one parent that are looked at, the costliest: what comes after takes less than a sixteenth."""

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Siblings:
    """A row a request (places in the digest), a column an operation; all tables are of that shape.

    ``count`` spans, 0 where the request had none; ``total_ns`` their durations, ``busy_ns`` the time that one was
    running, ``first_ns`` the first start, ``end_ns`` the last end, ``failed`` of them. Only requests in which the
    parent ran once: of several parents' children it is not known who waited for whom.
    """

    parent: int
    operations: NDArray[np.int32]
    requests: NDArray[np.int32]
    count: Longs
    failed: Longs
    total_ns: Longs
    busy_ns: Longs
    first_ns: Longs
    end_ns: Longs

    def both(self, one: int, other: int) -> NDArray[np.bool_]:
        """Requests that have both columns."""
        return np.asarray((self.count[:, one] > 0) & (self.count[:, other] > 0))

    def before(self, one: int, other: int) -> NDArray[np.bool_]:
        """Requests in which column ``one`` had ended when ``other`` began, small overlaps aside."""
        overlap = self.end_ns[:, one] - self.first_ns[:, other]
        shorter = np.minimum(
            self.end_ns[:, one] - self.first_ns[:, one], self.end_ns[:, other] - self.first_ns[:, other]
        )
        serial = (overlap <= 0) | ((overlap <= OVERLAP_NS) & (overlap <= OVERLAP_SHARE * shorter))
        return np.asarray(self.both(one, other) & serial)


def siblings(digest: Digest, step: int, wanted: Container[int]) -> Iterator[Siblings]:
    """Of each parent operation of a step the children that are ``wanted`` (numbers of operations), where there are at
    least two of them."""
    visits = digest.visits
    below: dict[int, list[tuple[int, NDArray[np.int32]]]] = {}
    for parent, operation, places in digest.groups(step):
        if operation in wanted:
            below.setdefault(parent, []).append((operation, places))
    parents = {parent for parent, found in below.items() if len(found) > 1}
    if not parents:
        return
    single = _single(digest, step, parents)
    for parent, found in below.items():
        if parent in parents and len(single.get(parent, ())):
            found.sort(key=lambda pair: -int(visits.busy_ns[pair[1]].sum()))
            yield _table(digest, parent, found[:WIDEST], single[parent])


def _single(digest: Digest, step: int, parents: set[int]) -> dict[int, NDArray[np.int32]]:
    """Requests in which the operation ran once, by operation, in order."""
    visits = digest.visits
    places = digest.visits_of(step)
    found = {}
    for parent in parents:
        mine = places[visits.operation[places] == parent]
        requests, where = np.unique(visits.request[mine], return_inverse=True)
        times = np.bincount(where, weights=visits.count[mine], minlength=len(requests))
        found[parent] = requests[times == 1].astype(np.int32)
    if -1 in parents:
        found[-1] = digest.requests_of(step)
    return found


def _table(
    digest: Digest, parent: int, found: list[tuple[int, NDArray[np.int32]]], allowed: NDArray[np.int32]
) -> Siblings:
    visits = digest.visits
    having = np.unique(np.concatenate([visits.request[places] for _, places in found]))
    requests = having[np.isin(having, allowed)].astype(np.int32)
    shape = (len(requests), len(found))
    columns = ("count", "errors", "total_ns", "busy_ns", "first_ns", "end_ns")
    tables = {name: np.zeros(shape, np.int64) for name in columns}
    for column, (_, places) in enumerate(found):
        kept = places[np.isin(visits.request[places], requests)]
        rows = np.searchsorted(requests, visits.request[kept])
        for name, table in tables.items():
            table[rows, column] = getattr(visits, name)[kept]
    tables["failed"] = tables.pop("errors")
    return Siblings(parent, np.array([operation for operation, _ in found], np.int32), requests, **tables)
