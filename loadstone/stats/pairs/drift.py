"""Whether values that should hold their level move over the pairs: a leak, a cache that fills, a host that heats up.

If nothing moves, every order of the values is as likely as any other. So the slope over the order is set against the
slopes of all permutations (Pitman, Significance tests which may be applied to samples from any populations, II, JRSS
Supplement 4, 1937): of every one up to eight values, of a seeded sample of them beyond.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["DRAWS", "EXACT_TO", "Drift", "drift"]

EXACT_TO = 8
"""8! = 40,320 orders take a few milliseconds, ten times as many do not."""

DRAWS = 9_999
"""A p value of .01 is then good to .001 (one standard error)."""

ROUNDING = 1e-12


class Drift(NamedTuple):
    """The least-squares slope from one value to the next, and the two-sided p value of there being none."""

    slope: float
    p: float


def drift(values: Sequence[float]) -> Drift:
    """How the level of ``values``, in the order they were measured in, moves. Fewer than three tell nothing (p is 1).

    Raises ValueError for a value that is no finite number.
    """
    level = np.asarray(values, np.float64)
    if not np.isfinite(level).all():
        raise ValueError("a value is no finite number")
    count = len(level)
    if count < 3 or level.min() == level.max():
        return Drift(0.0, 1.0)
    across = np.arange(count) - (count - 1) / 2
    level = level - level.mean()
    seen = float(across @ level)
    slope = seen / float(across @ across)
    far = abs(seen) - ROUNDING * float(np.abs(level).sum()) * count
    if count <= EXACT_TO:
        orders = np.array(list(itertools.permutations(range(count))))
        return Drift(slope, float((np.abs(level[orders] @ across) >= far).sum()) / math.factorial(count))
    random = np.random.default_rng(count)
    shuffled = random.permuted(np.broadcast_to(level, (DRAWS, count)), axis=1)
    return Drift(slope, (1 + float((np.abs(shuffled @ across) >= far).sum())) / (1 + DRAWS))
