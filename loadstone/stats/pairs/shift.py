"""The shift function: the ratio of two sides at each decile and in the tail, each with its interval over pairs.

A change that helps the median and hurts the tail has no single ratio (Doksum, Annals of Statistics 2, 1974; Rousselet,
Pernet and Wilcox, European Journal of Neuroscience 46, 2017, draw it for deciles).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from loadstone.stats.histogram import Histogram
from loadstone.stats.pairs.effect import LEVEL, effect_of
from loadstone.stats.pairs.quantiles import harrell_davis

__all__ = ["SHARES", "Shifted", "shift"]

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)

BEYOND = 10
"""Requests that must lie beyond a quantile in every run, or it is left out."""


class Shifted(NamedTuple):
    """One quantile: geometric means over the runs in seconds, and the ratio B/A with its interval."""

    share: float
    a_s: float
    b_s: float
    ratio: float
    low: float
    high: float


def shift(
    pairs: Sequence[tuple[Histogram, Histogram]], level: float = LEVEL, shares: Sequence[float] = SHARES
) -> tuple[Shifted, ...]:
    """The shift function of (A, B) histograms of latency, ascending; () without pairs."""
    if not pairs:
        return ()
    fewest = min(histogram.count for pair in pairs for histogram in pair)
    made: list[Shifted] = []
    for share in shares:
        if fewest * (1 - share) < BEYOND - 1e-6:
            continue
        logs: list[tuple[float, float]] = []
        for a, b in pairs:
            left, right = harrell_davis(a, share), harrell_davis(b, share)
            if left and right:
                logs.append((math.log(left), math.log(right)))
        if len(logs) < len(pairs):
            continue
        effect = effect_of([right - left for left, right in logs], level)
        levels = (math.exp(sum(side) / len(logs)) for side in zip(*logs, strict=True))
        made.append(Shifted(share, *levels, *(_exp(one) for one in effect[:3])))
    return tuple(made)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
