"""Quantiles of simulated pairs and the effect in each comparison: what a metric of a comparison comes from, alone.

``prove.compare`` measures every metric of every step, and takes some hundredth of a second for it. Where only one
quantile matters (power, sequential rules, coverage) thousands of comparisons are judged by the same two functions that
``compare`` calls for it: ``harrell_davis`` for a run, ``effect_of`` for the pairs. A test holds that both ways agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benches.comparison_runs import Change, Scene, batch, histogram_of
from loadstone.prove.design import Order, order_of
from loadstone.stats.histogram import NS
from loadstone.stats.pairs.effect import LEVEL, Effect, effect_of
from loadstone.stats.pairs.power import POWER, visible
from loadstone.stats.pairs.quantiles import harrell_davis

__all__ = ["change_for", "chunks", "effects", "length_for", "log_quantiles", "orders", "queued", "truth"]

Floats = NDArray[np.float64]

MOST_VALUES = 12_000_000
"""Requests of a batch: some 500 MB while it is made."""

PILOT = 200
TRUE_RUNS = 600
"""Runs of a minute whose requests are pooled to the truth: 3.6 million at 100 a second."""

HALVINGS = 8
"""Of the interval that a change's factor is sought in: to .05 % of a factor near 1."""


def orders(pairs: int, count: int, seed: int) -> list[tuple[Order, ...]]:
    """The order of the sides in each of ``count`` comparisons, as a design draws it."""
    return [order_of(pairs, seed * 1_000 + place) for place in range(count)]


def chunks(scene: Scene, pairs: int, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """(seed, comparisons) of batches that fit into memory."""
    at_once = max(1, MOST_VALUES // (2 * pairs * (scene.measured + round(scene.rate_per_s * scene.warm_up_s))))
    for place, begin in enumerate(range(0, count, at_once)):
        yield seed * 10_000 + place, min(at_once, count - begin)


def log_quantiles(scene: Scene, pairs: int, count: int, seed: int, shares: Sequence[float]) -> Floats:
    """The log of each run's response quantiles in seconds: float64[shares, comparisons, pairs, sides]."""
    found = []
    for part, size in chunks(scene, pairs, count, seed):
        response = np.rint(batch(scene, orders(pairs, size, part), part).response_s * NS).astype(np.int64)
        flat = response.reshape(len(response), -1)
        values = np.empty((len(shares), flat.shape[1]))
        for run in range(flat.shape[1]):
            histogram = histogram_of(flat[:, run])
            values[:, run] = [math.log(harrell_davis(histogram, share) or math.nan) for share in shares]
        found.append(values.reshape(len(shares), size, pairs, 2))
    return np.concatenate(found, axis=1)


def effects(logs: Floats, level: float = LEVEL) -> list[Effect]:
    """The effect in each comparison: ``logs`` is float64[comparisons, pairs, sides]."""
    return [effect_of(row.tolist(), level) for row in logs[..., 1] - logs[..., 0]]


def length_for(scene: Scene, share: float, ratio: float, pairs: int, seed: int, power: float = POWER) -> float | None:
    """Seconds that a run must measure for ``pairs`` to see ``ratio`` with that power, from pilots of 30 s and 120 s:
    the variance of a pair is a part that shrinks with length and one that does not (drift). None where it never does.
    """
    reach = visible(1.0, pairs, LEVEL, power)
    variances = []
    for place, length in enumerate((30.0, 120.0)):
        pilot = replace(scene, measured_s=length)
        logs = log_quantiles(pilot, 10, PILOT // 10, seed * 10 + place, (share,))[0]
        variances.append(float((logs[..., 1] - logs[..., 0]).var()))
    shrinks = max((variances[0] - variances[1]) / (1 / 30 - 1 / 120), 0.0)
    stays = max(variances[0] - shrinks / 30, 0.0)
    allowed = (math.log(ratio) / reach) ** 2 - stays
    return shrinks / allowed if allowed > 0 else None


def truth(scene: Scene, shares: Sequence[float], seed: int) -> Floats:
    """The logs of both sides' true quantiles on a steady host, float64[shares, sides], from long runs."""
    long = replace(scene, measured_s=60.0, warm_up_s=30.0, drift=0.0, disturbed=0.0)
    found = batch(long, [("AB",) * TRUE_RUNS], seed).response_s[:, 0].reshape(-1, 2)
    return np.asarray(np.log(np.quantile(found, list(shares), axis=0)))


def change_for(scene: Scene, share: float, ratio: float, seed: int, changed: Callable[[float], Change]) -> Change:
    """The change by whose factor the true quantile of responses grows by ``ratio``: service times grow by less than
    that, those of rare requests by more."""
    low, high = 1.0, 1.0
    while _grown(scene, share, seed, changed(high)) < ratio:
        high *= 1 + ratio
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _grown(scene, share, seed, changed(middle)) < ratio else (low, middle)
    return changed((low + high) / 2)


def _grown(scene: Scene, share: float, seed: int, change: Change) -> float:
    a, b = truth(replace(scene, change=change), (share,), seed)[0]
    return math.exp(b - a)


def queued(scene: Scene, ratio: float, seed: int) -> dict[str, Change]:
    """Two changes of the work after which the true p95 is ``ratio`` of what it was, with what they are called. How long
    a run is and how its host wanders do not matter."""
    return _queued(replace(scene, measured_s=60.0, warm_up_s=30.0, drift=0.0, disturbed=0.0), ratio, seed)


@lru_cache(maxsize=64)
def _queued(scene: Scene, ratio: float, seed: int) -> dict[str, Change]:
    every = change_for(scene, 0.95, ratio, seed, lambda factor: Change(service=factor))
    rare = change_for(scene, 0.95, ratio, seed, lambda factor: Change(rare=factor))
    return {
        f"work x {every.service:.3f}": every,
        f"work of one request in ten x {rare.rare:.2f}": rare,
    }
