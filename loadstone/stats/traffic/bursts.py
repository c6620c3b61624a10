"""Which wandering of the rate gives counts of such indexes of dispersion, and which indexes one rate can have.

The rate is multiplied by a factor for each window length, constant over a window, independent of all others, with mean
1 (a doubly stochastic Poisson process: Cox, JRSS B 17, 1955). Over windows b_1 < ... < b_n that begin together the
covariance of the rate between two instants is C_j where j is the shortest window that holds both, C_j being the product
over i >= j of (1 + v_i), less 1. So the index in windows of b_j is

    I_j = 1 + rate (b_1 C_1 + (b_2 - b_1) C_2 + ... + (b_j - b_(j-1)) C_j)

and the other way round. A rate can have these only where C does not grow with the window.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["burst_variances", "nearest_indexes"]


def nearest_indexes(windows_s: Sequence[float], indexes: Sequence[float]) -> tuple[float, ...]:
    """The nearest indexes that some rate can have: none below 1, and growing ever more slowly with the window.

    Neighbours that break the order are averaged (pool adjacent violators: Ayer et al., Annals of Mathematical
    Statistics 26, 1955), so that the index of the longest window stays where it is above 1.
    """
    slopes, steps = _slopes(windows_s, indexes)
    return tuple(float(value) for value in 1 + np.cumsum(slopes * steps))


def burst_variances(rate_per_s: float, windows_s: Sequence[float], indexes: Sequence[float]) -> tuple[float, ...]:
    """The variance of each window's factor, at a mean rate above 0; of the nearest indexes where these cannot be."""
    slopes, _ = _slopes(windows_s, indexes)
    grown = 1 + slopes / rate_per_s
    return tuple(float(value) for value in grown / np.append(grown[1:], 1.0) - 1)


def _slopes(windows_s: Sequence[float], indexes: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How fast the index grows up to each window, never faster than before; and the windows' differences."""
    windows = np.asarray(windows_s, dtype=np.float64)
    if len(windows) != len(indexes) or (np.diff(windows, prepend=0.0) <= 0).any():
        raise ValueError("windows are positive and grow, and each has an index")
    steps = np.diff(windows, prepend=0.0)
    pools: list[tuple[float, float, int]] = []  # rise, width, members
    for rise, width in zip(np.diff(np.asarray(indexes, dtype=np.float64), prepend=1.0), steps, strict=True):
        pool = (float(rise), float(width), 1)
        while pools and pools[-1][0] / pools[-1][1] < pool[0] / pool[1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return np.array([max(0.0, rise / width) for rise, width, members in pools for _ in range(members)]), steps
