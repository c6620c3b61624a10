"""Quantiles of the chi-square distribution, without scipy.

Its function is the regularised incomplete gamma function P(degrees / 2, x / 2): by its series below the mean (DLMF
8.11.4, https://dlmf.nist.gov/8.11#E4), whose terms are all positive, and by the continued fraction of what is left
above it (DLMF 8.9.2, with the modified Lentz method). A quantile is found by bisection. Tests hold it against scipy.
"""

from __future__ import annotations

import math

__all__ = ["chi_square_function", "chi_square_quantile"]

MOST_TERMS = 100_000
EPSILON = 1e-15
TINY = 1e-300


def chi_square_function(x: float, degrees: float) -> float:
    """P(X <= x) for chi-square with ``degrees`` above 0; 0 for x at or below 0."""
    if x <= 0:
        return 0.0
    shape, half = degrees / 2, x / 2
    front = math.exp(shape * math.log(half) - half - math.lgamma(shape))
    return front * _series(shape, half) if half < shape + 1 else 1 - front * _fraction(shape, half)


def _series(shape: float, half: float) -> float:
    term = total = 1 / shape
    for step in range(1, MOST_TERMS):
        term *= half / (shape + step)
        total += term
        if term < EPSILON * total:
            return total
    raise ArithmeticError(f"the incomplete gamma function did not converge for {shape}, {half}")


def _fraction(shape: float, half: float) -> float:
    below = half + 1 - shape
    c, d = 1 / TINY, 1 / below
    value = d
    for step in range(1, MOST_TERMS):
        factor = -step * (step - shape)
        below += 2
        d = 1 / (factor * d + below + TINY)
        c = below + factor / c + TINY
        value *= c * d
        if abs(c * d - 1) < EPSILON:
            return value
    raise ArithmeticError(f"the incomplete gamma function did not converge for {shape}, {half}")


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
