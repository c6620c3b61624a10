"""Think times: lognormal, cut off where a longer pause would have begun a new visit, and rounded as the log rounds.

A log that writes whole seconds blurs a pause by up to a second on both sides, and one that is longer than the idle time
is not seen at all. Both are part of the likelihood: of each cell of the values, truncated at the cut, averaged over
where within its grain an instant may have lain (grouped and truncated data: Cohen, Truncated and Censored Samples,
1991). The maximum is climbed by the outer product of the scores (Berndt, Hall, Hall and Hausman 1974); intervals are
those of the sandwich estimator with visits as clusters (Liang and Zeger, Biometrika 73, 1986), as pauses of one visit
are not independent.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import student_quantile

__all__ = ["FEWEST_THINKS", "ThinkFit", "fit_think", "normal_function"]

FEWEST_THINKS = 20
"""With fewer pauses the interval of the spread is wider than a factor of 2."""

CELL = 1.05
FINE_CELLS = 40
"""Cells are one grain wide up to the 40th and grow by 5 % from there: a lognormal's density hardly bends within."""

NODES = 4
"""Places within a grain over which a cell is averaged: more changed no estimate by a tenth of its error."""

VAGUE = 4.0
"""A median that may be four times as long hangs on pauses that nobody saw."""

STEEPEST = 1e8
"""Of a score: a cell that the present law all but rules out says which way to go, not how far."""

FLAT = 1e10
"""A top of the likelihood that is so much flatter in one direction: the numbers' last digits would decide."""

WIDEST = 20.0
"""Of an interval, in logarithms, so that its ends are numbers."""

SMALLEST = 1e-300


class ThinkFit(NamedTuple):
    """``median_s`` and ``sigma`` (of the logarithm) as value, low, high at 95 %; ``overlapping`` is the share of
    requests that were sent before the one above was answered, ``visits`` how many clusters there were. ``longer``:
    those beyond the cut are reckoned with."""

    median_s: tuple[float, float, float]
    sigma: tuple[float, float, float]
    pauses: int
    visits: int
    overlapping: float
    longer: bool


def normal_function(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard normal distribution function of each."""
    flat = [0.5 * math.erfc(-value / math.sqrt(2)) for value in values.ravel().tolist()]
    return np.array(flat).reshape(values.shape)


def fit_think(
    values_s: NDArray[np.float64], visits: NDArray[np.int64], *, cut_s: float, grain_s: float, rounded_twice: bool
) -> ThinkFit | None:
    """The lognormal that pauses come from; None with too few, or where all are of one grain.

    Where the cut hides so much that any longer pause would do, it is the lognormal of those below the cut.

    ``values_s`` float64[n], ``visits`` int64[n] which visit each is of. ``cut_s`` is the longest that can be seen,
    ``grain_s`` the step of the log's clock. ``rounded_twice``: both ends of a pause were rounded on their own and
    something exact was added (a duration), so that values are no multiples of the grain.
    """
    if len(values_s) < FEWEST_THINKS or cut_s <= grain_s:
        return None
    found = _fit(values_s, visits, cut_s, grain_s, rounded_twice, math.log(cut_s))
    if found is None or found.median_s[0] > cut_s or found.median_s[2] > VAGUE * found.median_s[0]:
        found = _fit(values_s, visits, cut_s, grain_s, rounded_twice, math.inf)
    return found


def _fit(
    values_s: NDArray[np.float64],
    visits: NDArray[np.int64],
    cut_s: float,
    grain_s: float,
    rounded_twice: bool,
    log_cut: float,
) -> ThinkFit | None:
    cells, lows, highs = _cells(values_s / grain_s, cut_s / grain_s, 4 if rounded_twice else 1)
    used, where = np.unique(cells, return_inverse=True)
    counts = np.bincount(where).astype(np.float64)
    lows, highs = lows[used] * grain_s, highs[used] * grain_s
    noise = (np.arange(NODES) + 0.5) / NODES * grain_s
    ends = np.log(np.maximum(SMALLEST, np.stack([lows[:, None] - noise, highs[:, None] - noise])))
    middle = np.log(np.maximum(grain_s / 4, (np.maximum(lows, 0) + highs) / 2))
    mean = float(counts @ middle / counts.sum())
    start = max(0.05, math.sqrt(float(counts @ (middle - mean) ** 2 / counts.sum())))
    place, scores = _climb(ends, counts, log_cut, np.array([mean, math.log(start)]))
    if len(used) < 2 or place is None:
        return None
    information = (scores * counts[:, None]).T @ scores
    names, of = np.unique(visits, return_inverse=True)
    sums = np.stack([np.bincount(of, weights=scores[where, column]) for column in range(2)], axis=1)
    if not np.linalg.cond(information) < FLAT:
        return None
    bread = np.linalg.inv(information)
    clusters = len(names)
    sandwich = np.maximum(0.0, np.diag(bread @ (sums.T @ sums) @ bread))
    spread = np.sqrt(sandwich * clusters / max(1, clusters - 1))
    spread = np.maximum(spread, np.sqrt(np.diag(bread)))
    reach = student_quantile(0.975, max(1, clusters - 1)) * spread
    reach = np.minimum(reach, WIDEST)
    told = [tuple(math.exp(each) for each in (place[i], place[i] - reach[i], place[i] + reach[i])) for i in range(2)]
    return ThinkFit(
        (told[0][0], told[0][1], told[0][2]),
        (told[1][0], told[1][1], told[1][2]),
        len(values_s),
        clusters,
        float((values_s <= -grain_s if rounded_twice else values_s < 0).mean()),
        math.isfinite(log_cut),
    )


def _cells(
    values: NDArray[np.float64], most: float, parts: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The cell of each value, and the cells' ends, all in grains: the first cell holds whatever is shorter.

    A value tells that the pause and what was added to it lie in one grain; so cells are a grain wide wherever they
    begin, and begin at each part of a grain.
    """
    fine = np.arange(FINE_CELLS * parts) / parts
    begins = [float(FINE_CELLS)]
    while begins[-1] <= most:
        begins.append(math.ceil(begins[-1] * CELL))
    lows = np.concatenate([fine, begins[:-1]]) if parts == 1 else np.concatenate([fine - 1, [FINE_CELLS - 1], begins])
    highs = np.append(lows[1:], math.ceil(lows[-1] * CELL))
    highs[: len(fine)] = lows[: len(fine)] + 1
    rounded = np.floor(values * parts + (0.5 if parts > 1 else 1e-6)) / parts
    cells = np.clip(np.searchsorted(lows, rounded + 1e-9, side="right") - 1, 0, len(lows) - 1)
    lows[0] = -math.inf
    return cells.astype(np.int64), lows, highs


def _climb(
    ends: NDArray[np.float64], counts: NDArray[np.float64], log_cut: float, place: NDArray[np.float64]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
    """The most likely (mean, log sigma) of the logarithm, and the scores float64[cells, 2] there."""
    value, scores = _likelihood(ends, counts, log_cut, place)
    for _ in range(100):
        slope = counts @ scores
        information = (scores * counts[:, None]).T @ scores + 1e-9 * counts.sum() * np.eye(2)
        step = np.linalg.solve(information, slope)
        if float(step @ slope) < 1e-8:
            return place, scores
        scale = min(1.0, 1.0 / float(np.abs(step).max()))
        while True:
            after = place + scale * step
            found, found_scores = _likelihood(ends, counts, log_cut, after)
            if found > value and -6 < after[1] < 3:
                break
            scale /= 2
            if scale < 1e-6:
                return (place if float(step @ slope) < 1e-2 else None), scores
        place, value, scores = after, found, found_scores
    return place, scores


def _likelihood(
    ends: NDArray[np.float64], counts: NDArray[np.float64], log_cut: float, place: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """The logarithm, and each cell's score in (mean, log sigma)."""
    mean, sigma = float(place[0]), math.exp(float(place[1]))
    scaled = np.minimum((ends - mean) / sigma, 40.0)
    cut = min((log_cut - mean) / sigma, 40.0)
    density = np.exp(-0.5 * scaled**2) / math.sqrt(2 * math.pi)
    below = normal_function(scaled)
    seen = max(SMALLEST, 0.5 * math.erfc(-cut / math.sqrt(2)))
    at_cut = math.exp(-0.5 * cut**2) / math.sqrt(2 * math.pi) / seen
    share = np.maximum(SMALLEST, (below[1] - below[0]).mean(axis=1))
    by_mean = -(density[1] - density[0]).mean(axis=1) / sigma / share + at_cut / sigma
    by_sigma = -(density[1] * scaled[1] - density[0] * scaled[0]).mean(axis=1) / share + at_cut * cut
    value = float(counts @ np.log(share)) - float(counts.sum()) * math.log(seen)
    return value, np.clip(np.stack([by_mean, by_sigma], axis=1), -STEEPEST, STEEPEST)
