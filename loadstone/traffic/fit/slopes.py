"""How steep popularity is, read off so many requests: the exponent without a shift, ranks as they come.

Read so, it depends on how many requests there are; so it is read off the same number of each side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.traffic import Popularity
from loadstone.stats.traffic.distance import resampled_weights
from loadstone.stats.traffic.zipf import FEWEST_REQUESTS, ranked_zipf
from loadstone.traffic.fit.aspects import Aspects

__all__ = ["Slopes", "slopes_of"]

MOST_ROUTES = 5
REPLICATES = 60
FLATTEST = 0.01
"""A slope below is taken as this: its logarithm is compared."""


class Slopes(NamedTuple):
    """Distances float64[1 + replicates] of each side's slopes from those held out, the observed first."""

    workload: NDArray[np.float64] | None
    naive: NDArray[np.float64]
    replay: NDArray[np.float64] | None
    requests: int


def slopes_of(
    held: Aspects, workload: Aspects | None, replay: Aspects, popularity: Sequence[Popularity], seed: int
) -> Slopes | None:
    """The mean distance over the routes most asked for, by their requests; None where no route has items enough."""
    rng = np.random.default_rng(seed)
    weights = np.concatenate([np.ones((len(held.table), 1)), resampled_weights(len(held.table), seed, REPLICATES)], 1)
    total, sums, known = 0, [np.zeros(REPLICATES + 1) for _ in range(3)], [True, True, True]
    for one in popularity[:MOST_ROUTES]:
        if one.route not in held.items:
            continue
        visits, values = held.items[one.route]
        others = [side.items.get(one.route, (None, None))[1] if side else None for side in (workload, replay)]
        count = min(len(values), *(len(side) for side in others if side is not None))
        if count < FEWEST_REQUESTS:
            continue
        _, item = np.unique(values, return_inverse=True)
        picked = np.sort(rng.permutation(len(values))[:count])
        seen = _resampled(item[picked], weights[visits[picked]])
        naive = rng.integers(0, one.items, count)
        total += len(values)
        for at, side in enumerate((others[0], naive, others[1])):
            if side is None:
                known[at] = False
                continue
            chosen = side[rng.permutation(len(side))[:count]]
            slope = _slope(np.unique(chosen, return_counts=True)[1])
            sums[at] += len(values) * np.abs(np.log(slope / seen))
    if not total:
        return None
    work, naive_mean, again = (each / total for each in sums)
    return Slopes(work if known[0] else None, naive_mean, again if known[2] else None, total)


def _resampled(item: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The slope of the requests as they are, and in each replicate."""
    return np.array([_slope(np.round(np.bincount(item, weights=column)).astype(np.int64)) for column in weights.T])


def _slope(counts: NDArray[np.int64]) -> float:
    counts = counts[counts > 0]
    return max(FLATTEST, ranked_zipf(counts, shifted=False).exponent) if len(counts) > 1 else FLATTEST
