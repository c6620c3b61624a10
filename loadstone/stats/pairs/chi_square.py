"""Quantiles of the chi-square distribution, without scipy.

Its function is the regularised incomplete gamma function P(degrees / 2, x / 2): by its series (DLMF 8.11.4,
https://dlmf.nist.gov/8.11#E4), whose terms are all positive. A quantile is found by bisection. Tests hold it against
scipy.
"""

from __future__ import annotations

import math

__all__ = ["chi_square_function", "chi_square_quantile"]

MOST_TERMS = 100_000


def chi_square_function(x: float, degrees: float) -> float:
    """P(X <= x) for chi-square with ``degrees`` above 0; 0 for x at or below 0."""
    if x <= 0:
        return 0.0
    shape, half = degrees / 2, x / 2
    term = math.exp(shape * math.log(half) - half - math.lgamma(shape + 1))
    total = term
    for step in range(1, MOST_TERMS):
        term *= half / (shape + step)
        total += term
        if term < 1e-17 * total:
            break
    return min(1.0, total)


def chi_square_quantile(share: float, degrees: float) -> float:
    """The value below which ``share`` of the distribution lies. Raises ValueError for a share not between 0 and 1."""
    if not 0 < share < 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    low, high = 0.0, degrees + 10.0
    while chi_square_function(high, degrees) < share:
        high *= 2
    while (middle := (low + high) / 2) not in (low, high):
        if chi_square_function(middle, degrees) < share:
            low = middle
        else:
            high = middle
    return middle
