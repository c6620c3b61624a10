"""Means over bands of a run's requests (around the median, beyond p99), with intervals from a block bootstrap.

A band is a range of ranks by duration. Requests of one run are not independent: a stall touches many neighbours. So
whole stretches of time are drawn again, not requests (Künsch, Annals of Statistics 17, 1989), and each draw finds its
own quantiles, so that the uncertainty of the threshold is in the interval too. What is kept are sums over stretch and
cell of rank: the work of a draw does not grow with the requests.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import normal_quantile, student_quantile

__all__ = ["BLOCKS", "DRAWS", "LEVEL", "Band", "Bands", "Interval", "bounded"]

BLOCKS = 24
"""Stretches of time: enough for a variance (t with 23 degrees: 1.71 against 1.64), and in a run of a minute each is
longer than the 2 s that queues below a load of .9 remember."""

DRAWS = 200
"""The 5 % and 95 % points of 200 draws are good to 1.5 % of probability."""

LEVEL = 0.90

Floats = NDArray[np.float64]
Ints = NDArray[np.int32] | NDArray[np.int64]

_EDGES = np.concatenate([np.arange(1, 190) * 0.005, 0.95 + np.arange(50) * 0.001])
"""Cells of rank: half a percent, a tenth of one beyond p95."""


class Band(NamedTuple):
    """Requests from the share ``low`` to the share ``high`` of the ranks by duration."""

    low: float
    high: float


class Interval(NamedTuple):
    """A value with its interval at LEVEL."""

    value: float
    low: float
    high: float


class Bands:
    """The requests of a step in order of time: ``duration`` in any unit, float64[n]. Ties are broken by chance."""

    def __init__(self, duration: Floats, seed: int = 0) -> None:
        count = len(duration)
        random = np.random.default_rng(seed)
        order = np.lexsort((random.random(count), duration))
        position = np.empty(count)
        position[order] = (np.arange(count) + 0.5) / max(count, 1)
        self.count = count
        self._blocks = min(BLOCKS, max(count, 1))
        self._cells = len(_EDGES) + 1
        cell = np.searchsorted(_EDGES, position, side="right")
        block = np.arange(count) * self._blocks // max(count, 1)
        self._place = (cell * self._blocks + block).astype(np.int64)
        draws = random.multinomial(self._blocks, np.full(self._blocks, 1 / self._blocks), size=DRAWS)
        self._weights = np.concatenate([np.ones((1, self._blocks)), draws])
        requests = np.bincount(self._place, minlength=self._cells * self._blocks).reshape(self._cells, self._blocks)
        self._requests = self._weights @ requests.T.astype(np.float64)

    def table(self, request: Ints, value: Floats, group: Ints, groups: int) -> Floats:
        """Sums of ``value`` (one for each ``request``, a place from 0) by group: float64[groups, cells, blocks]."""
        size = self._cells * self._blocks
        key = group.astype(np.int64) * size + self._place[request]
        sums = np.bincount(key, weights=value, minlength=groups * size).astype(np.float64)
        return sums.reshape(groups, self._cells, self._blocks)

    def means(self, table: Floats, band: Band) -> Floats:
        """The mean a request of the band, of each group: float64[1 + DRAWS, groups]. Row 0 is the estimate; a draw
        that has no request there is nan."""
        share = self._share(band)
        used = np.flatnonzero(share.any(axis=0))
        if not len(used):
            return np.full((len(self._weights), len(table)), np.nan)
        share = share[:, used]
        sums = np.einsum("gcb,db->dgc", table[:, used], self._weights, optimize=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.einsum("dgc,dc->dg", sums, share) / (self._requests[:, used] * share).sum(axis=1)[:, None]
        return np.asarray(means, np.float64)

    def _share(self, band: Band) -> Floats:
        """How much of each cell lies in the band, in each draw."""
        ends = np.cumsum(self._requests, axis=1)
        total = np.maximum(ends[:, -1:], 1)
        begins = (ends - self._requests) / total
        ends = ends / total
        wide = ends - begins
        inside = np.clip(np.minimum(ends, band.high) - np.maximum(begins, band.low), 0, None)
        return np.asarray(np.divide(inside, wide, out=np.zeros_like(wide), where=wide > 0), np.float64)


def bounded(draws: Floats) -> Interval | None:
    """The estimate (the first) with its interval (the rest), None where most draws tell nothing.

    Widened by the few degrees of freedom that BLOCKS leave.
    """
    value = float(draws[0])
    told = draws[1:][np.isfinite(draws[1:])]
    if not np.isfinite(value) or 2 * len(told) < len(draws) - 1:
        return None
    low, high = (float(end) for end in np.quantile(told, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2]))
    return Interval(value, min(value, value - _WIDER * (value - low)), max(value, value + _WIDER * (high - value)))


_WIDER = float(
    math.sqrt(BLOCKS / (BLOCKS - 1)) * student_quantile(0.5 + LEVEL / 2, BLOCKS - 1) / normal_quantile(0.5 + LEVEL / 2)
)
