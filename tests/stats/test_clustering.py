"""Clumps: one for random order, the length of the runs where both come in runs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from loadstone.stats.clustering import clumping


def slow_way(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    count = len(first)
    shifted = np.array([(first & np.roll(second, shift)).sum() for shift in range(1, count)])
    marked, drawn = first.sum(), second.sum()
    by_chance = marked * drawn * (count - marked) * (count - drawn) / (count**2 * (count - 1))
    return max(1.0, float(((shifted - marked * drawn / count) ** 2).mean() / by_chance))


@pytest.mark.parametrize("count", [200, 256, 1001])
def test_it_is_the_slow_way(count: int) -> None:
    random = np.random.default_rng(count)
    first, second = (np.repeat(random.random(count // 20 + 1) < 0.4, 20)[:count] for _ in range(2))
    assert clumping(first, second) == pytest.approx(slow_way(first, second))
    assert clumping(first, second) > 2


def test_one_in_random_order_is_enough() -> None:
    random = np.random.default_rng(5)
    runs = np.repeat(random.random(400) < 0.2, 20)
    assert clumping(runs, random.random(8000) < 0.05) == pytest.approx(1, abs=0.3)


def test_what_comes_regularly_does_not_clump() -> None:
    every_fiftieth = np.arange(3000) % 50 == 0
    assert clumping(every_fiftieth, every_fiftieth | (np.random.default_rng(1).random(3000) < 0.02)) == 1


def test_runs_count_once() -> None:
    random = np.random.default_rng(5)
    first, second = np.repeat(random.random(400) < 0.2, 20), np.repeat(random.random(400) < 0.1, 20)
    assert 10 < clumping(first, second) < 20


def test_nothing_to_shift() -> None:
    assert clumping(np.zeros(9, bool), np.ones(9, bool)) == 1
    assert clumping(np.empty(0, bool), np.empty(0, bool)) == 1
