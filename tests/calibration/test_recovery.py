"""The intervals of what is fitted to logs hold the truth as often as they say.

The same over hundreds of logs is ``python -m benches.recovery``; its figures are in docs/accuracy.md.
"""

from __future__ import annotations

from collections import defaultdict

import pytest
from scipy import stats

from benches.recovery import KINDS, Found, Told, recovered, section
from benches.recovery_worlds import WORLDS, truths
from loadstone.stats.proportion import clopper_pearson

LOGS = 10


@pytest.mark.parametrize("world", ["seconds", "durations", "starts", "few"])
def test_intervals_hold_the_truth(world: str) -> None:
    """Of each kind, so few inside come once in 1,000 times at a coverage of 93 %."""
    told: dict[str, list[bool]] = defaultdict(list)
    for seed in range(1000, 1000 + LOGS):
        for kind, inside, _ in recovered(world, seed):
            told[kind].append(inside)
    assert len(told) >= len(KINDS) - 2
    for kind, found in told.items():
        least = int(stats.binom.ppf(0.001, len(found), 0.93))
        assert sum(found) >= least, (kind, sum(found), len(found))
    every = [each for found in told.values() for each in found]
    assert sum(every) / len(every) > 0.92


def test_the_truth_of_a_world_adds_up() -> None:
    true = truths(WORLDS["seconds"])
    assert sum(value for (kind, _), value in true.items() if kind == "share of a route") == pytest.approx(1)
    # by hand: orders begins once, and is left in half of all cases after 1 / (1 - .2) times
    assert true["requests of a visit", "orders"] == pytest.approx(1.25 + 0.3 * 1.25)


def test_the_page_tells_each_share_with_its_exact_interval() -> None:
    told = section(Found(logs=3, rows=[Told("seconds", "share of reads", 57, 60, 0.012)]))
    low, high = clopper_pearson(57, 60)
    assert f"| share of reads | 95.0% of 60 [{100 * low:.1f}, {100 * high:.1f}] | 1.01 |" in told
    assert WORLDS["seconds"].says in told
