"""Levels of repeated looks: published bounds, Monte Carlo, and false alarms of somebody who peeks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.stats.pairs import sequential
from loadstone.stats.pairs.effect import STUDENT_FROM, effect_of
from loadstone.stats.pairs.sequential import Looks, bounds, crossed, looks, looks_at, nominal, spent

FIFTHS = [0.2, 0.4, 0.6, 0.8, 1.0]


def obrien_fleming(share: float, alpha: float) -> float:
    """Each side spends its half."""
    return float(4 * scipy.stats.norm.sf(scipy.stats.norm.isf(alpha / 4) / math.sqrt(share)))


def pocock(share: float, alpha: float) -> float:
    return alpha * math.log(1 + (math.e - 1) * share)


def two_sided(bound: float) -> float:
    return math.erfc(bound / math.sqrt(2))


@pytest.mark.parametrize(("looks", "bound"), [(2, 2.178), (3, 2.289), (5, 2.413), (10, 2.555)])
def test_pococks_bounds_spend_five_per_cent(looks: int, bound: float) -> None:
    """Jennison and Turnbull, Group Sequential Methods, table 2.1."""
    shares = [(k + 1) / looks for k in range(looks)]
    assert sum(crossed(shares, [two_sided(bound)] * looks)) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(("looks", "bound"), [(2, 1.977), (3, 2.004), (5, 2.040), (10, 2.087)])
def test_obrien_and_flemings_bounds_spend_five_per_cent(looks: int, bound: float) -> None:
    """The same book, table 2.3: the bound of look k is this times sqrt(K / k)."""
    shares = [(k + 1) / looks for k in range(looks)]
    levels = [two_sided(bound / math.sqrt(share)) for share in shares]
    assert sum(crossed(shares, levels)) == pytest.approx(0.05, abs=1e-4)


def test_lan_and_demets_bounds() -> None:
    """As their program (Reboussin, DeMets, Kim, Lan, Controlled Clinical Trials 21, 2000) prints them."""
    assert bounds(nominal(FIFTHS, 0.05, obrien_fleming)) == pytest.approx(
        [4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-4
    )
    assert bounds(nominal(FIFTHS, 0.05, pocock)) == pytest.approx([2.4380, 2.4268, 2.4101, 2.3966, 2.3859], abs=2e-4)


def test_each_look_spends_what_it_may() -> None:
    levels = nominal(FIFTHS, 0.05, spent)
    gone = np.cumsum(crossed(FIFTHS, levels))
    assert gone == pytest.approx([spent(share, 0.05) for share in FIFTHS], abs=1e-9)


def test_bounds_are_those_of_simulated_paths() -> None:
    shares = [0.3, 0.5, 0.9, 1.0]
    levels = nominal(shares, 0.2, spent)
    steps = np.diff(shares, prepend=0)
    paths = np.cumsum(np.random.default_rng(7).standard_normal((200_000, 4)) * np.sqrt(steps), axis=1)
    beyond = np.abs(paths) / np.sqrt(shares) > bounds(levels)
    first = beyond & (np.cumsum(beyond, axis=1) == 1)
    assert first.mean(axis=0) == pytest.approx(np.diff([spent(share, 0.2) for share in shares], prepend=0), abs=0.003)


def test_more_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = [(k + 1) / 100 for k in range(100)]
    found = bounds(nominal(shares, 0.05, spent))
    monkeypatch.setattr(sequential, "NODES", 2 * sequential.NODES)
    assert bounds(nominal(shares, 0.05, spent)) == pytest.approx(found, abs=1e-6)


def test_one_look_is_at_the_level_itself() -> None:
    assert looks(10, 10) == Looks((10,), (0.95,))
    assert looks(6, 6, level=0.9) == Looks((6,), (0.9,))


def test_looks_that_could_claim_nothing_are_none() -> None:
    """Six pairs have 2 / 64 at least, which is more than they may spend of 20."""
    assert looks(6, 20).pairs == (8, 10, 12, 14, 16, 18, 20)
    assert looks(6, 40).pairs[0] == 10
    assert looks(6, 8) == Looks((8,), (0.95,))


def test_what_a_look_could_not_spend_is_left_to_the_next() -> None:
    whole = nominal([0.4, 1.0], 0.05, spent)
    left = nominal([0.4, 1.0], 0.05, spent, lambda k, level: 0.0 if k == 0 else level)
    assert left[0] == whole[0]
    assert left[1] == pytest.approx(0.05, abs=1e-9)
    assert whole[1] < left[1]


def test_the_level_at_a_number_of_pairs() -> None:
    some = Looks((8, 10, 14), (0.99, 0.98, 0.97))
    assert [some.level_at(pairs) for pairs in (3, 8, 9, 10, 13, 14, 20)] == [0.99, 0.99, 0.99, 0.98, 0.98, 0.97, 0.97]


@pytest.mark.parametrize(("first", "most", "every"), [(0, 10, 2), (7, 6, 2), (6, 10, 0)])
def test_looks_that_cannot_be_are_refused(first: int, most: int, every: int) -> None:
    with pytest.raises(ValueError, match="looks"):
        looks(first, most, every)


def test_numbers_of_pairs_ascend() -> None:
    for pairs in ((), (6, 6), (8, 6), (0, 5)):
        with pytest.raises(ValueError, match="ascending"):
            looks_at(pairs)


@given(st.integers(6, 20), st.integers(1, 40), st.integers(1, 5), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
@settings(max_examples=30, deadline=None)
def test_every_look_is_surer_than_all_together(first: int, more: int, every: int, level: float) -> None:
    found = looks(first, first + more, every, level)
    assert found.pairs[-1] == first + more
    assert list(found.pairs) == sorted(set(found.pairs))
    if len(found.pairs) > 1:
        assert all(level < one < 1 for one in found.levels)
    shares = [pairs / found.pairs[-1] for pairs in found.pairs]
    held = [
        1 - one if pairs >= STUDENT_FROM else 2 * math.floor((1 - one) * 2.0 ** (pairs - 1) + 1e-9) / 2**pairs
        for pairs, one in zip(found.pairs, found.levels, strict=True)
    ]
    assert sum(crossed(shares, held)) <= 1 - level + 1e-9


def test_the_last_of_many_looks_still_claims_something() -> None:
    assert 0.95 < looks(6, 20).levels[-1] < 0.98
    assert 0.95 < looks(6, 200).levels[-1] < 0.99


SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]]
SHAPES = {
    "normal": lambda random, size: random.standard_normal(size),
    "Student 3": lambda random, size: random.standard_t(3, size),
    "skewed sides": lambda random, size: random.lognormal(0, 1, size) - random.lognormal(0, 1, size),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("most", [12, 20])
def test_who_peeks_is_wrong_no_more_often(shape: str, most: int) -> None:
    """Stopping at the first interval without 0, identical sides, 1,500 experiments: the lower end of the share's
    99.9 % interval is not above 5 %. Without higher levels it is, which shows that the test can fail."""
    rows = SHAPES[shape](np.random.default_rng(most), (1500, most))
    plan = looks(6, most)

    def alarms(levels: dict[int, float]) -> int:
        return sum(
            any(
                not found.low <= 0 <= found.high
                for found in (effect_of(row[:pairs].tolist(), level) for pairs, level in levels.items())
            )
            for row in rows
        )

    held = alarms(dict(zip(*plan, strict=True)))
    assert scipy.stats.binomtest(held, len(rows)).proportion_ci(0.999).low <= 0.05
    naive = alarms(dict.fromkeys(range(6, most + 1, 2), 0.95))
    assert naive > held
    if shape == "normal" and most == 20:
        assert scipy.stats.binomtest(naive, len(rows)).proportion_ci(0.999).low > 0.05


def test_all_looks_hold_the_truth_at_once() -> None:
    """The intervals of every look together miss a true effect in no more than 5 %: 99.9 % interval as above."""
    rows = np.random.default_rng(3).normal(0.3, 1, (1500, 16))
    plan = looks(6, 16)
    missed = sum(
        any(
            not found.low <= 0.3 <= found.high
            for found in (effect_of(row[:pairs].tolist(), level) for pairs, level in zip(*plan, strict=True))
        )
        for row in rows
    )
    assert scipy.stats.binomtest(missed, len(rows)).proportion_ci(0.999).low <= 0.05
