"""When to look: the confidence of each look's interval, so that looking often costs no more errors than looking once.

Alpha spending (Lan and DeMets, Biometrika 70, 1983): by the share t of the most pairs, ``alpha x t^rho`` may have been
spent (Kim and DeMets, Biometrika 74, 1987). The nominal level of each look comes from the joint distribution of the
looks under no effect, a Brownian path at the looks' times, by recursive integration (Armitage, McPherson and Rowe,
JRSS A 132, 1969; Jennison and Turnbull, Group Sequential Methods, 2000, chapters 3, 7 and 19). It is then used as a
significance level, in Student's or the sign-flip interval of the pairs so far: all looks' intervals hold together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.pairs.effect import LEVEL, STUDENT_FROM

__all__ = ["EVERY", "RHO", "Looks", "boundaries", "looks"]

RHO = 2.0
"""Between Pocock's boundary (about 1) and O'Brien and Fleming's (about 3): docs/decisions/0017 has the figures."""

EVERY = 2
"""Pairs between looks: one block of ABBA."""

_GRID = 0.02
"""Of the integration, in standard deviations of the whole path: boundaries come out within .002 of the tables."""


class Looks(NamedTuple):
    """After how many pairs to look, and the two-sided confidence of that look's intervals."""

    pairs: tuple[int, ...]
    levels: tuple[float, ...]

    def level_at(self, pairs: int) -> float:
        """The confidence at so many pairs: that of the look, else of the last one before it; of the first one before
        any."""
        found = [level for number, level in zip(self.pairs, self.levels, strict=True) if number <= pairs]
        return found[-1] if found else self.levels[0]


def looks(first: int, most: int, every: int = EVERY, level: float = LEVEL) -> Looks:
    """Looks after ``first`` pairs, then after every ``every``, the last one at ``most``.

    A look that sign flips could not decide is left out: its error is spent later. Raises ValueError unless
    0 < first <= most.
    """
    if not 0 < first <= most or every < 1:
        raise ValueError(f"looks go from 1 or more to the most pairs, not from {first} to {most} by {every}")
    numbers = [*range(first, most, every), most]
    while len(numbers) > 1:
        limits = boundaries([number / most for number in numbers], 1 - level)
        levels = [math.erf(limit / math.sqrt(2)) for limit in limits]
        idle = [
            number
            for number, nominal in zip(numbers[:-1], levels, strict=False)
            if number < STUDENT_FROM and (1 - nominal) / 2 * 2**number < 1
        ]
        if not idle:
            return Looks(tuple(numbers), tuple(levels))
        numbers = [number for number in numbers if number not in idle]
    return Looks((most,), (level,))


def boundaries(times: Sequence[float], alpha: float, rho: float = RHO) -> tuple[float, ...]:
    """The two-sided limits of |z| at ascending times, the last one 1, that spend ``alpha x t^rho`` by time t."""
    spent, previous = 0.0, 0.0
    grid = np.arange(-6.0, 6.0 + _GRID / 2, _GRID)
    density: NDArray[np.float64] | None = None
    limits: list[float] = []
    for time in times:
        step = time - previous
        target = alpha * time**rho
        if density is None:
            density = np.exp(-(grid**2) / (2 * step)) / math.sqrt(2 * math.pi * step)
        else:
            width = np.arange(-(len(grid) - 1), len(grid)) * _GRID
            kernel = np.exp(-(width**2) / (2 * step)) / math.sqrt(2 * math.pi * step)
            density = np.convolve(density, kernel, mode="valid") * _GRID
        limit = _limit(grid, density, target - spent) / math.sqrt(time)
        limits.append(limit)
        density = density * _inside(grid, limit * math.sqrt(time))
        spent = target
        previous = time
    return tuple(limits)


def _limit(grid: NDArray[np.float64], density: NDArray[np.float64], wanted: float) -> float:
    """Where as much as ``wanted`` lies beyond, on both sides together."""
    if wanted <= 0:
        return float(grid[-1])
    low, high = 0.0, float(grid[-1])
    for _ in range(60):
        middle = (low + high) / 2
        beyond = float((density * (1 - _inside(grid, middle))).sum()) * _GRID
        low, high = (middle, high) if beyond > wanted else (low, middle)
    return high


def _inside(grid: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """How much of each cell of the grid lies within the limit."""
    return np.clip((limit - np.abs(grid)) / _GRID + 0.5, 0.0, 1.0)
