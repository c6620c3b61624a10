"""How often each of a route's items was asked for, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_ITEMS", "Items"]

MOST_ITEMS = 200_000
"""Items of one route that are counted. Beyond it those that were asked for least often are forgotten (lossy counting:
Manku and Motwani, VLDB 2002), and how many there were stays known."""


class Items:
    """``values`` uint64[n] in order, ``counts`` int64[n]; ``forgotten`` items had at most ``least`` requests each."""

    def __init__(self) -> None:
        self.values = np.zeros(0, dtype=np.uint64)
        self.counts = np.zeros(0, dtype=np.int64)
        self.forgotten = 0
        self.least = 0
        self._requests = 0
        self._squares = 0.0

    def add(self, values: NDArray[np.uint64], visits: NDArray[np.int64]) -> None:
        """Requests for items, in order of value and, within one, of visit."""
        again = np.ones(len(values), dtype=bool)
        again[1:] = (values[1:] != values[:-1]) | (visits[1:] != visits[:-1])
        times = np.diff(np.append(np.flatnonzero(again), len(values)))
        self._requests += len(values)
        self._squares += float(np.square(times, dtype=np.float64).sum())
        begins = np.ones(len(values), dtype=bool)
        begins[1:] = values[1:] != values[:-1]
        first = np.flatnonzero(begins)
        counts = np.diff(np.append(first, len(values)))
        merged, where = np.unique(np.concatenate([self.values, values[first]]), return_inverse=True)
        self.counts = np.bincount(where, weights=np.concatenate([self.counts, counts])).astype(np.int64)
        self.values = merged
        while len(self.values) > MOST_ITEMS:
            place = len(self.counts) - MOST_ITEMS // 2
            self.least = int(np.partition(self.counts, place)[place])
            kept = self.counts > self.least
            self.forgotten += int((~kept).sum())
            self.values, self.counts = self.values[kept], self.counts[kept]

    @property
    def effect(self) -> float:
        """Requests that tell as much as one, as one visit asks for the same item again: at least 1."""
        return max(1.0, self._squares / self._requests) if self._requests else 1.0
