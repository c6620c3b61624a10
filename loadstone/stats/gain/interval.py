"""How sure a prediction is: blocks of arrivals drawn again with their traces, each draw replayed by one model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from loadstone.stats.gain.invert import Inverted

__all__ = ["DRAWS", "QUANTILES", "Draws", "draw", "widened"]

QUANTILES = (0.5, 0.95, 0.99)

BLOCKS = 24
"""Long enough to hold whole busy periods, many enough to differ; docs/accuracy.md has the coverage that this gives."""

DRAWS = 40

CONFIDENCE = 0.9

RERUN = float(np.sqrt(2.0))
"""A re-run differs as much again as the run that was recorded: variances add."""


class Draws:
    """Of each draw, at each of QUANTILES: the recorded responses, those less the fault's own time, and those of the
    replay without the fault. Shape (draws, 3), seconds."""

    def __init__(self, before: NDArray[np.float64], less: NDArray[np.float64], after: NDArray[np.float64]) -> None:
        self.before, self.less, self.after = before, less, after


def draw(
    reached: NDArray[np.float64],
    response: NDArray[np.float64],
    less: NDArray[np.float64],
    counted: NDArray[np.bool_],
    way: float,
    candidates: Sequence[Inverted],
    chance: Generator,
) -> Draws:
    """``less`` are the recorded responses without the fault's own time; ``counted`` says which requests are asked for;
    ``way`` is the time on the way, there or back."""
    rows = []
    for _ in range(DRAWS):
        order, arrived = _blocks(reached, chance)
        chosen = counted[order]
        if not chosen.any():
            continue
        candidate = candidates[int(chance.integers(len(candidates)))] if candidates else None
        after = candidate.responses(arrived, order, True) + 2 * way if candidate else less[order]
        rows.append([np.quantile(column[chosen], QUANTILES) for column in (response[order], less[order], after)])
    table = np.array(rows).reshape(-1, 3, len(QUANTILES))
    return Draws(table[:, 0], table[:, 1], table[:, 2])


def _blocks(reached: NDArray[np.float64], chance: Generator) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """As many blocks as there are, drawn with replacement, one after another, each request as long after the one before
    it as it was recorded."""
    bounds = np.linspace(0, len(reached), min(BLOCKS, len(reached)) + 1).astype(int)
    gaps = np.diff(reached, prepend=reached[:1])
    gaps[bounds[:-1]] = gaps.mean()
    drawn = chance.integers(len(bounds) - 1, size=len(bounds) - 1)
    order = np.concatenate([np.arange(bounds[block], bounds[block + 1]) for block in drawn])
    return order.astype(np.uint32), np.cumsum(gaps[order])


def widened(draws: NDArray[np.float64]) -> tuple[float, float]:
    """How far below and above its middle the quantity may lie in another run."""
    if not len(draws):
        return 0.0, 0.0
    tail = (1 - CONFIDENCE) / 2
    low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    return RERUN * float(low - middle), RERUN * float(high - middle)
