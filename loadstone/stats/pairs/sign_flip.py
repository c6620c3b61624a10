"""The exact sign-flip test of a mean, and its confidence interval, for a few differences.

If differences are symmetric about their mean, each sign about it is a fair coin, and all 2^n patterns of signs are
equally likely (Fisher, The Design of Experiments, 1935, section 21). Nothing is supposed about the shape of what a
pair varies by. Turned around, the test gives the interval: the ends are ordered means of subsets of the differences
(Hartigan, Using subsample values as typical values, JASA 64, 1969). Of the 2^n - 1 means of non-empty subsets, the
k-th smallest and the k-th largest hold the true mean with probability 1 - 2k / 2^n, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "rank_of_end", "sign_flip_interval", "sign_flip_p"]

MOST = 20
"""Differences whose subsets are enumerated: 2^20 means take 8 MB and 20 ms."""

ROUNDING = 1e-12
"""Two sums that differ by less than this share of all that is summed are equal."""

Floats = NDArray[np.float64]


def rank_of_end(count: int, level: float) -> int:
    """k: the interval's ends are the k-th smallest and largest subset mean. 0 where ``count`` differences cannot
    carry the level: five carry 93.75 % at most, six 96.9 %."""
    return math.floor((1 - level) * 2.0 ** (count - 1) + 1e-9)


def sign_flip_interval(differences: Sequence[float], level: float) -> tuple[float, float]:
    """The mean's interval at ``level`` or above, from -inf to inf where so few differences cannot carry it."""
    rank = rank_of_end(len(differences), level)
    if rank == 0:
        return -math.inf, math.inf
    if min(differences) == max(differences):
        return differences[0], differences[0]
    sums, sizes = _subsets(differences)
    means = sums[1:] / sizes[1:]
    ordered = np.partition(means, [rank - 1, len(means) - rank])
    return float(ordered[rank - 1]), float(ordered[len(means) - rank])


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided: the share of patterns of signs whose mean is as far from 0 as the one seen.

    Turning the signs of a subset takes twice its sum from the total. So as many patterns reach the total or more as
    there are subsets whose sum is not above 0 (the empty one is the pattern seen).
    """
    sums, _ = _subsets(differences)
    slack = ROUNDING * float(np.abs(differences).sum())
    patterns = len(sums)
    tail = min(int((sums <= slack).sum()), int((sums >= -slack).sum()))
    return min(1.0, 2 * tail / patterns)


def _subsets(differences: Sequence[float]) -> tuple[Floats, Floats]:
    """Sum and size of every subset, the empty one first: float64[2^n] each."""
    if len(differences) > MOST:
        raise ValueError(f"the subsets of {len(differences)} differences are too many: {MOST} at most")
    sums, sizes = np.zeros(1), np.zeros(1)
    for difference in differences:
        sums = np.concatenate([sums, sums + difference])
        sizes = np.concatenate([sizes, sizes + 1])
    return sums, sizes
