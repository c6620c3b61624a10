"""Whether slow calls of a statement are its own or the machine's: a stall hits whatever runs at the moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import Asked, asked
from loadstone.diagnose.suspect import Scene

__all__ = ["LEAST_NS", "TIMES", "company", "slowed"]

TIMES = 4.0
"""A call is slow where it takes so many times its statement's median."""

LEAST_NS = 5e6
"""And so many nanoseconds at least: a scheduler's time slice on a busy core is some milliseconds."""


def slowed(scene: Scene) -> NDArray[np.bool_]:
    """Rows of ``Asked`` that took much longer than their statement's median. For ``scene.once``."""
    table = scene.once(asked)
    found = np.zeros(len(table), np.bool_)
    for _, _, places in table.groups():
        each_ns = table.total_ns[places] / table.count[places]
        found[places] = each_ns >= max(LEAST_NS, TIMES * float(np.median(each_ns)))
    return found


def company(scene: Scene, places: NDArray[np.int64]) -> float:
    """Of these rows (of one statement), the share in whose request's time another statement was slow too."""
    if not len(places):
        return 0.0
    table: Asked = scene.once(asked)
    requests = scene.digest.requests
    others = np.flatnonzero(scene.once(slowed) & (table.operation != table.operation[places[0]]))
    if not len(others):
        return 0.0
    others = others[np.argsort(table.first_ns[others], kind="stable")]
    first, end = table.first_ns[others], np.maximum.accumulate(table.end_ns[others])
    request = table.request[places]
    before = np.searchsorted(first, requests.end_ns[request], side="right")
    there = (before > 0) & (end[np.maximum(0, before - 1)] >= requests.start_ns[request])
    return float(there.mean())
