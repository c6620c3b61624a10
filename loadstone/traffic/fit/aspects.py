"""What two stretches of traffic are compared by: the same six things of a log, of a model's traffic, of a reference."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.traffic.dispersion import Index, index_of_dispersion
from loadstone.traffic.fit.paces import pauses_of
from loadstone.traffic.fit.parts import WINDOWS_S, per_window
from loadstone.traffic.fit.tally import Tally

__all__ = ["Aspects", "aspects_of"]

MOST_VISITS = 20_000
MOST_ROWS = 100_000
"""Visits and requests that are resampled: a distance of 100,000 numbers is good to half a per cent."""

BLOCKS = 60
"""Stretches of the peak, of as many gaps each, that are resampled for what belongs to no visit."""

NS = 1e9


class Aspects(NamedTuple):
    """``table`` float64[visits, routes] counts requests; ``pauses`` and ``items`` name the visit (a row of it) that
    each is of; ``gaps`` are between requests of the peak, in units of their mean, ``gap_blocks`` the part of the peak
    that each is in. ``indexes`` are of the counts of requests, by window; ``rate_per_s`` is of requests."""

    routes: tuple[str, ...]
    table: NDArray[np.float64]
    lengths: NDArray[np.float64]
    length_visits: NDArray[np.int64]
    pauses: NDArray[np.float64]
    pause_visits: NDArray[np.int64]
    gaps: NDArray[np.float64]
    gap_blocks: NDArray[np.int64]
    indexes: dict[float, Index]
    items: dict[str, tuple[NDArray[np.int64], NDArray[np.uint64]]]
    rate_per_s: float
    requests: int


def aspects_of(tally: Tally, grain_s: float, *, segments: int = 1, seed: int = 0) -> Aspects:
    """Of the visits that begin in a stretch, and of all requests at its peak.

    ``segments``: the peak is so many equal windows, each looked at for itself as the peak of a log is.
    """
    rng = np.random.default_rng(seed)
    visits, _ = tally.sample()
    chosen = _some(visits.lengths, rng)
    names = np.full(len(visits), -1, dtype=np.int64)
    names[chosen] = np.arange(len(chosen))
    of_row = names[visits.of_row]
    kept = of_row >= 0
    routes = len(tally.scope.routes)
    table = np.bincount(of_row[kept] * routes + visits.route[kept], minlength=len(chosen) * routes)
    first = visits.time_ns[visits.starts[:-1]] if len(visits) else visits.time_ns
    last = visits.time_ns[visits.starts[1:] - 1] if len(visits) else visits.time_ns
    whole = np.flatnonzero((names >= 0) & (first >= tally.stretch.begun_ns) & (last < tally.stretch.judged_ns))
    pauses = pauses_of(tally)
    told = names[pauses.visit] >= 0
    valued = kept & (visits.value != 0)
    items = {}
    for at in np.unique(visits.route[valued]).tolist():
        mine = valued & (visits.route == at)
        items[tally.scope.routes[at].id] = (of_row[mine], visits.value[mine])
    times = tally.peak()
    begin, end = tally.stretch.peak_ns, tally.stretch.peak_end_ns
    seconds = (end - begin) / NS
    gaps, blocks = _gaps(times, grain_s, rng)
    return Aspects(
        tuple(route.id for route in tally.scope.routes),
        table.reshape(len(chosen), routes).astype(np.float64),
        visits.lengths[whole].astype(np.float64),
        names[whole],
        np.maximum(0.0, pauses.pause_s[told]),
        names[pauses.visit[told]],
        gaps,
        blocks,
        _indexes(times, begin, end, grain_s, segments),
        items,
        len(times) / seconds if seconds > 0 else 0.0,
        int(tally.requests.sum()),
    )


def _some(lengths: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Visits at random, within both limits, in order."""
    order = rng.permutation(len(lengths))[:MOST_VISITS]
    return np.sort(order[np.cumsum(lengths[order]) <= MOST_ROWS])


def _gaps(
    times: NDArray[np.int64], grain_s: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """An instant lies anywhere in its step of the clock: it is put somewhere there, so that clocks can be compared."""
    spread = np.sort(times + rng.random(len(times)) * grain_s * NS)[: MOST_ROWS + 1]
    gaps = np.diff(spread)
    if not len(gaps) or gaps.sum() <= 0:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    return gaps / gaps.mean(), np.arange(len(gaps)) * BLOCKS // len(gaps)


def _indexes(times: NDArray[np.int64], begin: int, end: int, grain_s: float, segments: int) -> dict[float, Index]:
    told = {}
    for window in WINDOWS_S:
        if window < grain_s:
            continue
        length = (end - begin) // segments
        parts = [
            index_of_dispersion(per_window(times, begin + at * length, begin + (at + 1) * length, window), 1)
            for at in range(segments)
        ]
        known = [part for part in parts if part is not None]
        if known:
            mean = float(np.mean([part.value for part in known]))
            told[window] = known[0]._replace(value=mean)
    return told
