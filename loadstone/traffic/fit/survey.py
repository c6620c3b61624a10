"""The first time through a log: which routes there are and how heavy, when it was busy, how exact its clock is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.hits import MONITOR, PERSON, HitBatch, Hits
from loadstone.model.route import Route

__all__ = ["BINS", "RouteFigures", "Survey", "duration_quantile", "survey_of"]

BUCKETS_A_PEAK = 60
"""The peak is found to within a sixtieth of its length."""

BINS = 1400
BINS_AN_OCTAVE = 32
"""Durations are counted in bins of 2.2 %, from a nanosecond to over three hours."""

NS = 1e9
GRAINS_NS = (1_000_000_000, 1_000_000, 1_000, 1)


class RouteFigures(NamedTuple):
    """Of one settled route: requests of people, of them errors, mean bytes, quantiles of the duration in s."""

    requests: int
    errors: int
    bytes_mean: float | None
    duration_p50_s: float | None
    duration_p99_s: float | None


class Survey(NamedTuple):
    """``kinds`` int64[4] counts who asked; ``unrouted`` are people's requests of no route; ``timed_share`` of the rest
    tell how long they took. ``buckets`` are numbers of stretches of ``bucket_ns`` since 1970, in order, ``counts`` the
    requests in each. ``grain_s`` is the step of the clock, ``exact_starts`` says that durations moved the instants off
    its steps, ``uneven`` that they moved instants or ends. ``slow_s`` is what one request in twenty exceeds, None where
    durations are not told."""

    routes: tuple[Route, ...]
    settled: NDArray[np.int32]
    figures: tuple[RouteFigures, ...]
    kinds: NDArray[np.int64]
    unrouted: int
    timed_share: float
    first_ns: int
    last_ns: int
    bucket_ns: int
    buckets: NDArray[np.int64]
    counts: NDArray[np.int64]
    grain_s: float
    exact_starts: bool
    uneven: bool
    slow_s: float | None
    daily: tuple[float, ...]


class _Sums:
    """By route as the reader numbers it; the arrays grow with the numbers."""

    def __init__(self) -> None:
        self.columns = np.zeros((4, 0))
        self.durations: dict[int, int] = {}

    def add(self, batch: HitBatch) -> None:
        route = batch.route.astype(np.int64)
        size = max(self.columns.shape[1], int(route.max(initial=-1)) + 1)
        sized = batch.bytes >= 0
        told = [
            np.bincount(route, minlength=size),
            np.bincount(route, weights=batch.status >= 400, minlength=size),
            np.bincount(route[sized], weights=batch.bytes[sized], minlength=size),
            np.bincount(route[sized], minlength=size),
        ]
        grown = np.zeros((4, size))
        grown[:, : self.columns.shape[1]] = self.columns
        self.columns = grown + np.stack(told)
        timed = batch.duration_ns >= 0
        bins = np.log2(np.maximum(1, batch.duration_ns[timed])) * BINS_AN_OCTAVE
        codes, counts = np.unique(route[timed] * BINS + np.minimum(BINS - 1, bins.astype(np.int64)), return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            self.durations[code] = self.durations.get(code, 0) + count


def survey_of(hits: Hits, peak_s: float) -> Survey:
    """Go through all of it once. Rows of people alone are counted, but in ``kinds``."""
    bucket_ns = max(1, round(peak_s * NS / BUCKETS_A_PEAK))
    sums, kinds, hours = _Sums(), np.zeros(MONITOR + 1, dtype=np.int64), np.zeros(24, dtype=np.int64)
    buckets: dict[int, int] = {}
    first, last, unrouted, timed, fits, exact = 2**63 - 1, -(2**63), 0, 0, [True] * len(GRAINS_NS), 0
    moved = 0
    for batch in hits.batches():
        kinds += np.bincount(np.minimum(batch.kind, MONITOR), minlength=len(kinds))[: len(kinds)]
        rows = batch.kind == PERSON
        unrouted += int((rows & (batch.route < 0)).sum())
        rows &= batch.route >= 0
        if not rows.any():
            continue
        people = HitBatch._make(column[rows] for column in batch)
        sums.add(people)
        first, last = min(first, int(people.time_ns.min())), max(last, int(people.time_ns.max()))
        for number, count in zip(*np.unique(people.time_ns // bucket_ns, return_counts=True), strict=True):
            buckets[int(number)] = buckets.get(int(number), 0) + int(count)
        hours += np.bincount(people.time_ns // 3_600_000_000_000 % 24, minlength=24)
        told = people.duration_ns >= 0
        timed += int(told.sum())
        ends = people.time_ns + np.where(told, people.duration_ns, 0)
        for at, grain in enumerate(GRAINS_NS):
            fits[at] = fits[at] and not ((ends % grain).any() and (people.time_ns % grain).any())
        grain = GRAINS_NS[fits.index(True)]
        exact += int((people.time_ns % grain != 0).sum())
        moved += int(((people.time_ns % grain != 0) | (ends % grain != 0)).sum())
    settled = np.asarray(hits.settled(), dtype=np.int32)
    routes = hits.routes()
    figures = _figures(sums, settled, len(routes))
    unrouted += int(sums.columns[0].sum()) - sum(each.requests for each in figures)
    people_count = sum(buckets.values())
    if people_count == 0:
        first = last = 0
    order = np.array(sorted(buckets), dtype=np.int64)
    day = 86_400 * NS
    return Survey(
        routes,
        settled,
        figures,
        kinds,
        unrouted,
        timed / people_count if people_count else 0.0,
        first,
        last,
        bucket_ns,
        order,
        np.array([buckets[number] for number in order.tolist()], dtype=np.int64),
        GRAINS_NS[fits.index(True)] / NS,
        exact > people_count / 100,
        moved > people_count / 100,
        _slow(sums),
        tuple((hours / people_count).tolist()) if people_count and last - first >= day else (),
    )


def _slow(sums: _Sums) -> float | None:
    bins = np.zeros(BINS, dtype=np.int64)
    for code, times in sums.durations.items():
        bins[code % BINS] += times
    return duration_quantile(bins, 0.95) if bins.any() else None


def _figures(sums: _Sums, settled: NDArray[np.int32], count: int) -> tuple[RouteFigures, ...]:
    known = min(len(settled), sums.columns.shape[1])
    totals = np.zeros((4, count))
    places = settled[:known]
    inside = (places >= 0) & (places < count)
    for row in range(4):
        np.add.at(totals[row], places[inside], sums.columns[row, :known][inside])
    durations: dict[int, NDArray[np.int64]] = {}
    for code, times in sums.durations.items():
        leaf, place = divmod(code, BINS)
        if leaf < known and inside[leaf]:
            durations.setdefault(int(places[leaf]), np.zeros(BINS, dtype=np.int64))[place] += times
    told = []
    for at in range(count):
        bins = durations.get(at)
        requests, errors, size, sized = totals[:, at].tolist()
        told.append(
            RouteFigures(
                int(requests),
                int(errors),
                size / sized if sized else None,
                None if bins is None else duration_quantile(bins, 0.5),
                None if bins is None else duration_quantile(bins, 0.99),
            )
        )
    return tuple(told)


def duration_quantile(bins: NDArray[np.int64], share: float) -> float:
    """In s, to within half a bin (1.1 %)."""
    place = int(np.searchsorted(np.cumsum(bins), math.ceil(share * int(bins.sum())), side="left"))
    return float(2.0 ** ((place + 0.5) / BINS_AN_OCTAVE)) / NS
