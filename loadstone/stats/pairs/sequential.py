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

__all__ = ["EVERY", "KEPT", "RHO", "Looks", "bounds", "crossed", "looks", "looks_at", "nominal", "spent"]

Floats = NDArray[np.float64]

NODES = 96
"""Points of the quadrature over half the path's range: boundaries are then good to 1e-6 for up to 100 looks (a test
holds that against twice as many)."""

FAR = 9.0
"""Standard deviations that stand for no bound: beyond lies 1e-19."""

RHO = 1.5
"""How late the error is spent. Against fixed pairs with the same power, 1.5 takes .90 of them for the effect that is
just seen and .55 for one twice as large; 1 takes .94 and .56, 3 .87 and .60, and 2 can no more stop at eight of
twenty (docs/decisions/0017-stopping.md)."""

KEPT = 0.9
"""The part of the error that is spent at all. The t statistics of few pairs hang together less than a Brownian path
does, so that looks at their levels alarmed up to 1.11 times too often (``benches/stopping.py``)."""

EVERY = 2
"""Pairs between looks: a block of ABBA is two."""

SMALLEST = 1e-12
"""No level is above 1 - SMALLEST: no interval is drawn at 100 %."""


class Looks(NamedTuple):
    """After how many pairs it is looked, and the two-sided level at which that look's intervals are to be drawn. Where
    a look has fewer pairs than planned (some were left out) its level stays that of the look."""

    pairs: tuple[int, ...]
    levels: tuple[float, ...]

    def level_at(self, pairs: int) -> float:
        """The level of the last look that so many pairs have reached; of the first one before any."""
        return next(
            (level for count, level in reversed(tuple(zip(*self, strict=True))) if count <= pairs), self.levels[0]
        )


def spent(share: float, alpha: float) -> float:
    """The error spent when ``share`` of the pairs are in: alpha x share^RHO (Kim and DeMets, Design and analysis of
    group sequential tests based on the type I error spending rate function, Biometrika 74, 1987)."""
    return alpha * math.pow(min(1.0, share), RHO)


def looks(first: int, most: int, every: int = EVERY, level: float = LEVEL) -> Looks:
    """Looks after ``first`` pairs, every ``every`` from there, and after ``most``, without those that could not claim
    anything whatever they saw. One look is at ``level`` itself.

    Raises ValueError where ``first`` is above ``most``, or ``every`` is not positive.
    """
    if not 0 < first <= most or every < 1:
        raise ValueError(f"no looks from {first} to {most} pairs, every {every}")
    return looks_at((*range(first, most, every), most), level)


@lru_cache(maxsize=256)
def looks_at(pairs: tuple[int, ...], level: float = LEVEL) -> Looks:
    """The same for looks after these ascending numbers of pairs, the last of which are all."""
    if not pairs or any(later <= earlier for earlier, later in zip((0, *pairs), pairs, strict=False)):
        raise ValueError(f"looks come after ascending numbers of pairs, not {pairs}")
    shares = [count / pairs[-1] for count in pairs]
    alphas = nominal(shares, KEPT * (1 - level), spent, lambda k, alpha: _held(pairs[k], alpha))
    told = [(count, alpha) for count, alpha in zip(pairs, alphas, strict=True) if _held(count, alpha) > 0]
    if len(told) < 2:
        return Looks(pairs[-1:], (level,))
    return Looks(tuple(count for count, _ in told), tuple(1 - max(alpha, SMALLEST) for _, alpha in told))


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


def crossed(shares: Sequence[float], levels: Sequence[float]) -> list[float]:
    """The chance, where there is no effect, that each look is the first to claim one, at these nominal levels."""
    path = _Path()
    return [path.step(share, level) for share, level in zip(shares, levels, strict=True)]


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
