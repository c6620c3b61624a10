"""A run's quantile by Harrell and Davis, from its histogram.

A plain quantile is one value and jumps with it; the Harrell-Davis estimate is a mean of all ordered values, weighted
by the chance that each is the quantile of a sample of this size (Harrell and Davis, A new distribution-free quantile
estimator, Biometrika 69, 1982). The weights are differences of the beta distribution's function with parameters
(n + 1) q and (n + 1)(1 - q), here taken over whole buckets.

How much less it wavers was measured on identical queues at load .7 with the same arrivals (1,000 pairs of runs of 300,
1,000 and 5,000 requests, ``benches/quantile_spread.py``). The standard deviation of a pair's log ratio of p99 is .80 to
.89 of the plain quantile's with four workers where one request in a hundred is ten times slower, .96 to 1.02 elsewhere;
that of p50 and p95 is the same within 3 %. Queues waver by more than estimators do. Cutting the weights to their
densest part (Akinshin, Communications in Statistics, 2022) never differs by more than 1 %, and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.histogram import NS, Histogram, bucket_middles

__all__ = ["harrell_davis", "quantiles_of"]

Floats = NDArray[np.float64]

REACH = 9.0
"""Standard deviations of the beta distribution to either side that are summed: what is left out is below 3e-8 where
its smaller parameter is ``SMOOTH``, and nothing where both are large."""

SMOOTH = 8.0
"""From this value of its smaller parameter on the beta density is smooth enough for a grid, which is ten times as
quick. Below, few values lie beyond the quantile, and the continued fraction of ``stats/beta.py`` is taken."""

CELLS = 512
TINY = 1e-300
CLOSE = 1e-12
MOST_TERMS = 20_000


def harrell_davis(histogram: Histogram, share: float) -> float | None:
    """The quantile at ``share`` in seconds, within the buckets' 0.4 %; None for an empty histogram.

    The ends are exact: ``share`` 0 is the minimum, 1 the maximum, and both enter the mean with their own values.
    Raises ValueError for a share outside 0 to 1.
    """
    return quantiles_of(histogram, (share,))[0]


def quantiles_of(histogram: Histogram, shares: Sequence[float]) -> list[float | None]:
    """The same for several shares, in their order."""
    for share in shares:
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies between 0 and 1, not {share}")
    count = histogram.count
    if not count:
        return [None] * len(shares)
    if histogram.min_ns == histogram.max_ns:
        return [histogram.min_s] * len(shares)
    values, reached = _atoms(histogram)
    found: list[float | None] = []
    for share in shares:
        if share in (0, 1):
            found.append(histogram.max_s if share else histogram.min_s)
            continue
        weights = np.diff(_beta_function((count + 1) * share, (count + 1) * (1 - share), reached))
        found.append(float(values @ weights / weights.sum()) / NS)
    return found


def _atoms(histogram: Histogram) -> tuple[Floats, Floats]:
    """Values in ns, ascending (the buckets' middles, the exact ends apart), and the shares of all values that lie
    before the first, up to it, up to the next, and so on: one more."""
    middles, running = bucket_middles(histogram)
    upto = running.astype(np.float64)
    upto[-1] -= 1
    values = np.concatenate([[histogram.min_ns], middles, [histogram.max_ns]])
    return values, np.concatenate([[0.0, 1.0], upto, [histogram.count]]) / histogram.count


def _beta_function(a: float, b: float, x: Floats) -> Floats:
    """I_x(a, b) for ascending x."""
    mean = a / (a + b)
    deviation = math.sqrt(mean * (1 - mean) / (a + b + 1))
    if min(a, b) >= SMOOTH:
        return _summed(a, b, x, max(0.0, mean - REACH * deviation), min(1.0, mean + REACH * deviation))
    result = np.where(x > mean, 1.0, 0.0)
    near = (x > 0) & (x < 1) & (np.abs(x - mean) < 40 * deviation + 40 / (a + b))
    if near.any():
        at = x[near]
        turn = at >= (a + 1) / (a + b + 2)
        front = np.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * np.log(at) + b * np.log1p(-at))
        p, q = np.where(turn, b, a), np.where(turn, a, b)
        part = np.clip(front * _fraction(p, q, np.where(turn, 1 - at, at)) / p, 0.0, 1.0)
        result[near] = np.where(turn, 1 - part, part)
    return result


def _summed(a: float, b: float, x: Floats, low: float, high: float) -> Floats:
    """The density summed by Simpson's rule over cells from ``low`` to ``high``, and between their ends the cubic that
    has the sum and the density of both."""
    grid = np.linspace(low, high, 2 * CELLS + 1)
    inner = np.clip(grid, TINY, 1 - 1e-16)
    logs = (a - 1) * np.log(inner) + (b - 1) * np.log1p(-inner)
    density = np.exp(logs - logs.max())
    wide = grid[2] - grid[0]
    sums = np.concatenate([[0.0], np.cumsum(density[:-1:2] + 4 * density[1::2] + density[2::2])]) * (wide / 6)
    density = density[::2] * (wide / sums[-1])
    sums /= sums[-1]
    place = np.clip((x - low) / wide, 0, CELLS)
    cell = np.minimum(place.astype(np.int64), CELLS - 1)
    t = place - cell
    rest = 1 - t
    return np.asarray(
        sums[cell] * (1 + 2 * t) * rest**2
        + density[cell] * t * rest**2
        + sums[cell + 1] * t**2 * (3 - 2 * t)
        - density[cell + 1] * t**2 * rest
    )


def _fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """The continued fraction of DLMF 8.17.22 by the modified Lentz method, element by element. What could be 0 is
    kept from it by ``TINY``, which changes no other number."""
    c = np.ones_like(x)
    total = (a + b) * x
    d = 1 / (1 - total / (a + 1) + TINY)
    value = d.copy()
    bx = b * x
    for m in range(1, MOST_TERMS):
        middle = a + 2 * m
        term = m * (bx - m * x) / ((middle - 1) * middle)
        d = 1 / (1 + term * d + TINY)
        c = 1 + term / c + TINY
        value *= c * d
        term = -(a + m) * (total + m * x) / (middle * (middle + 1))
        d = 1 / (1 + term * d + TINY)
        c = 1 + term / c + TINY
        step = c * d
        value *= step
        if np.abs(step - 1).max() < CLOSE:
            return value
    raise ArithmeticError("the incomplete beta function did not converge")
