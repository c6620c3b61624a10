"""The effect between two sides from the differences within pairs of runs: estimate, interval, p value.

The run is the unit of replication, not the request: requests of one run share its queue, its garbage, its neighbours.
Below ten pairs the interval is the exact sign-flip one, which asks for no shape; from there Student's, which is
narrower and by then good (docs/prove.md says how both were checked).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from loadstone.stats.beta import incomplete_beta, student_quantile
from loadstone.stats.pairs.sign_flip import sign_flip_interval, sign_flip_p

__all__ = ["FEWEST", "LEVEL", "STUDENT_FROM", "Effect", "Method", "effect_of"]

LEVEL = 0.95

FEWEST = 6
"""Pairs: with five, even all of one sign happen by chance in 2 of 32."""

STUDENT_FROM = 10

_SAME = 1e-12
"""Differences closer than this, relative to their size, are equal: they come from sums of floats."""

Method = Literal["sign-flip", "student"]


class Effect(NamedTuple):
    """The mean of the differences with its interval and the two-sided p value of "zero"."""

    estimate: float
    low: float
    high: float
    p: float
    method: Method
    pairs: int


def effect_of(differences: Sequence[float], level: float = LEVEL) -> Effect:
    """The effect; its ends are infinite where the number of pairs cannot carry the level.

    Raises ValueError without differences, or for one that is not finite.
    """
    values = np.asarray(differences, np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("an effect needs differences, all of them finite")
    pairs = len(values)
    estimate = float(values.mean())
    if pairs < STUDENT_FROM:
        low, high = sign_flip_interval(values.tolist(), level)
        return Effect(
            estimate, min(low, estimate), max(high, estimate), sign_flip_p(values.tolist()), "sign-flip", pairs
        )
    error = float(values.std(ddof=1)) / math.sqrt(pairs)
    if error <= _SAME * abs(estimate):
        return Effect(estimate, estimate, estimate, 1.0 if estimate == 0 else 0.0, "student", pairs)
    half = student_quantile(0.5 + level / 2, pairs - 1) * error
    t = estimate / error
    p = incomplete_beta((pairs - 1) / 2, 0.5, (pairs - 1) / (pairs - 1 + t * t))
    return Effect(estimate, estimate - half, estimate + half, p, "student", pairs)
