"""Intervals for a share of requests when requests are not independent of each other.

Latencies in one run come in clumps: a stall, a full queue, a collection of garbage touch many neighbours at once, so
that n requests carry the information of fewer. The unit here is therefore the block (an interval of the run with its
bad and total counts). From blocks comes a design effect, from that an effective number of requests, and from that an
exact binomial interval:

* variance of a ratio over clusters, and the design effect: Kish, Survey Sampling, 1965;
* Clopper-Pearson with the effective size and a correction for the few degrees of freedom: Korn and Graubard, Survey
  Methodology 24, 1998;
* blocks that are themselves correlated: batch means with growing batches, Flegal and Jones, Annals of Statistics 38,
  2010 (batches no longer than about the root of the length); the largest variance is believed;
* the interval of a quantile by inverting the interval of a share: Woodruff, JASA 47, 1952.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loadstone.stats.beta import beta_quantile, normal_quantile, student_quantile

__all__ = [
    "LEVEL",
    "Design",
    "clopper_pearson",
    "design_effect",
    "effective_size",
    "quantile_shares",
    "requests_to_decide",
    "share_interval",
    "wilson",
]

LEVEL = 0.95
"""Confidence of every two-sided interval, unless another is asked for."""

FEWEST_BATCHES = 10
"""Batches are not joined below this number: with fewer, their variance is hardly known (t with 9 degrees: 2.26)."""

WILSON_FROM = 5000.0
"""With this many of both kinds Wilson's interval equals the exact one to within 2 % of its width (a test holds that),
and needs no root finding."""


class Design(NamedTuple):
    """How far from independent: ``effect`` is the variance relative to independent requests (at least 1), ``degrees``
    the degrees of freedom that it rests on (batches less one)."""

    effect: float
    degrees: int


def design_effect(bad: Sequence[int], total: Sequence[int]) -> Design:
    """The design effect of the overall share ``sum(bad) / sum(total)``, from blocks in the order of time.

    The variance of the ratio is estimated over blocks, then over pairs of blocks, fours, and so on, and the largest
    is kept. It is never below 1: a run may not be better than independent. Where no block or every request is bad,
    there is nothing to estimate from and the effect is 1. Raises ValueError when the lengths differ.
    """
    if len(bad) != len(total):
        raise ValueError(f"{len(bad)} bad counts for {len(total)} blocks")
    bads = np.asarray(bad, dtype=np.float64)
    totals = np.asarray(total, dtype=np.float64)
    count = float(totals.sum())
    blocks = len(totals)
    if blocks < 2 or count == 0:
        return Design(1.0, max(blocks - 1, 1))
    share = float(bads.sum()) / count
    independent = share * (1 - share) / count
    if independent <= 0:
        return Design(1.0, blocks - 1)
    residuals = bads - share * totals
    fewest = max(FEWEST_BATCHES, math.isqrt(blocks))
    best = Design(1.0, blocks - 1)
    while len(residuals) >= 2:
        batches = len(residuals)
        variance = batches / (batches - 1) * float((residuals**2).sum()) / count**2
        if variance / independent > best.effect:
            best = Design(variance / independent, batches - 1)
        if batches // 2 < fewest:
            break
        tail = residuals[batches // 2 * 2 :]
        residuals = residuals[: batches // 2 * 2].reshape(-1, 2).sum(axis=1)
        residuals[-1] += tail.sum()
    return best


def effective_size(count: float, design: Design, level: float = LEVEL) -> float:
    """How many independent requests carry as much as ``count`` of these, at most ``count`` (Korn and Graubard)."""
    if count <= 0:
        return 0.0
    tail = 0.5 + level / 2
    ideal = student_quantile(tail, count - 1) if count > 1 else student_quantile(tail, 1)
    correction = (ideal / student_quantile(tail, design.degrees)) ** 2
    return min(count, count / design.effect * correction)


def clopper_pearson(bad: float, count: float, level: float = LEVEL) -> tuple[float, float]:
    """The exact binomial interval of a share, for real-valued counts too (Clopper and Pearson, Biometrika 26, 1934)."""
    if count <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if bad <= 0 else beta_quantile(tail, bad, count - bad + 1)
    high = 1.0 if bad >= count else beta_quantile(1 - tail, bad + 1, count - bad)
    return low, high


def wilson(bad: float, count: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval of a share (JASA 22, 1927): for large counts of both kinds."""
    if count <= 0:
        return 0.0, 1.0
    z = normal_quantile(0.5 + level / 2)
    share = bad / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def share_interval(bad: float, count: float, design: Design, level: float = LEVEL) -> tuple[float, float]:
    """The interval of the bad share that the clumping of the run allows."""
    size = effective_size(count, design, level)
    if size <= 0:
        return 0.0, 1.0
    effective_bad = bad / count * size
    if min(effective_bad, size - effective_bad) > WILSON_FROM:
        return wilson(effective_bad, size, level)
    return clopper_pearson(effective_bad, size, level)


def quantile_shares(share: float, count: float, design: Design, level: float = LEVEL) -> tuple[float, float]:
    """The two shares whose quantiles bracket the quantile at ``share`` (Woodruff)."""
    bad_low, bad_high = share_interval((1 - share) * count, count, design, level)
    return 1 - bad_high, 1 - bad_low


def requests_to_decide(bad: float, count: float, limit: float, design: Design, level: float = LEVEL) -> int | None:
    """About how many more requests would put the interval on one side of ``limit``, were the share to stay as it is.

    0 when it already lies on one side, None when even a thousand times as many would not do.
    """

    def decided(factor: float) -> bool:
        degrees = max(1, int(design.degrees * factor))
        low, high = share_interval(bad * factor, count * factor, Design(design.effect, degrees), level)
        return high <= limit or low > limit

    if count <= 0:
        return None
    if decided(1.0):
        return 0
    low, high = 1.0, 2.0
    while not decided(high):
        if high >= 1000:
            return None
        low, high = high, high * 2
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return math.ceil(count * (high - 1))
