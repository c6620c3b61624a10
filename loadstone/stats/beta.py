"""Quantiles of the beta, Student and normal distributions, without scipy (whose import alone takes over a second).

The regularised incomplete beta function is the continued fraction of DLMF 8.17.22 (https://dlmf.nist.gov/8.17#E22),
summed by the modified Lentz method (DLMF 3.10(iii)); quantiles are found by bisection on it. Tests hold all of it
against scipy.
"""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["beta_quantile", "incomplete_beta", "normal_quantile", "student_quantile"]

TINY = 1e-300
EPSILON = 1e-15
MOST_TERMS = 200_000
"""The fraction needs about the root of the larger parameter in terms: enough beyond parameters of 10^9."""


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), the distribution function of the beta distribution, for a, b > 0; 0 below x = 0, 1 above x = 1."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(log_front)
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _fraction(a, b, x) / a)
    return max(0.0, 1 - front * _fraction(b, a, 1 - x) / b)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction by the modified Lentz method."""
    c = 1.0
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > TINY else TINY)
    value = d
    for m in range(1, MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + term * d
            d = 1 / (d if abs(d) > TINY else TINY)
            c = 1 + term / c
            c = c if abs(c) > TINY else TINY
            step = c * d
            value *= step
        if abs(step - 1) < EPSILON:
            return value
    raise ArithmeticError(f"the incomplete beta function did not converge for a={a}, b={b}, x={x}")


def beta_quantile(share: float, a: float, b: float) -> float:
    """The value below which ``share`` of the beta distribution lies, to the last digits that a float holds."""
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    low, high = 0.0, 1.0
    while (middle := (low + high) / 2) not in (low, high) and high > 1e-300:
        if incomplete_beta(a, b, middle) < share:
            low = middle
        else:
            high = middle
    return middle


def student_quantile(share: float, degrees: float) -> float:
    """The quantile of Student's t, from P(|T| > t) = I_x(degrees / 2, 1 / 2) with x = degrees / (degrees + t^2)
    (DLMF 8.17 and Abramowitz and Stegun 26.7.1); normal beyond 10,000 degrees."""
    if degrees > 10_000:
        return normal_quantile(share)
    if share == 0.5:
        return 0.0
    tails = 2 * min(share, 1 - share)
    x = beta_quantile(tails, degrees / 2, 0.5)
    size = math.sqrt(degrees * (1 - x) / x)
    return size if share > 0.5 else -size


def normal_quantile(share: float) -> float:
    """The quantile of the standard normal distribution (``statistics.NormalDist``, Wichura's AS 241)."""
    return NormalDist().inv_cdf(share)
