"""Runs at several levels of a factor, some at each: a slope over the levels, and a change from one level to another.

The run is what is replicated, not the request: requests of one run share its luck. So each run is one point. The slope
is a weighted least-squares line over all runs with Student's interval; a change's interval rests on the spread of
runs at the same level alone, so that it holds where the line is a curve.

Times under load spread in proportion to themselves, so that the busiest level drowns a change of means. Whether
something grows with the level is therefore asked of the order of runs alone (Jonckheere, Biometrika 41, 1954; Terpstra,
Indagationes Mathematicae 14, 1952), exactly, and a growth's interval is made on logarithms.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import student_quantile

__all__ = ["LEVEL", "Estimate", "change", "growth", "line", "trend"]

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
    squares = np.bincount(place, weights=(y - means[place]) ** 2)
    variance = float(squares.sum()) / degrees
    ends = int(counts[0] + counts[-1]) - 2
    if ends > 0:  # the levels compared may spread more than those between
        variance = max(variance, float(squares[0] + squares[-1]) / ends)
    value = float(means[-1] - means[0])
    half = student_quantile(0.5 + LEVEL / 2, degrees) * math.sqrt(variance * (1 / counts[0] + 1 / counts[-1]))
    return Estimate(value, value - half, value + half, degrees)


def growth(level: Floats, y: Floats, least: float) -> Estimate | None:
    """The mean at the highest level less that at the lowest, with an interval made on logarithms of y + ``least``.

    ``least`` is in the unit of y: what is small enough not to matter. Negative values count as 0. None as ``change``.
    """
    y = np.maximum(y, 0.0)
    means = change(level, y)
    logs = change(level, np.log(y + least))
    if means is None or logs is None or least <= 0:
        return None
    lowest = level[np.isfinite(y)].min()
    base = math.exp(float(np.nanmean(np.log(y[level == lowest] + least))))
    low, high = (base * math.expm1(min(end, 700.0)) for end in (logs.low, logs.high))
    return Estimate(means.value, min(low, means.value), max(high, means.value), logs.degrees)


def trend(level: Floats, y: Floats) -> float:
    """The exact one-sided p of y growing with the level, 1 where nothing can be told.

    The count of pairs of runs in order, between all pairs of levels; of equal values half a pair is.
    """
    known = np.isfinite(level) & np.isfinite(y)
    level, y = level[known], y[known]
    groups = [y[level == value] for value in np.unique(level)]
    ordered = 0.0
    counts = np.ones(1)
    before = np.empty(0)
    for group in groups:
        above = group[:, None] - before[None, :]
        ordered += float((above > 0).sum() + 0.5 * (above == 0).sum())
        counts = np.convolve(counts, _ranks(len(before), len(group)))
        before = np.concatenate([before, group])
    return float(counts[math.floor(ordered) :].sum() / counts.sum())


def _ranks(first: int, second: int) -> Floats:
    """In how many orders of two groups so many pairs are in order: Mann and Whitney's distribution, float64[f * s + 1],
    the coefficients of a Gaussian binomial."""
    held = np.zeros(first * second + 1)
    held[0] = 1.0
    for part in range(1, second + 1):
        for place in range(len(held) - 1, first + part - 1, -1):
            held[place] -= held[place - first - part]
        for place in range(part, len(held)):
            held[place] += held[place - part]
    return held
