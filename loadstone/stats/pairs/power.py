"""How small an effect pairs can show, and how many pairs an effect needs, from the spread of the pairs' differences.

A difference of ``effect`` is told with this power where its interval ends beyond zero so often; to first order that is
(t at the level + t at the power) standard errors (Kalibera and Jones plan repetitions so, ISMM 2013; the noncentral t
that is exact differs by under 3 % from six pairs on, which a test holds).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from loadstone.stats.beta import normal_quantile, student_quantile
from loadstone.stats.pairs.effect import FEWEST, LEVEL, effect_of

__all__ = ["MOST_PAIRS", "POWER", "pairs_for", "pairs_to_decide", "sd_interval", "visible"]

POWER = 0.8
MOST_PAIRS = 200
"""Beyond this nobody waits: runs should be longer, or the load quieter."""


def visible(sd: float, pairs: int, level: float = LEVEL, power: float = POWER) -> float:
    """The smallest effect that so many pairs show with this power; also the smallest margin that identical sides clear
    so often. Raises ValueError below two pairs."""
    if pairs < 2:
        raise ValueError("the spread of pairs is unknown below two")
    degrees = pairs - 1
    t = student_quantile(0.5 + level / 2, degrees) + student_quantile(power, degrees)
    return t * sd / math.sqrt(pairs)


def pairs_for(
    sd: float, effect: float, level: float = LEVEL, power: float = POWER, most: int = MOST_PAIRS
) -> int | None:
    """The fewest pairs, at least ``FEWEST``, that show this effect with this power; None beyond ``most``."""
    if effect <= 0:
        return None
    for pairs in range(FEWEST, most + 1):
        if visible(sd, pairs, level, power) <= effect:
            return pairs
    return None


def pairs_to_decide(
    differences: Sequence[float], margin: float, level: float = LEVEL, most: int = MOST_PAIRS
) -> int | None:
    """About how many pairs in all would decide, were centre and spread to stay as they are: the interval below 0, at
    or below ``margin``, or above it. The present number where it is decided; None beyond ``most``."""
    effect = effect_of(differences, level)

    def decided(low: float, high: float) -> bool:
        return high < 0 or high <= margin or low > margin

    if decided(effect.low, effect.high):
        return effect.pairs
    if effect.pairs < 2:
        return None
    sd = float(np.std(np.asarray(differences, np.float64), ddof=1))
    for pairs in range(max(effect.pairs + 1, FEWEST), most + 1):
        half = student_quantile(0.5 + level / 2, pairs - 1) * sd / math.sqrt(pairs)
        if decided(effect.estimate - half, effect.estimate + half):
            return pairs
    return None


def sd_interval(sd: float, pairs: int, level: float = LEVEL) -> tuple[float, float]:
    """The interval of a standard deviation that was estimated from so many differences, by the chi-square quantiles of
    Wilson and Hilferty (PNAS 17, 1931): within 1 % of the exact ones from five degrees on."""
    degrees = pairs - 1
    if degrees < 1:
        return 0.0, math.inf

    def chi_square(share: float) -> float:
        part = 2 / (9 * degrees)
        return float(degrees * max(1e-9, 1 - part + normal_quantile(share) * math.sqrt(part)) ** 3)

    tail = (1 - level) / 2
    return sd * math.sqrt(degrees / chi_square(1 - tail)), sd * math.sqrt(degrees / chi_square(tail))
