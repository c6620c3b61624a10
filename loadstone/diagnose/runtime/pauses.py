"""Moments in which a whole process stood still, and how much of each request's time they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.suspect import Scene

__all__ = ["Pauses", "during", "longer", "paused", "pauses_of"]


@dataclass(frozen=True)
class Pauses:
    """One row a pause, by start. ``process`` is -1 where it is unknown; ``request`` the place of the request that set
    it off, -1 where none is known. ``name`` and ``detail`` are texts, "" and None where missing."""

    start_ns: NDArray[np.int64]
    duration_ns: NDArray[np.int64]
    process: NDArray[np.int64]
    request: NDArray[np.int64]
    name: NDArray[Any]
    detail: NDArray[Any]

    def __len__(self) -> int:
        return len(self.start_ns)


def pauses_of(scene: Scene) -> Pauses:
    """Garbage collections of every process, as far as they have an instant and a duration."""
    place = {trace.tobytes(): number for number, trace in enumerate(scene.digest.requests.trace_id)}
    rows: list[tuple[int, int, int, int, str, Any]] = []
    names = ("at_ns", "duration_ns", "process_pid", "trace_id", "name", "detail")
    for batch in scene.rows("waits", names, where="kind = 'gc' AND duration_ns > 0 AND at_ns IS NOT NULL"):
        for at, duration, pid, trace, name, detail in zip(*(batch[one].tolist() for one in names), strict=True):
            request = -1 if trace is None else place.get(trace, -1)
            rows.append((at, duration, -1 if pid is None else pid, request, name or "", detail))
    rows.sort(key=lambda row: row[0])
    at, lasts, pids, requests, kinds, details = zip(*rows, strict=True) if rows else ((),) * 6
    return Pauses(
        np.array(at, np.int64),
        np.array(lasts, np.int64),
        np.array(pids, np.int64),
        np.array(requests, np.int64),
        _objects(kinds),
        _objects(details),
    )


def longer(pauses: Pauses, least_s: float) -> Pauses:
    """Those of at least so many seconds."""
    return _chosen(pauses, pauses.duration_ns >= least_s * 1e9)


def during(digest: Digest, pauses: Pauses) -> Pauses:
    """Those that lie within the measured part of the run."""
    measured = digest.requests.measured
    if not measured.any():
        return _chosen(pauses, np.zeros(len(pauses), np.bool_))
    first, last = int(digest.requests.start_ns[measured].min()), int(digest.requests.end_ns[measured].max())
    return _chosen(pauses, (pauses.start_ns < last) & (pauses.start_ns + pauses.duration_ns > first))


def paused(digest: Digest, pauses: Pauses) -> NDArray[np.float64]:
    """Of each request, the nanoseconds in which its process stood still; 0 where its process is unknown."""
    requests = digest.requests
    lost = np.zeros(len(requests), np.float64)
    for pid in np.unique(pauses.process).tolist():
        mine, served = pauses.process == pid, np.flatnonzero(requests.process == pid)
        if pid < 0 or not len(served):
            continue
        start, end = _joined(pauses.start_ns[mine], pauses.duration_ns[mine])
        upto = np.concatenate([[0], np.cumsum(end - start)])
        lost[served] = _before(requests.end_ns[served], start, end, upto) - _before(
            requests.start_ns[served], start, end, upto
        )
    return np.maximum(lost, 0)


def _joined(start: NDArray[np.int64], lasts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pauses that overlap (a collection within another) as one."""
    reach = np.maximum.accumulate(start + lasts)
    first = np.concatenate([[True], start[1:] > reach[:-1]])
    return start[first], reach[np.concatenate([first[1:], [True]])]


def _before(
    at: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], upto: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Nanoseconds paused before an instant."""
    place = np.searchsorted(start, at, "right")
    inside = np.where(place > 0, np.minimum(at, end[place - 1]) - end[place - 1], 0)
    return np.asarray(upto[place] + inside, np.float64)


def _chosen(pauses: Pauses, rows: NDArray[np.bool_]) -> Pauses:
    return Pauses(
        pauses.start_ns[rows],
        pauses.duration_ns[rows],
        pauses.process[rows],
        pauses.request[rows],
        pauses.name[rows],
        pauses.detail[rows],
    )


def _objects(values: tuple[Any, ...]) -> NDArray[Any]:
    made = np.empty(len(values), object)
    made[:] = values
    return made
