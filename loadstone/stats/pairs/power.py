"""What a number of pairs can see: from the spread of pairs, before the time is spent.

An effect is visible with power p where the interval's near end clears 0 in p of all experiments. The interval moves
with the data, so that one number answers two questions: how large an effect must be to be seen, and how large a
margin must be for an identical side to stay within it. From ten pairs it is (t_{1-alpha/2} + t_p) sd / sqrt(n)
(Student's quantiles with n - 1 degrees of freedom; close to the noncentral t for p from .5 to .95). Below ten it is
the quantile of the interval's end over seeded normal samples, since 2^n patterns resolve coarsely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from loadstone.stats.beta import student_quantile
from loadstone.stats.pairs.chi_square import chi_square_quantile
from loadstone.stats.pairs.effect import FEWEST, LEVEL, STUDENT_FROM, effect_of
from loadstone.stats.pairs.sign_flip import rank_of_end

__all__ = ["MOST_PAIRS", "POWER", "floor", "pairs_for", "pairs_to_decide", "sd_interval", "visible"]

POWER = 0.8

MOST_PAIRS = 200
"""Beyond this nobody waits: runs should be longer, or the load quieter."""

SAMPLES = 4_000
"""Normal samples of a few pairs: the quantile of an end is then good to 2 %."""


def visible(sd: float, pairs: int, level: float = LEVEL, power: float = POWER) -> float:
    """The smallest true effect (a log ratio, or a difference) that ``pairs`` of spread ``sd`` show with ``power``:
    infinite where so few pairs cannot carry the level."""
    return sd * _reach(pairs, level, power) if sd > 0 or pairs >= FEWEST else math.inf


def floor(sd: float, pairs: int, level: float = LEVEL, power: float = POWER) -> float:
    """The smallest margin (a log ratio, or a difference) within which an identical side stays with ``power``: by
    symmetry the smallest effect that is visible."""
    return visible(sd, pairs, level, power)


def pairs_for(
    sd: float, effect: float, level: float = LEVEL, power: float = POWER, most: int = MOST_PAIRS
) -> int | None:
    """The fewest pairs that show ``effect`` (its size counts) with ``power``; None where ``most`` do not."""
    size = abs(effect)
    return next((pairs for pairs in range(FEWEST, most + 1) if visible(sd, pairs, level, power) <= size), None)


def pairs_to_decide(
    differences: Sequence[float], margin_log: float, level: float = LEVEL, most: int = MOST_PAIRS, power: float = POWER
) -> int | None:
    """How many pairs in all would decide, with ``power``, if mean and spread stay what they are: the interval must
    then lie on one side of the margin. As many as there are where it does already; None where ``most`` would not do,
    or there are fewer than two pairs to tell the spread from."""
    count = len(differences)
    if count < 2:
        return None
    effect = effect_of(differences, level)
    if effect.high <= margin_log or effect.low > margin_log or effect.high < 0:
        return count
    sd = float(np.std(differences, ddof=1))
    needed = pairs_for(sd, effect.estimate - margin_log, level, power, most)
    return needed and min(max(needed, count + 1), most)


def sd_interval(sd: float, pairs: int, level: float = LEVEL) -> tuple[float, float]:
    """Within what the true spread lies when ``pairs`` normal differences showed ``sd``: (n - 1) sd^2 over quantiles
    of the chi-square distribution. Two pairs at least, else ValueError."""
    if pairs < 2:
        raise ValueError("a spread needs two pairs")
    degrees = pairs - 1
    return (
        sd * math.sqrt(degrees / chi_square_quantile(0.5 + level / 2, degrees)),
        sd * math.sqrt(degrees / chi_square_quantile(0.5 - level / 2, degrees)),
    )


@lru_cache(maxsize=4096)
def _reach(pairs: int, level: float, power: float) -> float:
    """In standard deviations of a pair's difference: the ``power`` quantile of the interval's upper end around 0."""
    if pairs >= STUDENT_FROM:
        ends = student_quantile(0.5 + level / 2, pairs - 1) + student_quantile(power, pairs - 1)
        return ends / math.sqrt(pairs)
    rank = rank_of_end(pairs, level)
    if rank == 0:
        return math.inf
    samples = np.random.default_rng(pairs).standard_normal((SAMPLES, pairs))
    subsets = (np.arange(1, 1 << pairs)[:, None] >> np.arange(pairs)) & 1
    means = samples @ (subsets / subsets.sum(axis=1, keepdims=True)).T
    upper = np.partition(means, means.shape[1] - rank, axis=1)[:, means.shape[1] - rank]
    return float(np.quantile(upper, power))
