"""The difference of a count between two runs of the same traffic, request by request.

Both sides are asked the same things, so a request's counts can be set beside each other. Code that is deterministic
gives one difference for all of a kind; elsewhere requests that follow each other share caches and connections, so
blocks of them are what repeats.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import student_quantile
from loadstone.stats.pairs.effect import LEVEL

__all__ = ["BLOCKS", "UNPAIRED", "CountedDifference", "counted_difference"]

BLOCKS = 20
"""Of consecutive requests: enough degrees of freedom (t of 2.09), each still long."""

UNPAIRED = 0.05
"""Requests that only one side has, at most: more, and the sides were not asked the same."""


class CountedDifference(NamedTuple):
    """Means a request, their difference B - A with its interval. ``exact``: no request differs otherwise than all."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    exact: bool
    requests: int


def counted_difference(
    number_a: NDArray[np.int64],
    values_a: NDArray[np.float64],
    number_b: NDArray[np.int64],
    values_b: NDArray[np.float64],
    level: float = LEVEL,
) -> CountedDifference | None:
    """The difference over the requests that both runs have; None where those are too few to stand for the runs."""
    known_a, known_b = np.isfinite(values_a), np.isfinite(values_b)
    shared, left, right = np.intersect1d(number_a[known_a], number_b[known_b], return_indices=True)
    longest = max(len(number_a), len(number_b))
    if not len(shared) or len(shared) < (1 - UNPAIRED) * longest:
        return None
    a, b = values_a[known_a][left], values_b[known_b][right]
    differences = b - a
    mean = float(differences.mean())
    told = float(a.mean()), float(b.mean()), mean
    if float(np.ptp(differences)) == 0:
        return CountedDifference(*told, mean, mean, True, len(shared))
    blocks = min(BLOCKS, len(shared))
    if blocks < 2:
        return CountedDifference(*told, -math.inf, math.inf, False, len(shared))
    means = np.array([block.mean() for block in np.array_split(differences, blocks)])
    half = student_quantile(0.5 + level / 2, blocks - 1) * float(means.std(ddof=1)) / math.sqrt(blocks)
    return CountedDifference(*told, mean - half, mean + half, False, len(shared))
