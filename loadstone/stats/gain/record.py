"""A timeline as the estimator works on it: seconds from the first arrival, nothing absurd, overlaps resolved."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.gain.replay import CPU
from loadstone.stats.gain.timeline import UNSEEN, Removal, Timeline

__all__ = ["Record", "Track", "record", "track"]

WAY_QUANTILE = 0.02
"""The way from client to server is what the quickest of the traced requests took: the others waited."""

LONGEST_S = 86_400.0
"""No request of a run lasts longer than a day: what does is a clock gone wrong."""


@dataclass(frozen=True, slots=True)
class Record:
    """Requests that have sense, in order of arrival. ``reached`` and ``left`` are at the server, ``started`` and
    ``cpu`` NaN where not seen; the CPU that a request takes within its segments is theirs. ``kept`` names the places in
    the timeline. Segments lie within their requests; ``share`` is what the fix takes away of each, ``cpu_removed`` what
    it takes of each request's time on the CPU, ``cpu_share`` the part of its work there that this is, where that is
    known to be another than that of its time. ``askew`` is the share of traced requests whose server span lies outside
    what the client saw."""

    kept: NDArray[np.int64]
    way: float
    reached: NDArray[np.float64]
    left: NDArray[np.float64]
    started: NDArray[np.float64]
    group: NDArray[np.int32]
    cpu: NDArray[np.float64]
    cpu_removed: NDArray[np.float64]
    cpu_share: NDArray[np.float64] | None
    segment_request: NDArray[np.int64]
    segment_start: NDArray[np.float64]
    segment_end: NDArray[np.float64]
    segment_resource: NDArray[np.int8]
    share: NDArray[np.float64]
    askew: float

    @property
    def response(self) -> NDArray[np.float64]:
        """As the client saw it."""
        return self.left - self.reached + 2 * self.way

    @property
    def first_child(self) -> NDArray[np.float64]:
        """The start of each request's first segment; NaN where it has none."""
        first = np.full(len(self.reached), np.inf)
        np.minimum.at(first, self.segment_request, self.segment_start)
        return np.where(np.isfinite(first), first, np.nan)


def record(timeline: Timeline, removal: Removal, first: int, past: int) -> Record:
    """The requests ``first`` to ``past`` of a timeline."""
    arrived, ended = timeline.arrived_ns[first:past], timeline.ended_ns[first:past]
    # A difference of instants that lie 2^63 apart wraps: as floats they compare well enough for what is absurd.
    length = (ended.astype(float) - arrived.astype(float)) / 1e9
    sound = (length > 0) & (length < LONGEST_S)
    kept = np.flatnonzero(sound)
    place = np.full(len(arrived), -1)
    place[kept] = np.arange(len(kept))
    origin = int(arrived[kept[0]]) if len(kept) else 0

    def seconds(instants: NDArray[np.int64]) -> NDArray[np.float64]:
        far = np.abs(instants.astype(float) - origin) > 1e9 * LONGEST_S * 365
        return np.where(far, np.nan, (np.where(far, origin, instants) - origin) / 1e9)

    arrived_s, ended_s = seconds(arrived[kept]), seconds(ended[kept])
    seen = timeline.started_ns[first:past][kept]
    started = np.where(seen == UNSEEN, np.nan, seconds(seen))
    traced = np.isfinite(started)
    delays = (started - arrived_s)[traced]
    way = max(float(np.quantile(delays, WAY_QUANTILE)), 0.0) if len(delays) else 0.0
    way = min(way, float((ended_s - arrived_s).min(initial=np.inf)) / 4)
    reached, left = arrived_s + way, ended_s - way
    askew = float(np.mean((delays < -1e-3) | ((started - ended_s)[traced] > 0))) if len(delays) else 0.0
    started = np.clip(started, reached, left)

    within = (timeline.segment_request >= first) & (timeline.segment_request < past)
    request = place[timeline.segment_request[within] - first]
    there = request >= 0
    request = request[there]
    start, end = (seconds(column[within][there]) for column in (timeline.segment_start_ns, timeline.segment_end_ns))
    begun = np.where(traced, started, reached)[request]
    start, end = np.clip(start, begun, left[request]), np.clip(end, begun, left[request])
    fine = np.isfinite(start) & (end > start)
    cpu = timeline.cpu_ns[first:past][kept] / 1e9
    off = np.bincount(request[fine], (end - start)[fine], minlength=len(kept))
    between = np.maximum(left - np.where(traced, started, reached) - off, 0.0)
    return Record(
        kept + first,
        way,
        reached,
        left,
        started,
        timeline.group[first:past][kept],
        np.where(cpu < 0, np.nan, np.minimum(cpu, between)),
        np.maximum(removal.cpu_ns[first:past][kept], 0.0) / 1e9,
        None if removal.cpu_share is None else np.clip(removal.cpu_share[first:past][kept], 0.0, 1.0),
        request[fine],
        start[fine],
        end[fine],
        timeline.segment_resource[within][there][fine],
        np.clip(removal.segment_share[within][there][fine], 0.0, 1.0),
        askew,
    )


@dataclass(frozen=True, slots=True)
class Track:
    """Stages of requests, each request's filling its time from start to end without gap or overlap: request ``r`` has
    the places ``first[r]`` to ``first[r + 1]``. ``share`` is what the fix takes away of the work of each, ``own`` the
    part of its time that is the fault's own."""

    first: NDArray[np.int64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    resource: NDArray[np.uint8]
    share: NDArray[np.float64]
    own: NDArray[np.float64]

    @property
    def request(self) -> NDArray[np.int64]:
        """The request of each stage."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def track(rec: Record, requests: NDArray[np.int64], start: NDArray[np.float64]) -> Track:
    """The stages of the given traced requests (sorted places) that began at ``start``: their segments, and the CPU
    between. What the fix takes of a request's CPU is taken from all its CPU stages alike."""
    place = np.full(len(rec.reached), -1)
    place[requests] = np.arange(len(requests))
    of = place[rec.segment_request]
    here = of >= 0
    columns = (of[here], rec.segment_start[here], rec.segment_end[here], rec.segment_resource[here], rec.share[here])
    of, begin, end, resource, share = _without_overlaps(*columns)
    counts = np.bincount(of, minlength=len(requests))
    first = np.concatenate([[0], np.cumsum(2 * counts + 1)])
    inner = np.arange(len(of)) - np.repeat(np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    odd = first[of] + 2 * inner + 1
    starts, ends = np.empty(first[-1]), np.empty(first[-1])
    starts[first[:-1]], ends[first[1:] - 1] = start[requests], rec.left[requests]
    starts[odd], ends[odd] = begin, end
    starts[odd + 1], ends[odd - 1] = end, begin
    kinds = np.full(first[-1], CPU, np.uint8)
    kinds[odd] = resource
    shares = np.zeros(first[-1])
    shares[odd] = share
    ends = np.maximum(ends, starts)
    gaps = kinds == CPU
    owner = np.repeat(np.arange(len(requests)), np.diff(first))
    busy = np.bincount(owner[gaps], (ends - starts)[gaps], minlength=len(requests))
    taken = np.divide(rec.cpu_removed[requests], busy, out=np.zeros(len(requests)), where=busy > 0)
    taken_share = np.minimum(taken, 1.0)
    own = shares.copy()
    own[gaps] = taken_share[owner[gaps]]
    shares[gaps] = (taken_share if rec.cpu_share is None else rec.cpu_share[requests])[owner[gaps]]
    return Track(first, starts, ends, kinds, shares, own)


Columns = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int8], NDArray[np.float64]]


def _without_overlaps(
    of: NDArray[np.int64],
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    resource: NDArray[np.int8],
    share: NDArray[np.float64],
) -> Columns:
    """Calls side by side, cut at every start and end: each piece belongs to the call that ends last, and of it goes
    what goes of all that are there."""
    order = np.lexsort((begin, of))
    of, begin, end, resource, share = of[order], begin[order], end[order], resource[order], share[order]
    crossing = (of[1:] == of[:-1]) & (begin[1:] < end[:-1])
    if not crossing.any():
        return of, begin, end, resource, share
    rows: list[tuple[int, float, float, int, float]] = []
    bounds = np.flatnonzero(np.diff(of, prepend=-1, append=-1))
    for low, high in pairwise(bounds):
        rows += _pieces(int(of[low]), begin[low:high], end[low:high], resource[low:high], share[low:high])
    table = np.array(rows)
    return table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3].astype(np.int8), table[:, 4]


def _pieces(
    of: int,
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    resource: NDArray[np.int8],
    share: NDArray[np.float64],
) -> list[tuple[int, float, float, int, float]]:
    if not (begin[1:] < np.maximum.accumulate(end)[:-1]).any():
        return [(of, *row) for row in zip(begin, end, resource, share, strict=True)]
    found: list[tuple[int, float, float, int, float]] = []
    cuts = np.unique(np.concatenate([begin, end]))
    for low, high in pairwise(cuts):
        there = np.flatnonzero((begin <= low) & (end >= high))
        if len(there):
            last = there[end[there].argmax()]
            found.append((of, low, high, int(resource[last]), float(share[there].min())))
    return found
