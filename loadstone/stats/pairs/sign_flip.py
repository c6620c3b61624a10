"""The exact sign-flip test of a mean, and the interval that its inversion gives.

Within a pair of identical sides the sign of a difference is a coin: under that alone, each of the 2^n choices of signs
is as likely as the one that was seen (Fisher, The Design of Experiments, 1935). A centre theta is rejected from below
when at most k of the 2^n sums of flipped d - theta reach the sum that was seen. Flipping the subset C lowers the sum by
twice that of C, so the sums that reach it are one for each subset whose mean is at most theta, and the ends of the
interval are ordered subset means (Hartigan, "Using subsample values as typical values", JASA 64, 1969).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_EXACT", "sign_flip_interval", "sign_flip_p"]

MOST_EXACT = 20
"""Differences at most: 2^20 subsets are a million sums."""

_ROUNDING = 1e-12


def sign_flip_interval(differences: Sequence[float], level: float) -> tuple[float, float]:
    """The two-sided interval of the centre at this confidence; infinite where so few differences cannot carry it
    (six are the first that carry .95). Raises ValueError for none, or more than ``MOST_EXACT``."""
    means = _subset_means(differences)
    place = math.floor((1 - level) / 2 * 2 ** len(differences) + _ROUNDING)
    if place < 1:
        return -math.inf, math.inf
    ordered = np.sort(means)
    return float(ordered[place - 1]), float(ordered[-place])


def sign_flip_p(differences: Sequence[float]) -> float:
    """The two-sided p value of "the centre is zero"."""
    means = _subset_means(differences)
    slack = _ROUNDING * float(np.max(np.abs(np.asarray(differences, np.float64))))
    below = 1 + int(np.count_nonzero(means <= slack))
    above = 1 + int(np.count_nonzero(means >= -slack))
    return float(min(1.0, 2.0 * min(below, above) / 2.0 ** len(differences)))


def _subset_means(differences: Sequence[float]) -> NDArray[np.float64]:
    """The mean of every subset that is not empty."""
    values = np.asarray(differences, np.float64)
    if not 1 <= len(values) <= MOST_EXACT:
        raise ValueError(f"1 to {MOST_EXACT} differences can be flipped exactly, not {len(values)}")
    sums, sizes = np.zeros(1), np.zeros(1)
    for value in values:
        sums = np.concatenate((sums, sums + value))
        sizes = np.concatenate((sizes, sizes + 1))
    return np.asarray(sums[1:] / sizes[1:], np.float64)
