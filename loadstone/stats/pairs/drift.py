"""Does a pair's difference move as the pairs go by? Then it is not one number, whatever its mean.

The slope over the pairs' order against every order of the same differences (a permutation test; exact up to eight
pairs, beyond that 10,000 seeded orders with the one that was seen among them: Phipson and Smyth, 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

__all__ = ["Drift", "drift"]

EXACT = 8
ORDERS = 10_000
_SLACK = 1e-9


class Drift(NamedTuple):
    """The change from one pair to the next, and the two-sided p value of "none"."""

    slope: float
    p: float


def drift(values: Sequence[float]) -> Drift:
    """The drift of differences in the order of their pairs; p is 1 below four of them."""
    given = np.asarray(values, np.float64)
    count = len(given)
    if count < 4:
        return Drift(0.0, 1.0)
    times = np.arange(count) - (count - 1) / 2
    seen = float(times @ given)
    slope = seen / float(times @ times)
    if count <= EXACT:
        orders = given[np.array(list(permutations(range(count))))]
    else:
        orders = np.vstack((given, np.random.default_rng(count).permuted(np.tile(given, (ORDERS, 1)), axis=1)))
    reached = np.abs(orders @ times) >= abs(seen) * (1 - _SLACK) - _SLACK * float(np.abs(given).max())
    return Drift(slope, float(reached.mean()))
