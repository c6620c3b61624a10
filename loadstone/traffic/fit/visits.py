"""Visits: what one client asked for until it paused for longer than the idle time.

Requests stream through. Only visits that may still go on are held, so that memory follows the traffic of one idle time
and not the length of the log. Files that are a little out of order do no harm: what has come together is put in order
before it is cut. Within a visit requests stand in the order in which they were answered, which is that of the log: a
clock of whole seconds, with exact durations taken off it, would turn some around.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_OPEN", "VisitStream", "Visits"]

TOGETHER = 262_144
"""Rows that are sorted together at least: fewer would be sorted again and again."""

MOST_OPEN = 4_000_000
"""Rows of open visits held at most, some 160 MB: 2,200 requests a second at an idle time of half an hour."""

LONGEST = 10_000
"""Requests after which a visit is cut: nobody clicks that often without a pause of half an hour."""

LATE = 0.99
"""The log has come to where this share of the rows at hand lies: one line dated next year closes nothing."""


class Visits(NamedTuple):
    """Whole visits, rows of one after the other, in order of their end: visit v has ``starts[v]:starts[v + 1]``."""

    starts: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    value: NDArray[np.uint64]
    route: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Requests of each."""
        return np.diff(self.starts)

    @property
    def of_row(self) -> NDArray[np.int64]:
        """Which visit each row is of."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def chosen(self, mask: NDArray[np.bool_]) -> Visits:
        """Those visits alone."""
        rows = np.repeat(mask, self.lengths)
        starts = np.concatenate([[0], np.cumsum(self.lengths[mask])])
        return Visits(starts, self.time_ns[rows], self.end_ns[rows], self.value[rows], self.route[rows])

    @staticmethod
    def joined(parts: list[Visits]) -> Visits:
        """One after the other."""
        if not parts:
            none = np.zeros(0, dtype=np.int64)
            return Visits(np.zeros(1, dtype=np.int64), none, none, none.astype(np.uint64), none.astype(np.int32))
        lengths = np.concatenate([part.lengths for part in parts])
        columns = (np.concatenate([part[at] for part in parts]) for at in range(1, 5))
        return Visits(np.concatenate([[0], np.cumsum(lengths)]), *columns)


class _Rows(NamedTuple):
    client: NDArray[np.uint64]
    time_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    value: NDArray[np.uint64]
    route: NDArray[np.int32]


class VisitStream:
    """Cuts rows into visits, by the end of requests or, where a log rounds their starts, by those.

    ``cut`` counts those that were ended because too much was open, or they were too long.
    """

    def __init__(self, idle_ns: int, *, by_end: bool = True) -> None:
        self._idle_ns = idle_ns
        self._by_end = by_end
        self._held: list[_Rows] = []
        self._open = 0
        self._waiting = 0
        self.cut = 0

    def add(
        self,
        client: NDArray[np.uint64],
        time_ns: NDArray[np.int64],
        end_ns: NDArray[np.int64],
        value: NDArray[np.uint64],
        route: NDArray[np.int32],
    ) -> Iterator[Visits]:
        """More rows; yields what is over by now."""
        self._held.append(_Rows(client, time_ns, end_ns, value, route))
        self._waiting += len(client)
        if self._waiting >= max(TOGETHER, self._open):
            yield self._close(last=False)

    def finish(self) -> Visits:
        """All that is left."""
        return self._close(last=True)

    def _close(self, *, last: bool) -> Visits:
        if not self._held:
            return Visits.joined([])
        rows = _Rows._make(np.concatenate([part[at] for part in self._held]) for at in range(5))
        at_ns = rows.end_ns if self._by_end else rows.time_ns
        order = np.lexsort((at_ns, rows.client))  # stable: a log has one second's requests in their order
        at_ns = at_ns[order]
        rows = _Rows._make(column[order] for column in rows)
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (rows.client[1:] != rows.client[:-1]) | (np.diff(at_ns) > self._idle_ns)
        starts = np.append(np.flatnonzero(begins), len(order))
        starts = self._shortened(starts)
        ends = at_ns[starts[1:] - 1] if len(order) else at_ns
        over = np.ones(len(starts) - 1, dtype=bool)
        if not last and len(order):
            reached = int(np.quantile(at_ns, LATE, method="lower"))
            over = ends < reached - self._idle_ns
            left = int(np.diff(starts)[~over].sum())
            if left > MOST_OPEN:
                oldest = np.argsort(ends, kind="stable")
                sizes = np.cumsum(np.where(over, 0, np.diff(starts))[oldest])
                more = oldest[sizes <= left - MOST_OPEN // 2]
                self.cut += int((~over[more]).sum())
                over[more] = True
        visits = Visits(starts, rows.time_ns, rows.end_ns, rows.value, rows.route)
        kept = np.repeat(~over, np.diff(starts))
        self._held = [_Rows._make(column[kept] for column in rows)]
        self._open, self._waiting = int(kept.sum()), 0
        return visits.chosen(over)

    def _shortened(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        long = np.flatnonzero(np.diff(starts) > LONGEST)
        if not len(long):
            return starts
        extra = [np.arange(starts[at] + LONGEST, starts[at + 1], LONGEST) for at in long.tolist()]
        self.cut += sum(map(len, extra))
        return np.unique(np.concatenate([starts, *extra]))
