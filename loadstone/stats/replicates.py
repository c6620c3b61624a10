"""Runs at several levels of a factor, some at each: a slope over the levels, and a change from one level to another.

The run is what is replicated, not the request: requests of one run share its luck. So each run is one point. The slope
is a weighted least-squares line over all runs with Student's interval; a change's interval rests on the spread of
runs at the same level alone, so that it holds where the line is a curve.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import student_quantile

__all__ = ["LEVEL", "Estimate", "change", "line"]

LEVEL = 0.95

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A value with its interval at LEVEL and the degrees of freedom that it rests on."""

    value: float
    low: float
    high: float
    degrees: int


def line(x: Floats, y: Floats, weight: Floats) -> Estimate | None:
    """The slope of y over x, ``weight`` being how much each point tells (as requests do, whose mean it is).

    None with fewer than three points, or where x does not vary.
    """
    known = np.isfinite(x) & np.isfinite(y) & (weight > 0)
    x, y, weight = x[known], y[known], weight[known]
    if len(x) < 3:
        return None
    total = weight.sum()
    across = x - (weight * x).sum() / total
    up = y - (weight * y).sum() / total
    spread = float((weight * across**2).sum())
    if spread <= 1e-18 * total * max(1.0, float(np.abs(x).max())) ** 2:
        return None
    value = float((weight * across * up).sum()) / spread
    degrees = len(x) - 2
    error = math.sqrt(float((weight * (up - value * across) ** 2).sum()) / degrees / spread)
    half = student_quantile(0.5 + LEVEL / 2, degrees) * error
    return Estimate(value, value - half, value + half, degrees)


def change(level: Floats, y: Floats) -> Estimate | None:
    """The mean at the highest level less that at the lowest. ``level`` and ``y`` have one value a run.

    None where there is one level, or no level has two runs.
    """
    known = np.isfinite(level) & np.isfinite(y)
    level, y = level[known], y[known]
    values, place = np.unique(level, return_inverse=True)
    degrees = len(y) - len(values)
    if len(values) < 2 or degrees < 1:
        return None
    counts = np.bincount(place)
    means = np.bincount(place, weights=y) / counts
    variance = float(((y - means[place]) ** 2).sum()) / degrees
    value = float(means[-1] - means[0])
    half = student_quantile(0.5 + LEVEL / 2, degrees) * math.sqrt(variance * (1 / counts[0] + 1 / counts[-1]))
    return Estimate(value, value - half, value + half, degrees)
