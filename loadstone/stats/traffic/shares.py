"""Shares and means when what is counted comes in visits: the visit is drawn, the request comes with it.

The variance of a ratio over clusters (Kish, Survey Sampling, 1965) needs three sums over the clusters alone, which a
stream can keep: of squared marked counts, of marked times all, and of squared all.
"""

from __future__ import annotations

import math

from loadstone.stats.beta import student_quantile
from loadstone.stats.proportion import Design, share_interval, wilson

__all__ = ["clustered_share", "mean_interval", "ratio_design"]

WILSON_FROM = 20.0
LARGE = 2000.0
"""From 20 of both kinds, or 2,000 in all, Wilson's interval covers 93 to 97 % (Brown, Cai and DasGupta, Statistical
Science 16, 2001, for the first; a test holds both)."""

MANY_CLUSTERS = 200
"""Student's quantile with so many degrees is within a hundredth of the normal one."""


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
    """A share with its interval at 95 %, at the effective size: exact where it is small, Wilson's where there is
    enough of both kinds, which is a hundred times quicker."""
    if count <= 0:
        return 0.0, 0.0, 1.0
    design = ratio_design(marked, count, squares, products, sizes, clusters)
    size = count / design.effect
    plenty = min(marked, count - marked) / design.effect >= WILSON_FROM
    if clusters >= MANY_CLUSTERS and (plenty or size >= LARGE):
        low, high = wilson(marked / design.effect, size)
    else:
        low, high = share_interval(marked, count, design)
    share = marked / count
    return share, min(share, low), max(share, high)


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
