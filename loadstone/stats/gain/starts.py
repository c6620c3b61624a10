"""When the work on each request began: seen on traced requests, inferred on the rest.

Workers that take requests in order begin the k-th at its arrival, or when all but ``workers - 1`` of those before it
are done: at the (k - workers)-th departure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.gain.replay import in_order_starts

__all__ = ["Starts", "infer_starts"]

QUEUED_S, QUEUED_SHARE = 2e-3, 3e-3
"""Where fewer than this share wait for more than this, there is no queue: one that holds up fewer moves no p99, and the
way through a host or a rack takes less."""

AFTER_CHILD_SHARE = 4e-3
"""Of inferred starts, so many may lie after the request's first child: more says that there were more workers."""

CHILD_S = 1e-3
"""By this much, at least."""

MOST_WORKERS = 512

MOST_ERROR = 0.15
"""Mean distance of inferred starts from those seen, in mean waits."""

LEAST_WAIT = 0.05
"""A mean wait below this share of the mean response matters to no prediction, and an error is taken of it."""


@dataclass(frozen=True, slots=True)
class Starts:
    """Seconds. ``start`` of each request; ``workers`` (0: no queue) and others that fit nearly as well; ``error_s``
    the mean distance of inferred starts from those seen, ``wait_s`` the mean wait; ``busy_share`` of the requests that
    had to wait. Not ``explained``: no count of workers fits, and ``start`` is when each request reached the server, so
    that whatever it waited for before it was begun counts as time on the CPU."""

    start: NDArray[np.float64]
    workers: int
    also: tuple[int, ...]
    error_s: float
    wait_s: float
    busy_share: float
    explained: bool = True


def infer_starts(
    reached: NDArray[np.float64],
    left: NDArray[np.float64],
    started: NDArray[np.float64],
    first_child: NDArray[np.float64],
) -> Starts:
    """From when requests reached the server and left it, in order of reaching it. ``started`` and ``first_child`` are
    NaN where not seen."""
    seen = np.isfinite(started)
    if not seen.any():
        return _unobserved(reached, left, first_child)
    waits = np.maximum(started - reached, 0.0)[seen]
    if np.mean(waits > QUEUED_S) < QUEUED_SHARE:
        start = np.where(seen, started, reached)
        return Starts(start, 0, (), 0.0, float(waits.mean()), 0.0)
    candidates = _candidates(reached, left)
    inferred = in_order_starts(reached, left, candidates)
    errors = np.array([np.abs(found - started)[seen].mean() for found in inferred])
    best = int(errors.argmin())
    matters_s = max(float(waits.mean()), LEAST_WAIT * float((left - reached).mean()))
    if errors[best] > MOST_ERROR * matters_s:
        return Starts(reached, 0, (), float(errors[best]), float(waits.mean()), 0.0, explained=False)
    near = [place for place in np.argsort(errors)[1:3] if errors[place] < 1.2 * errors[best]]
    start = np.minimum(np.where(seen, started, inferred[best]), left)
    busy = inferred[best] > reached
    also = tuple(candidates[place] for place in near)
    return Starts(start, candidates[best], also, float(errors[best]), float(waits.mean()), float(busy.mean()))


def _unobserved(reached: NDArray[np.float64], left: NDArray[np.float64], first_child: NDArray[np.float64]) -> Starts:
    """No server span was seen: the fewest workers that do not begin after the work itself."""
    known = np.isfinite(first_child)
    candidates = _candidates(reached, left)
    for workers, start in zip(candidates, in_order_starts(reached, left, candidates), strict=True):
        late = start[known] > first_child[known] + CHILD_S
        if known.any() and late.mean() < AFTER_CHILD_SHARE:
            waits = start - reached
            if np.mean(waits > QUEUED_S) < QUEUED_SHARE:
                break
            start = np.minimum(start, np.where(known, first_child, np.inf))
            return Starts(start, workers, (), 0.0, float(waits.mean()), float((waits > 0).mean()))
    return Starts(reached, 0, (), 0.0, 0.0, 0.0)


def _candidates(reached: NDArray[np.float64], left: NDArray[np.float64]) -> list[int]:
    """Up to the most that were ever there at once; beyond 64 in steps of a tenth."""
    times = np.concatenate([left, reached])
    changes = np.concatenate([np.full(len(left), -1), np.full(len(reached), 1)])
    most = int(changes[np.lexsort((changes, times))].cumsum().max(initial=1))
    most = min(max(most, 1), MOST_WORKERS)
    wide = np.unique(np.geomspace(64, max(most, 64), 24).astype(int))
    return [*range(1, min(most, 64) + 1), *(int(count) for count in wide if count > 64)]
