"""Requests held in memory, as a log that was read would give them: what a model generates, and parts of a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loadstone.model.hits import METHODS, NONE, PERSON, HitBatch
from loadstone.model.log_reading import LogReading
from loadstone.model.route import Route

__all__ = ["MemoryHits", "batch_of"]

BATCH = 65_536
"""Rows handed out at once."""


class MemoryHits:
    """A ``Hits`` over columns in memory. The rows are put in the order in which requests end, as a log has them; or,
    ``as_logged``, left in theirs."""

    def __init__(
        self, rows: HitBatch, routes: Sequence[Route], reading: LogReading | None = None, *, as_logged: bool = False
    ) -> None:
        order = np.argsort(rows.time_ns + np.maximum(0, rows.duration_ns), kind="stable")
        self._rows = rows if as_logged else HitBatch._make(column[order] for column in rows)
        self._routes = tuple(routes)
        self._reading = reading or LogReading(lines=len(order), hits=len(order))

    def batches(self) -> Iterator[HitBatch]:
        """The rows, some at a time."""
        for at in range(0, len(self._rows.time_ns), BATCH):
            yield HitBatch._make(column[at : at + BATCH] for column in self._rows)

    def settled(self) -> NDArray[np.int32]:
        """Each route is what it is."""
        return np.arange(len(self._routes), dtype=np.int32)

    def routes(self) -> tuple[Route, ...]:
        """The routes that rows point to."""
        return self._routes

    def reading(self) -> LogReading:
        """Nothing was read: every row is a hit."""
        return self._reading

    @property
    def rows(self) -> HitBatch:
        """All of them."""
        return self._rows


def batch_of(
    time_ns: NDArray[np.int64],
    client: NDArray[np.uint64],
    route: NDArray[np.int32],
    routes: Sequence[Route],
    *,
    value: NDArray[np.uint64] | None = None,
    duration_ns: NDArray[np.int64] | None = None,
    kind: NDArray[np.uint8] | None = None,
    status: NDArray[np.uint16] | None = None,
) -> HitBatch:
    """Rows of one length; what is not given is not told by the log, kinds are persons and statuses 200."""
    count = len(time_ns)
    known = {name: number for number, name in enumerate(METHODS)}
    methods = np.array([known.get(each.method, len(METHODS) - 1) for each in routes] + [0], dtype=np.uint8)
    return HitBatch(
        time_ns=np.asarray(time_ns, dtype=np.int64),
        duration_ns=np.full(count, NONE, dtype=np.int64) if duration_ns is None else duration_ns,
        bytes=np.full(count, NONE, dtype=np.int64),
        client=np.asarray(client, dtype=np.uint64),
        value=np.zeros(count, dtype=np.uint64) if value is None else value,
        route=np.asarray(route, dtype=np.int32),
        referer=np.full(count, NONE, dtype=np.int32),
        status=np.full(count, 200, dtype=np.uint16) if status is None else status,
        method=methods[route],
        kind=np.full(count, PERSON, dtype=np.uint8) if kind is None else kind,
    )
