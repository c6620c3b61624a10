"""Shares and means when what is counted comes in visits: the visit is drawn, the request comes with it.

The variance of a ratio over clusters (Kish, Survey Sampling, 1965) needs three sums over the clusters alone, which a
stream can keep: of squared marked counts, of marked times all, and of squared all.
"""

from __future__ import annotations

import math
from functools import lru_cache

from loadstone.stats.beta import normal_quantile, student_quantile
from loadstone.stats.proportion import Design, clopper_pearson, wilson

__all__ = ["clustered_share", "mean_interval", "ratio_design"]

FEW = 200
"""Up to so many independent requests the interval is the exact one. Beyond, and where requests are not independent,
Wilson's at the effective size: it covers 93 to 97 % there (Brown, Cai and DasGupta, Statistical Science 16, 2001; a
test holds it) and is a hundred times quicker, which a log of thousands of transitions needs."""

MANY = 500
"""Student's quantile with so many degrees is within a quarter of a per cent of the normal one."""


def ratio_design(marked: float, count: float, squares: float, products: float, sizes: float, clusters: int) -> Design:
    """The design effect of ``marked / count``, at least 1.

    Over clusters with ``b`` marked of ``n``: ``squares`` is the sum of b^2, ``products`` of b n, ``sizes`` of n^2.
    """
    if clusters < 2 or count <= 0:
        return Design(1.0, max(1, clusters - 1))
    share = marked / count
    independent = share * (1 - share) * count
    if independent <= 0:
        return Design(max(1.0, sizes / count), clusters - 1)
    scatter = clusters / (clusters - 1) * max(0.0, squares - 2 * share * products + share * share * sizes)
    return Design(max(1.0, scatter / independent), clusters - 1)


def clustered_share(
    marked: float, count: float, squares: float, products: float, sizes: float, clusters: int
) -> tuple[float, float, float]:
    """A share with its interval at 95 %, at the effective size."""
    if count <= 0:
        return 0.0, 0.0, 1.0
    design = ratio_design(marked, count, squares, products, sizes, clusters)
    if design.effect == 1 and count <= FEW:
        low, high = _exact(marked, count)
    else:
        size = count / design.effect * (normal_quantile(0.975) / _student(design.degrees)) ** 2
        low, high = wilson(marked / count * size, size)
    share = marked / count
    return share, min(share, low), max(share, high)


@lru_cache(maxsize=100_000)
def _exact(marked: float, count: float) -> tuple[float, float]:
    return clopper_pearson(marked, count)


@lru_cache(maxsize=10_000)
def _student(degrees: int) -> float:
    return student_quantile(0.975, degrees) if degrees < MANY else normal_quantile(0.975)


def mean_interval(total: float, squares: float, count: int) -> tuple[float, float, float]:
    """The mean of ``count`` numbers above 0 and its interval at 95 %, symmetric in the logarithm (delta method)."""
    if count <= 0 or total <= 0:
        return 0.0, 0.0, math.inf
    mean = total / count
    if count < 2:
        return mean, 0.0, math.inf
    variance = max(0.0, squares - count * mean * mean) / (count - 1)
    reach = student_quantile(0.975, count - 1) * math.sqrt(variance / count) / mean
    return mean, mean * math.exp(-reach), mean * math.exp(reach)
