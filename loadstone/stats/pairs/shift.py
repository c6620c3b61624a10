"""The shift function: the ratio between two sides at each decile and in the tail.

A change rarely slows every request alike: a cache that is lost moves the median, a lock the tail. So the ratio is told
at every quantile (Doksum, Annals of Statistics 2, 1974; Rousselet, Pernet and Wilcox, European Journal of Neuroscience
46, 2017, with Harrell-Davis quantiles). Each pair has its own ratio, and the interval is over pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from loadstone.stats.histogram import Histogram
from loadstone.stats.pairs.effect import LEVEL, effect_of
from loadstone.stats.pairs.quantiles import quantiles_of

__all__ = ["BEYOND", "SHARES", "Shift", "shift"]

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)

BEYOND = 10
"""Values that must lie beyond a quantile in every run: with fewer its estimate is that of the extreme value."""


class Shift(NamedTuple):
    """The sides' quantiles at ``share`` (geometric means over runs) and the ratio B/A with its interval; the ends are
    0 and infinite where so few pairs cannot carry the level."""

    share: float
    a_s: float
    b_s: float
    ratio: float
    low: float
    high: float


def shift(
    pairs: Sequence[tuple[Histogram, Histogram]], level: float = LEVEL, shares: Sequence[float] = SHARES
) -> list[Shift]:
    """The ratio at each of ``shares`` that every run can tell; ``pairs`` are (A, B). None at all without pairs."""
    fewest = min((histogram.count for pair in pairs for histogram in pair), default=0)
    told = [share for share in shares if fewest * min(share, 1 - share) >= BEYOND - 1e-9]
    sides = [(quantiles_of(a, told), quantiles_of(b, told)) for a, b in pairs]
    found: list[Shift] = []
    for place, share in enumerate(told):
        logs = [(math.log(a), math.log(b)) for one, other in sides if (a := one[place]) and (b := other[place])]
        if len(logs) < len(pairs):  # a quantile of 0 ns has no logarithm
            continue
        effect = effect_of([b - a for a, b in logs], level)
        a_s, b_s = (math.exp(math.fsum(side) / len(logs)) for side in zip(*logs, strict=True))
        found.append(Shift(share, a_s, b_s, *(_ratio(value) for value in effect[:3])))
    return found


def _ratio(log: float) -> float:
    return math.exp(log) if log < 700 else math.inf
