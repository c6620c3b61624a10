"""Bursts: runs of one thing that overlap in time, whoever started them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Burst", "bursts"]


@dataclass(frozen=True, slots=True)
class Burst:
    """``members`` are places of the runs, the first to start first; ``start_ns`` and ``first_end_ns`` of that one."""

    members: NDArray[np.int64]
    start_ns: int
    first_end_ns: int


def bursts(start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> Iterator[Burst]:
    """Groups of runs in order of time. A run belongs to a burst if it starts while the burst's first one is on: those
    that start after it are another burst's, so that steady overlap does not make one burst of a whole run."""
    order = np.argsort(start_ns, kind="stable")
    bounds = []
    limit = None
    for place, at in enumerate(order.tolist()):
        if limit is None or start_ns[at] >= limit:
            bounds.append(place)
            limit = end_ns[at]
    for low, high in pairwise([*bounds, len(order)]):
        first = int(order[low])
        yield Burst(order[low:high], int(start_ns[first]), int(end_ns[first]))
