"""How sure each look must be, so that all looks together hold one level: alpha spending.

Whoever looks after every few pairs and stops at the first difference finds one too often. Here each look spends a
part of the error, by how much of the planned pairs are in (Lan and DeMets, Discrete sequential boundaries for clinical
trials, Biometrika 70, 1983), and its interval is drawn at its own higher level. Such repeated confidence intervals
hold all at once, whenever it is stopped and for whatever reason (Jennison and Turnbull, Interim analyses: the repeated
confidence interval approach, JRSS B 51, 1989).

The levels follow from the path of a Brownian motion that has not left its bounds, by recursive numerical integration
(Armitage, McPherson and Rowe, Repeated significance tests on accumulating data, JRSS A 132, 1969; Jennison and
Turnbull, Group Sequential Methods, 2000, chapter 19). They are then used as significance levels with Student's t and
the sign-flip test (same book, chapter 3.8). The sign-flip test has 2^n patterns and rejects at 2k / 2^n alone: what a
look cannot spend for that is left to the later ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import normal_quantile
from loadstone.stats.pairs.effect import LEVEL, STUDENT_FROM
from loadstone.stats.pairs.sign_flip import rank_of_end

__all__ = ["Looks", "bounds", "looks", "looks_at", "spent"]

Floats = NDArray[np.float64]

NODES = 96
"""Points of the quadrature over half the path's range: boundaries are then good to 1e-6 for up to 100 looks (a test
holds that against twice as many)."""

FAR = 9.0
"""Standard deviations that stand for no bound: beyond lies 1e-19."""

POWER = 1.0

SMALLEST = 1e-12
"""No level is above 1 - SMALLEST: no interval is drawn at 100 %."""


class Looks(NamedTuple):
    """After how many pairs it is looked, and the two-sided level at which that look's intervals are to be drawn."""

    pairs: tuple[int, ...]
    levels: tuple[float, ...]


def spent(share: float, alpha: float) -> float:
    """The error spent when ``share`` of the pairs are in: alpha x share^POWER (Kim and DeMets, Design and analysis of
    group sequential tests based on the type I error spending rate function, Biometrika 74, 1987)."""
    return alpha * math.pow(min(1.0, share), POWER)


def looks(first: int, most: int, every: int = 2, level: float = LEVEL) -> Looks:
    """Looks after ``first`` pairs, every ``every`` from there, and after ``most``. One look is at ``level`` itself.

    Raises ValueError where ``first`` is above ``most``, or ``every`` is not positive.
    """
    if not 0 < first <= most or every < 1:
        raise ValueError(f"no looks from {first} to {most} pairs, every {every}")
    return looks_at((*range(first, most, every), most), level)


@lru_cache(maxsize=256)
def looks_at(pairs: tuple[int, ...], level: float = LEVEL) -> Looks:
    """The same for looks after these ascending numbers of pairs; the last has all."""
    if not pairs or any(later <= earlier for earlier, later in zip((0, *pairs), pairs, strict=False)):
        raise ValueError(f"looks come after ascending numbers of pairs, not {pairs}")
    if len(pairs) == 1:
        return Looks(pairs, (level,))
    alphas = nominal([count / pairs[-1] for count in pairs], 1 - level, spent, lambda k, alpha: _held(pairs[k], alpha))
    return Looks(pairs, tuple(1 - max(alpha, SMALLEST) for alpha in alphas))


def _held(pairs: int, alpha: float) -> float:
    """The part of ``alpha`` that a test of so many pairs can spend."""
    return alpha if pairs >= STUDENT_FROM else 2 * rank_of_end(pairs, 1 - alpha) / 2**pairs


def nominal(
    shares: Sequence[float],
    alpha: float,
    spending: Callable[[float, float], float],
    held: Callable[[int, float], float] = lambda _, alpha: alpha,
) -> list[float]:
    """The two-sided significance level of each look, at ``shares`` of the information. ``held`` says what look k can
    spend of a level, and the path goes on from that."""
    path = _Path()
    levels = []
    used = 0.0
    for k, share in enumerate(shares):
        target = max(spending(share, alpha) - used, 0.0)
        level = path.level_for(share, target)
        used += path.step(share, held(k, level))
        levels.append(level)
    return levels


def bounds(levels: Sequence[float]) -> list[float]:
    """The same as bounds for a standard normal statistic."""
    return [-normal_quantile(level / 2) if level > 0 else math.inf for level in levels]


class _Path:
    """A Brownian motion that has stayed within its bounds: its density, even in place, at quadrature nodes above 0."""

    def __init__(self) -> None:
        self.share = 0.0
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        self._nodes, self._weights = (nodes + 1) / 2, weights / 2
        self._at: Floats = np.zeros(1)
        self._mass: Floats = np.array([0.5])  # both halves together have all of it

    def leaves(self, share: float, bound: float) -> float:
        """The chance to be beyond ``bound`` standard deviations, for the first time, at ``share``."""
        far, deviation = bound * math.sqrt(share), math.sqrt(share - self.share)
        reach = np.concatenate([(far - self._at) / deviation, (far + self._at) / deviation]) / math.sqrt(2)
        tails = np.array([math.erfc(value) for value in reach])
        return float(tails @ np.concatenate([self._mass, self._mass]))

    def level_for(self, share: float, error: float) -> float:
        """The nominal two-sided level at which the path leaves with probability ``error``; at most what is left."""
        if error <= 0:
            return 0.0
        low, high = 0.0, FAR
        for _ in range(60):
            middle = (low + high) / 2
            if self.leaves(share, middle) > error:
                low = middle
            else:
                high = middle
        return math.erfc(high / math.sqrt(2))

    def step(self, share: float, level: float) -> float:
        """Go on to ``share`` with those that stay within the bound of ``level``; the error spent."""
        bound = min(-normal_quantile(level / 2), FAR) if level > 0 else FAR
        gone = self.leaves(share, bound) if level > 0 else 0.0
        at = bound * math.sqrt(share) * self._nodes
        variance = share - self.share
        kernel = np.exp(-((at[:, None] - self._at) ** 2) / (2 * variance))
        kernel += np.exp(-((at[:, None] + self._at) ** 2) / (2 * variance))
        density = kernel @ self._mass / math.sqrt(2 * math.pi * variance)
        self._at, self._mass = at, density * self._weights * bound * math.sqrt(share)
        self.share = share
        return gone
