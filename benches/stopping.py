"""When to stop: rules for looking at pairs again and again, on simulated differences within pairs.

``python -m benches.stopping`` writes Markdown to standard output. A rule is judged by the false alarms of somebody who
stops at the first interval without 0 (identical sides, four shapes of differences), and by how many pairs it takes
on average where there is an effect, against a fixed number of pairs with the same power.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from loadstone.stats.pairs.effect import STUDENT_FROM
from loadstone.stats.pairs.sequential import KEPT, nominal
from loadstone.stats.pairs.sign_flip import rank_of_end

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats]

ALPHA = 0.05
FIRST, EVERY = 6, 2
MOST = (10, 20, 40)


def normal(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    """The usual case: log ratios of quantiles of runs with many requests."""
    return random.standard_normal(size)


def heavy(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    """Student with 3 degrees: now and then a run that met a neighbour."""
    return random.standard_t(3, size) / math.sqrt(3)


def skewed(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    """Lognormal, skewness 1.75. Identical sides cannot differ so (which of them is A is by chance); unlike ones can,
    about a mean of 0."""
    drawn = np.exp(0.5 * random.standard_normal(size))
    return np.asarray((drawn - math.exp(0.125)) / math.sqrt(math.exp(0.25) * (math.exp(0.25) - 1)))


def two_modes(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    """A difference of two levels with some noise: code placed in memory this way or that."""
    return np.asarray((random.choice([-1.0, 1.0], size) + 0.3 * random.standard_normal(size)) / math.sqrt(1.09))


SHAPES = {"normal": normal, "Student 3": heavy, "lognormal": skewed, "two modes": two_modes}


def obrien_fleming(share: float, alpha: float) -> float:
    """Lan and DeMets' spending close to O'Brien and Fleming's bounds."""
    return float(4 * stats.norm.sf(stats.norm.isf(alpha / 4) / math.sqrt(share)))


def pocock(share: float, alpha: float) -> float:
    """Lan and DeMets' spending close to Pocock's bounds."""
    return alpha * math.log(1 + (math.e - 1) * share)


def power_family(rho: float) -> Callable[[float, float], float]:
    """alpha x share^rho."""
    return lambda share, alpha: alpha * share**rho


SPENDING: dict[str, Callable[[float, float], float]] = {
    "power 0.5": power_family(0.5),
    "Pocock-like": pocock,
    "power 1": power_family(1.0),
    "power 1.5": power_family(1.5),
    "power 2": power_family(2.0),
    "power 3": power_family(3.0),
    "O'Brien-Fleming-like": obrien_fleming,
}


def numbers(most: int) -> list[int]:
    """Looks after so many pairs."""
    return [*range(FIRST, most, EVERY), most]


@cache
def levels(rule: str, most: int) -> tuple[float, ...]:
    """The nominal error of each look; without a correction, at every look the whole."""
    looks = numbers(most)
    if rule == "no correction":
        return (ALPHA,) * len(looks)
    if rule == "fixed":
        return (*(0.0 for _ in looks[1:]), ALPHA)

    def held(k: int, alpha: float) -> float:
        pairs = looks[k]
        return alpha if pairs >= STUDENT_FROM else 2 * rank_of_end(pairs, 1 - alpha) / 2**pairs

    return tuple(nominal([pairs / most for pairs in looks], KEPT * ALPHA, SPENDING[rule], held))


def spending_intervals(rule: str, differences: Floats) -> list[Ends]:
    """The interval of each look: float64[experiments] each end."""
    most = differences.shape[1]
    return [
        interval(differences[:, :pairs], error) for pairs, error in zip(numbers(most), levels(rule, most), strict=True)
    ]


def interval(differences: Floats, error: float) -> Ends:
    """As ``effect_of`` has it, for many experiments at once."""
    count = differences.shape[1]
    if error == 0:
        return np.full(len(differences), -np.inf), np.full(len(differences), np.inf)
    if count >= STUDENT_FROM:
        mean = differences.mean(axis=1)
        half = special.stdtrit(count - 1, 1 - error / 2) * differences.std(axis=1, ddof=1) / math.sqrt(count)
        return mean - half, mean + half
    rank = rank_of_end(count, 1 - error)
    if not rank:
        return np.full(len(differences), -np.inf), np.full(len(differences), np.inf)
    subsets = (np.arange(1, 1 << count)[:, None] >> np.arange(count)) & 1
    means = differences @ (subsets / subsets.sum(axis=1, keepdims=True)).T
    ordered = np.partition(means, [rank - 1, means.shape[1] - rank], axis=1)
    return ordered[:, rank - 1], ordered[:, means.shape[1] - rank]


def always_valid(weight: float, differences: Floats) -> list[Ends]:
    """The interval of a mixture e-process for t, at the same looks: it would hold at any others too.

    The Bayes factor with a normal prior of variance ``weight`` on the standardised effect, and the right Haar measure
    on the spread, is a test martingale (Lindon, Ham, Tingley, Bojinov, arXiv 2210.08589; Wang and Ramdas,
    Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance, 2023).
    """
    found = []
    for count in numbers(differences.shape[1]):
        seen = differences[:, :count]
        ratio = 1 + count * weight
        least = (math.sqrt(ratio) / ALPHA) ** (2 / count)  # (1 + t^2/v) / (1 + t^2/(v r)) at the bound
        square = (count - 1) * (least - 1) / (1 - least / ratio) if least < ratio else math.inf
        half = math.sqrt(square) * seen.std(axis=1, ddof=1) / math.sqrt(count)
        mean = seen.mean(axis=1)
        found.append((mean - half, mean + half))
    return found


class Taken(NamedTuple):
    """Of all experiments: the share that decided, and the mean number of pairs taken."""

    decided: float
    pairs: float


def taken(intervals: list[Ends], most: int, decides: Callable[[Floats, Floats], NDArray[np.bool_]]) -> Taken:
    """Stopping at the first look that decides."""
    count = len(intervals[0][0])
    stopped = np.full(count, most)
    open_ = np.ones(count, bool)
    for pairs, (low, high) in zip(numbers(most), intervals, strict=True):
        now = open_ & decides(low, high)
        stopped[now] = pairs
        open_ &= ~now
    return Taken(float(1 - open_.mean()), float(stopped.mean()))


def without_zero(low: Floats, high: Floats) -> NDArray[np.bool_]:
    """A difference is claimed."""
    return (low > 0) | (high < 0)


def fixed_power(effect: float, pairs: float, error: float = ALPHA) -> float:
    """The power of Student's test on so many pairs (a fraction of a pair is allowed): the noncentral t, integrated
    over the spread."""
    bound = special.stdtrit(pairs - 1, 1 - error / 2)
    spread = np.sqrt(special.chdtri(pairs - 1, np.arange(0.5, 2000) / 2000) / (pairs - 1))
    centre = effect * math.sqrt(pairs)
    return float((special.ndtr(centre - bound * spread) + special.ndtr(-centre - bound * spread)).mean())


def fixed_pairs(effect: float, power: float) -> float:
    """As many pairs as a fixed design needs for that power."""
    low, high = 2.0, 400.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if fixed_power(effect, middle) > power else (middle, high)
    return high


def visible(most: int, power: float = 0.8) -> float:
    """The effect that a fixed design of ``most`` pairs sees with that power."""
    low, high = 0.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if fixed_power(middle, most) > power else (middle, high)
    return high


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=20_000)
    experiments = parser.parse_args().experiments
    rules: dict[str, Callable[[Floats], list[Ends]]] = {
        **{rule: partial(spending_intervals, rule) for rule in ("fixed", "no correction", *SPENDING)},
        **{f"e-process, {weight}": partial(always_valid, weight) for weight in (0.1, 0.5, 1.0)},
    }
    for most in MOST:
        print(f"\n## At most {most} pairs, looks after {FIRST} and every {EVERY}: {experiments:,} experiments a cell\n")
        small = visible(most)
        names = [*(f"alarms, {shape}" for shape in SHAPES), *(f"{times:g} x" for times in (1.0, 1.5, 2.0, 3.0))]
        print(f"Effects in multiples of {small:.3g} sd, which {most} fixed pairs see with .8: power, pairs, ratio\n")
        print("| rule | " + " | ".join(names) + " |")
        print("|---" * (len(names) + 1) + "|")
        for rule, intervals in rules.items():
            cells = []
            for shape in SHAPES.values():
                random = np.random.default_rng(most)
                found = taken(intervals(shape(random, (experiments, most))), most, without_zero)
                cells.append(f"{found.decided:.4f}")
            for times in (1.0, 1.5, 2.0, 3.0):
                random = np.random.default_rng(most + 1)
                found = taken(intervals(normal(random, (experiments, most)) + times * small), most, without_zero)
                fixed = fixed_pairs(times * small, min(found.decided, 0.9999))
                cells.append(f"{found.decided:.3f} {found.pairs:.1f} ({found.pairs / fixed:.2f} of {fixed:.1f})")
            print(f"| {rule} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
