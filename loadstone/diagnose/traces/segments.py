"""Single spans of chosen requests and operations, read in a second pass: what a digest has added up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.traces.operations import KEY_SQL, number_of
from loadstone.diagnose.traces.reading import NUMBERS, spans_of
from loadstone.diagnose.traces.whole import whole
from loadstone.model.evidence import Evidence, Keyed
from loadstone.stats.paths import DOUBLE, ROOT, laid_out

__all__ = ["FEW", "Segments", "segments_of"]

FEW = 1000
"""So many traces are asked for by their ids; of more, all are read that lie in their time."""

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Segments:
    """Spans by request, then start. ``request`` is a place in the digest's requests, ``operation`` and ``parent``
    places in its operations (``parent`` -1 at the root); instants in nanoseconds of the host's wall clock."""

    request: Ints
    operation: Ints
    parent: Ints
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    span_id: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.request)


def segments_of(evidence: Evidence, digest: Digest, requests: Ints, wanted: Callable[[Operation], bool]) -> Segments:
    """The spans of these requests whose operation is ``wanted``."""
    keep = np.array([wanted(one) for one in digest.operations] + [False], np.bool_)  # the last for one not known
    if not len(requests) or not keep.any():
        return _segments([])
    ids = np.unique(_texts(digest.requests.trace_id[requests])).view("V16")
    chosen = _Chosen(digest, ids, requests)
    where = f"trace_id IN ({', '.join(map(_literal, ids))})" if len(ids) <= FEW else chosen.reach()
    found: list[tuple[NDArray[Any], ...]] = []
    for batch in whole(evidence.keyed(NUMBERS, {"operation": KEY_SQL}, where), chosen.meet):
        trace = chosen.traces(batch)
        batch, trace = batch.chosen(trace >= 0), trace[trace >= 0]
        if not len(batch):
            continue
        operation = chosen.operations(batch)
        laid = laid_out(spans_of(batch, np.maximum(operation, 0)))
        asked = chosen.requests(trace, laid.piece)
        rows = np.flatnonzero(keep[operation] & (laid.above != DOUBLE) & (asked >= 0))
        above = laid.above[rows]
        parent = np.where(above == ROOT, -1, operation[above])
        spans = batch.span[rows].astype(">u8").view("V8")
        found.append((asked[rows], operation[rows], parent, laid.start_ns[rows], laid.end_ns[rows], spans))
    return _segments(found)


class _Chosen:
    """What the batches of a second pass stand for in the digest."""

    def __init__(self, digest: Digest, ids: NDArray[np.void], requests: Ints) -> None:
        self._digest = digest
        texts = _texts(digest.requests.trace_id)
        of = np.searchsorted(_texts(ids), texts)
        of[of == len(ids)] = 0
        rows = np.flatnonzero(_texts(ids)[of] == texts)  # of the traces' requests, in order of start
        order = np.argsort(of[rows], kind="stable")
        self._rows = rows[order]
        self._first = np.searchsorted(of[rows][order], np.arange(len(ids) + 1))
        self._chosen = np.zeros(len(texts), np.bool_)
        self._chosen[requests] = True
        self._traces = {one.tobytes(): place for place, one in enumerate(ids)}
        self._operations: list[int] = []
        self._hashes = np.empty(0, np.uint64)
        self._places = np.empty(0, np.int64)

    def reach(self) -> str:
        """SQL of the time in which the traces' spans begin; none where some had no time, or another clock's."""
        defects, visits = self._digest.defects, self._digest.visits
        if defects.reversed or defects.shifted:
            return ""
        within = np.zeros(len(self._chosen), np.bool_)
        within[self._rows] = True
        places = within[visits.request]
        return f"start_ns BETWEEN {visits.first_ns[places].min()} AND {visits.last_ns[places].max()}"

    def meet(self, batch: Keyed) -> None:
        """Note the codes and the traces of a batch."""
        self._operations += (number_of(self._digest.keys, key) for key in batch.words["operation"])
        if batch.trace_ids is None:
            return
        hashes, ids = batch.trace_ids
        places = np.array([self._traces.get(one.tobytes(), -1) for one in ids], np.int64)
        self._hashes = np.concatenate([self._hashes, hashes[places >= 0]])
        self._places = np.concatenate([self._places, places[places >= 0]])
        order = np.argsort(self._hashes, kind="stable")
        self._hashes, self._places = self._hashes[order], self._places[order]

    def traces(self, batch: Keyed) -> NDArray[np.int64]:
        """The place of each row's trace among those asked for, -1 where it was not."""
        if not len(self._hashes):
            return np.full(len(batch), -1, np.int64)
        at = np.minimum(np.searchsorted(self._hashes, batch.trace), len(self._hashes) - 1)
        return np.where(self._hashes[at] == batch.trace, self._places[at], -1)

    def requests(self, trace: NDArray[np.int64], piece: NDArray[np.int64]) -> NDArray[np.int64]:
        """The request of each row, the ``piece``-th of its trace; -1 where it was not asked for."""
        place = self._first[trace] + piece
        known = place < self._first[trace + 1]
        found = self._rows[np.where(known, place, 0)]
        return np.where(known & self._chosen[found], found, -1)

    def operations(self, batch: Keyed) -> NDArray[np.int64]:
        """The operation of each row in the digest, -1 where it has none."""
        return np.array(self._operations, np.int64)[batch.codes["operation"]]


def _segments(found: list[tuple[NDArray[Any], ...]]) -> Segments:
    kinds: tuple[Any, ...] = (np.int32, np.int32, np.int32, np.int64, np.int64, "V8")
    if not found:
        return Segments(*(np.empty(0, kind) for kind in kinds))
    columns = [np.concatenate(pieces) for pieces in zip(*found, strict=True)]
    order = np.lexsort((columns[3], columns[0]))
    return Segments(*(column[order].astype(kind) for column, kind in zip(columns, kinds, strict=True)))


def _texts(ids: NDArray[np.void]) -> NDArray[np.bytes_]:
    """Ids as numpy sorts and compares them; all are of 16 bytes, so that zeros at the end are no matter."""
    return np.ascontiguousarray(ids).view("S16")


def _literal(trace_id: np.void) -> str:
    return f"unhex('{trace_id.tobytes().hex()}')"
