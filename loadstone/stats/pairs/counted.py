"""What two runs of the same requests counted in each: statements, calls, rows, bytes.

Both sides answer the same requests (one seed), so a request's count on one side stands beside the same request's on
the other. Code that counts deterministically differs by the same number in every one: no interval is needed then, and
one run decides. Where requests differ in what they change by, neighbours may share a cause, and blocks of consecutive
requests are the unit, not the request. A change on a rare path leaves most requests as they were, and most blocks.
Then the few that differ say on which side of 0 the difference lies: by sign-flip among them, six the same way at least.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import student_quantile
from loadstone.stats.pairs.effect import LEVEL
from loadstone.stats.pairs.sign_flip import MOST, rank_of_end, sign_flip_p
from loadstone.stats.proportion import clopper_pearson

__all__ = ["BLOCKS", "FEWEST_EXACT", "UNPAIRED", "CountedDifference", "counted_difference", "unpaired_share"]

BLOCKS = 20
"""Student with 19 degrees of freedom costs 7 % of width against the normal; blocks of a run's twentieth are longer
than any burst that requests share."""

FEWEST_EXACT = 10
"""Requests that must all differ by the same count before no interval is drawn around it."""

UNPAIRED = 0.02
"""Share of requests that may have no partner (dropped, cut off at the end) and be left out; with more, what is left
may be another mix than what was sent."""

Floats = NDArray[np.float64]


class CountedDifference(NamedTuple):
    """Counts a request: the sides' means ``a`` and ``b`` and B - A with its interval, over ``requests`` that both
    sides answered; ``up`` of them count more in B, ``down`` fewer. ``exact`` where every one of them differs by the
    same count: low and high are then that count."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    exact: bool
    requests: int
    up: int = 0
    down: int = 0


def unpaired_share(number_a: NDArray[np.int64], number_b: NDArray[np.int64]) -> float:
    """The share of requests that only one side answered, of all that either did; 1 where there are none at all."""
    either = len(np.union1d(number_a, number_b))
    return 1 - len(np.intersect1d(number_a, number_b)) / either if either else 1.0


def counted_difference(
    number_a: NDArray[np.int64],
    values_a: Floats,
    number_b: NDArray[np.int64],
    values_b: Floats,
    level: float = LEVEL,
) -> CountedDifference | None:
    """B - A a request. ``number`` names the request, once a side, in any order; ``values`` are its counts, NaN where
    unknown (such a request is left out). None where more than ``UNPAIRED`` have no partner (``unpaired_share`` tells)
    or are unknown on either side, or fewer than two are left."""
    both, place_a, place_b = np.intersect1d(number_a, number_b, return_indices=True)
    if len(both) < 2 or unpaired_share(number_a, number_b) > UNPAIRED:
        return None
    a, b = np.asarray(values_a, np.float64)[place_a], np.asarray(values_b, np.float64)[place_b]
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < max(2.0, (1 - UNPAIRED) * len(both)):
        return None
    a, b = a[known], b[known]
    differences = b - a
    count = len(differences)
    mean = float(differences.mean())
    up, down = int((differences > 0).sum()), int((differences < 0).sum())
    if count >= FEWEST_EXACT and differences.min() == differences.max():
        value = float(differences[0])
        return CountedDifference(float(a.mean()), float(b.mean()), value, value, value, True, count, up, down)
    blocks = min(BLOCKS, count)
    place = np.arange(count) * blocks // count
    size = np.bincount(place)
    means = np.bincount(place, weights=differences) / size
    # The mean of all is that of blocks weighted by their size, which differ by one request at most.
    variance = float((size * (means - mean) ** 2).sum()) / count / (blocks - 1)
    half = student_quantile(0.5 + level / 2, blocks - 1) * math.sqrt(variance)
    low, high = mean - half, mean + half
    if up + down <= MOST and sign_flip_p(differences[differences != 0].tolist()) > 1 - level:
        low, high = min(low, 0.0), max(high, 0.0)
    if down == 0 < rank_of_end(up, level):
        low = max(low, _at_least(differences, level))
    if up == 0 < rank_of_end(down, level):
        high = min(high, -_at_least(-differences, level))
    return CountedDifference(float(a.mean()), float(b.mean()), mean, low, high, False, count, up, down)


def _at_least(differences: Floats, level: float) -> float:
    """What the mean is at least, where none is below 0: the smallest step, in as many requests as the exact interval
    of their share has at least."""
    steps = differences[differences > 0]
    share = clopper_pearson(float(len(steps)), float(len(differences)), level)[0]
    return min(float(steps.min()) * share, float(differences.mean()))
