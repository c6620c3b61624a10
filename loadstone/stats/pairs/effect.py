"""The mean of differences between the runs of a pair, with its interval: by sign-flip below ten pairs, Student from
there.

The run is what is replicated, not the request: requests of a run share its luck, and a test on requests finds
differences between identical sides in four comparisons of ten. A difference is a log ratio (then the estimate is the
log of a geometric mean of ratios) or a plain difference, one a pair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from loadstone.stats.beta import incomplete_beta, student_quantile
from loadstone.stats.pairs.sign_flip import sign_flip_interval, sign_flip_p

__all__ = ["FEWEST", "LEVEL", "STUDENT_FROM", "Effect", "Method", "effect_of"]

FEWEST = 6
"""Pairs from which an interval at 95 % has ends: 1 - 2 / 2^6 = 96.9 %, while five carry 93.75 %."""

STUDENT_FROM = 10
"""From here Student's interval is as good: in simulation (``benches/stopping.py``) its width is within 3 % of the
sign-flip one's at ten pairs (6 % on differences of two modes), identical sides are called different in 4 to 5.7 %, and
it resolves the higher levels of repeated looks. Both miss a mean that skewed differences (lognormal, skewness 1.75)
lie about in 7 to 8 %; identical sides cannot differ so, since which of them is A is chance."""

LEVEL = 0.95

Method = Literal["sign-flip", "student"]


class Effect(NamedTuple):
    """The mean difference, its two-sided interval and p value (of no difference). ``low`` and ``high`` are infinite
    where so few pairs cannot carry the level."""

    estimate: float
    low: float
    high: float
    p: float
    method: Method
    pairs: int


def effect_of(differences: Sequence[float], level: float = LEVEL) -> Effect:
    """The effect that ``differences``, one a pair, show. Raises ValueError for none, for one that is no finite
    number, and for a level outside 0 to 1."""
    values = [float(value) for value in differences]
    if not values:
        raise ValueError("an effect needs at least one pair")
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a difference is no finite number")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not {level}")
    count = len(values)
    if count < STUDENT_FROM:
        low, high = sign_flip_interval(values, level)
        estimate = values[0] if min(values) == max(values) else math.fsum(values) / count
        return Effect(estimate, low, high, sign_flip_p(values), "sign-flip", count)
    return _student(values, level)


def _student(values: list[float], level: float) -> Effect:
    """Student's interval (Biometrika 6, 1908). Where nothing varies the interval is a point, and p what as many
    pairs on one side would have by sign-flip: no spread was seen, so it cannot be known to be none."""
    count = len(values)
    if min(values) == max(values):
        value = values[0]
        return Effect(value, value, value, 1.0 if value == 0 else 2.0 ** (1 - count), "student", count)
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    error = math.sqrt(variance / count)
    if error == 0:  # differences so close that their squares vanish
        return Effect(mean, min(values), max(values), 2.0 ** (1 - count), "student", count)
    half = _bound(level, count - 1) * error
    t = mean / error
    p = incomplete_beta((count - 1) / 2, 0.5, (count - 1) / (count - 1 + t * t))
    return Effect(mean, mean - half, mean + half, p, "student", count)


@lru_cache(maxsize=4096)
def _bound(level: float, degrees: int) -> float:
    """Kept, since every metric of an experiment asks for the same."""
    return student_quantile(0.5 + level / 2, degrees)
