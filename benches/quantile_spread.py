"""Which estimate of a run's quantile wavers least within pairs: plain, Harrell-Davis, or trimmed Harrell-Davis.

``python -m benches.quantile_spread`` writes Markdown to standard output: the standard deviation over pairs of the log
ratio B/A of identical sides, as a share of that of the plain quantile, and its bias when B's service is 10 % slower.
Both sides of a pair have the same arrivals (Poisson, load .7, first come first served) and service times of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]

SHARES = (0.5, 0.95, 0.99)
REQUESTS = (300, 1_000, 5_000)
LOAD = 0.7

SERVICES: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "exponential": lambda random, size: random.standard_exponential(size),
    "lognormal, sigma 1": lambda random, size: np.exp(random.standard_normal(size) - 0.5),
    "1 % ten times slower": lambda random, size: (
        (1 + 9 * (random.random(size) < 0.01)) * np.exp(0.3 * random.standard_normal(size)) / 1.14
    ),
    "Pareto 2.5": lambda random, size: 0.6 * (1 + random.pareto(2.5, size)),
}


def responses(services: Floats, gaps: Floats, workers: int) -> Floats:
    """Response times, float64[requests, runs], of a queue first come first served."""
    free = np.zeros((services.shape[1], workers))
    now = np.zeros(services.shape[1])
    found = np.empty_like(services)
    rows = np.arange(services.shape[1])
    for place, (service, gap) in enumerate(zip(services, gaps, strict=True)):
        now = now + gap
        which = free.argmin(axis=1)
        free[rows, which] = np.maximum(free[rows, which], now) + service
        found[place] = free[rows, which] - now
    return found


def harrell_davis(share: float, count: int) -> Floats:
    """Weights of the ordered values."""
    return np.diff(special.betainc((count + 1) * share, (count + 1) * (1 - share), np.arange(count + 1) / count))


def trimmed(share: float, count: int) -> Floats:
    """Weights where the beta distribution is cut to the interval of width 1 / sqrt(n) in which its density is highest
    (Akinshin, Trimmed Harrell-Davis quantile estimator based on the highest density interval of the given width,
    Communications in Statistics, 2022)."""
    beta = stats.beta((count + 1) * share, (count + 1) * (1 - share))
    width = 1 / np.sqrt(count)
    low, high = max(0.0, share - width), min(share, 1 - width)
    left = optimize.brentq(lambda at: beta.logpdf(max(at, 1e-12)) - beta.logpdf(min(at + width, 1 - 1e-12)), low, high)
    reached = np.clip(beta.cdf(np.clip(np.arange(count + 1) / count, left, left + width)), 0, 1)
    return np.asarray(np.diff(reached) / (reached[-1] - reached[0]))


def plain(share: float, count: int) -> Floats:
    """The value of rank ceil(share x n) alone."""
    weights = np.zeros(count)
    weights[int(np.ceil(share * count - 1e-9)) - 1] = 1
    return weights


ESTIMATORS = {"plain": plain, "Harrell-Davis": harrell_davis, "trimmed": trimmed}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000)
    pairs = parser.parse_args().pairs
    print(
        f"{pairs:,} pairs a row; sd of the log ratio, then as a share of the plain one; mean log ratio of a true 10 %\n"
    )
    print(
        "| service | workers | requests | quantile | plain sd | Harrell-Davis | trimmed | bias plain | HD | trimmed |"
    )
    print("|---" * 10 + "|")
    for name, service in SERVICES.items():
        for workers in (1, 4):
            for count in REQUESTS:
                random = np.random.default_rng(count)
                size = (count, pairs)
                gaps = random.standard_exponential(size) / (workers * LOAD)
                sides = [np.sort(responses(service(random, size), gaps, workers), axis=0) for _ in range(2)]
                slower = np.sort(responses(1.1 * service(random, size), gaps, workers), axis=0)
                for share in SHARES:
                    logs = []
                    for estimator in ESTIMATORS.values():
                        weights = estimator(share, count)
                        logs.append([np.log(weights @ side) for side in (*sides, slower)])
                    spreads = [float(np.std(b - a)) for a, b, _ in logs]
                    moved = [float(np.mean(c - a)) for a, _, c in logs]
                    cells = [f"{spreads[0]:.4f}", *(f"{spread / spreads[0]:.3f}" for spread in spreads[1:])]
                    cells += [f"{value:.4f}" for value in moved]
                    print(f"| {name} | {workers} | {count} | {share} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
