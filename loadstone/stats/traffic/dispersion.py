"""How evenly things arrive: the index of dispersion of their counts in windows, without the trend.

Variance over mean is 1 for Poisson arrivals, whatever the window. A rate that drifts within the hour would be taken for
bursts, so a smooth trend is taken out first (a parabola where there are windows enough). The interval is that of a
variance from few windows: chi-square, with no more degrees of freedom than windows, and fewer where the squared
deviations vary more than a normal distribution's do or follow each other (batch means: Flegal and Jones, Annals of
Statistics 38, 2010).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.pairs.chi_square import chi_square_quantile

__all__ = ["FEWEST_WINDOWS", "Index", "index_of_dispersion", "trend_of"]

FEWEST_WINDOWS = 8
"""With fewer windows the upper end is over four times the index (chi-square, 7 degrees: 7 / 1.69)."""

PARABOLA_FROM, LINE_FROM = 20, 10
"""Windows from which a parabola or a line is taken out: each costs a tenth of the windows' freedom at most, a little
more for the parabola."""


class Index(NamedTuple):
    """``value`` between ``low`` and ``high`` at 95 %, from ``windows`` windows worth ``degrees`` independent ones."""

    value: float
    low: float
    high: float
    windows: int
    degrees: float


def trend_of(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """The smooth rate under the counts, by least squares, and its number of parameters."""
    windows = len(counts)
    power = 2 if windows >= PARABOLA_FROM else 1 if windows >= LINE_FROM else 0
    place = np.linspace(-1.0, 1.0, windows) if windows > 1 else np.zeros(windows)
    columns = place[:, None] ** np.arange(power + 1)
    return columns @ np.linalg.lstsq(columns, counts, rcond=None)[0], power + 1


def index_of_dispersion(counts: NDArray[np.int64], grains: int) -> Index | None:
    """The index of the counts in windows of ``grains`` counts each; None with too few windows or nothing in them.

    ``counts`` int64[n] in the order of time, in equal short stretches; what is left of the last window is left out.
    """
    windows = len(counts) // grains if grains > 0 else 0
    if windows < FEWEST_WINDOWS:
        return None
    sums = counts[: windows * grains].reshape(windows, grains).sum(axis=1).astype(np.float64)
    if sums.sum() <= 0:
        return None
    trend, parameters = trend_of(sums)
    free = windows - parameters
    parts = (sums - trend) ** 2 / float(sums.mean()) * (windows / free)
    value = float(parts.mean())
    if value <= 0:
        return Index(0.0, 0.0, float(free) / chi_square_quantile(0.025, free), windows, float(free))
    degrees = max(1.0, min(float(free), 2 * value**2 / _variance_of_mean(parts)))
    low = degrees * value / chi_square_quantile(0.975, degrees)
    high = degrees * value / chi_square_quantile(0.025, degrees)
    return Index(value, low, high, windows, degrees)


def _variance_of_mean(parts: NDArray[np.float64]) -> float:
    """Of the mean of numbers that may follow each other: the largest over batches of one, two, four, ..."""
    count = len(parts)
    rest = parts - parts.mean()
    best, size = 1e-300, 1
    while count // size >= max(FEWEST_WINDOWS, int(count**0.5)):
        batches = count // size
        means = rest[: batches * size].reshape(batches, size).mean(axis=1)
        best = max(best, float(means.var(ddof=1)) / batches)
        size *= 2
    return best
