"""Dependencies of a step: other services on its critical path, and how much of it is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.outgoing import CALLS
from loadstone.diagnose.digest import Digest, Operation

__all__ = ["Dependency", "dependencies"]

THROUGH = 0.9
"""A service that takes so much of nearly every request is what the step is about; the one before it passes on."""


_LOCAL = ("", "localhost", "127.0.0.1", "::1", "0.0.0.0")  # says nothing of which service it is


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another service. ``critical_ns`` is of each request of the step, in their order: its own work and the calls that
    go there, without statements and without what it asks of others; ``count`` the calls. ``way_share`` of the time is
    not in the service's own spans. ``calls`` in a request that has any. ``calls_there`` are operations that call it
    (its own where those are not traced), ``costliest`` the one with the most time. ``through``: it takes nearly all of
    every request."""

    name: str
    critical_ns: NDArray[np.float64]
    count: NDArray[np.float64]
    way_share: float
    calls: float
    calls_there: tuple[int, ...]
    costliest: int
    traced: bool
    through: bool


def dependencies(digest: Digest, step: int) -> Iterator[Dependency]:
    """Services other than the step's own, by name."""
    requests = digest.requests_of(step)
    if not len(requests):
        return
    visits, operations = digest.visits, digest.operations
    home = operations[int(np.bincount(digest.requests.route[requests]).argmax())].service
    called = _called(digest, step)
    parts: dict[str, list[tuple[int, NDArray[np.int32]]]] = {}
    for _, number, places in digest.groups(step):
        name = _whose(operations[number], home, called.get(number))
        if name is not None:
            parts.setdefault(name, []).append((number, places))
    lasts = np.maximum(digest.requests.end_ns[requests] - digest.requests.start_ns[requests], 1)
    for name, found in sorted(parts.items()):
        critical = np.zeros(len(requests))
        spent: dict[int, float] = {}
        count = np.zeros(len(requests))
        way = 0.0
        for number, places in found:
            row = np.searchsorted(requests, visits.request[places])
            np.add.at(critical, row, visits.critical_ns[places])
            took = float(visits.critical_ns[places].sum())
            spent[number] = spent.get(number, 0.0) + took
            if operations[number].family in CALLS:
                way += took
                np.add.at(count, row, visits.count[places])
        total = float(critical.sum())
        if total <= 0:
            continue
        traced = any(operations[number].family not in CALLS for number, _ in found)
        there = tuple(number for number, _ in found if operations[number].family in CALLS)
        if not there:
            for _, places in found:
                np.add.at(count, np.searchsorted(requests, visits.request[places]), visits.count[places])
        yield Dependency(
            name=name,
            critical_ns=critical,
            way_share=way / total,
            count=count,
            calls=float(count.sum() / max(1, (count > 0).sum())),
            calls_there=tuple(dict.fromkeys(there or tuple(number for number, _ in found))),
            costliest=max(spent, key=lambda number: spent[number]),
            traced=traced,
            through=traced and bool(np.median(critical / lasts) >= THROUGH),
        )


def _called(digest: Digest, step: int) -> dict[int, str]:
    """Of each call the service whose span lies below it."""
    found = {}
    for parent, number, _ in digest.groups(step):
        if parent >= 0 and digest.operations[parent].family in CALLS and digest.operations[number].family == "server":
            found[parent] = digest.operations[number].service
    return found


def _whose(operation: Operation, home: str, called: str | None) -> str | None:
    """The dependency that an operation's own time on the critical path belongs to, None for the step's own."""
    if operation.family in CALLS:
        if called is not None:
            return called if called != home else None
        return operation.label if (operation.address or "") in _LOCAL else operation.address
    if operation.family in ("server", "inside") and operation.service != home:
        return operation.service or None
    return None
