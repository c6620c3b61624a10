"""What is commonly done instead, kept to be measured beside the estimator: see docs/accuracy.md.

Both subtract the fault's own time from the requests; the second also lets the shortened requests queue for workers.
Requests that were not traced stay as they are where nothing is known of them but a class: they lose what a traced
request of their class with a like response loses.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.gain.record import Record, record
from loadstone.stats.gain.replay import DELAY, Model, Stages, replay
from loadstone.stats.gain.starts import infer_starts
from loadstone.stats.gain.timeline import OTHER, Removal, Timeline

__all__ = ["subtract", "subtract_and_queue"]


def subtract(timeline: Timeline, removal: Removal) -> float:
    """The p99 in seconds after the fault's own time was taken from each response."""
    rec = record(timeline, removal, 0, timeline.requests)
    return float(np.quantile(np.maximum(rec.response - _taken(rec), 0.0), 0.99))


def subtract_and_queue(timeline: Timeline, removal: Removal) -> float:
    """The p99 in seconds when what is left of each request is served by workers that take them in order."""
    rec = record(timeline, removal, 0, timeline.requests)
    starts = infer_starts(rec.reached, rec.left, rec.started, rec.first_child)
    left = np.maximum(rec.left - starts.start - _taken(rec), 0.0)
    count = len(left)
    stages = Stages(np.arange(count + 1, dtype=np.uint32), np.full(count, OTHER, np.uint8), left)
    order = np.arange(count, dtype=np.uint32)
    found = replay(rec.reached, order, stages, Model(starts.workers, DELAY, DELAY))
    return float(np.quantile(found.ended - rec.reached + 2 * rec.way, 0.99))


def _taken(rec: Record) -> NDArray[np.float64]:
    """The fault's own time in each request; of one that was not traced, that of the traced one of its class with the
    nearest response."""
    wall = np.bincount(rec.segment_request, rec.share * (rec.segment_end - rec.segment_start), minlength=len(rec.kept))
    taken = (wall + rec.cpu_removed).astype(np.float64)
    seen = np.isfinite(rec.started)
    for class_ in np.unique(rec.group):
        donors = np.flatnonzero((rec.group == class_) & seen)
        others = np.flatnonzero((rec.group == class_) & ~seen)
        if len(donors) and len(others):
            donors = donors[np.argsort(rec.response[donors], kind="stable")]
            place = np.searchsorted(rec.response[donors], rec.response[others])
            taken[others] = taken[donors[np.minimum(place, len(donors) - 1)]]
    return taken
