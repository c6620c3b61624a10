"""A latency histogram over one fixed log-linear layout: base 2, 128 sub-buckets an octave (docs/formats.md).

A bucket's midpoint is within 1/256 (0.4 %) of every value in it; values below 256 ns are kept exactly. Count,
minimum, maximum and sum stand beside the buckets and are exact, and quantiles are clamped to the exact ends.
The idea is Gil Tene's HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/); the layout is our own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAST_BUCKET", "NS", "TOP_NS", "Histogram", "bucket_middles", "bucket_of", "bucket_span"]

SUB_BUCKETS = 128
TOP_NS = 1 << 42
"""Values above this (73 minutes) are counted in the last bucket; the maximum beside it stays exact."""

NS = 1e9


def bucket_of(value_ns: int) -> int:
    """The bucket of a value in nanoseconds; values above ``TOP_NS`` fall into the last one."""
    value = min(max(value_ns, 0), TOP_NS)
    if value < SUB_BUCKETS:
        return value
    shift = value.bit_length() - 8
    return SUB_BUCKETS * shift + (value >> shift)


LAST_BUCKET = bucket_of(TOP_NS)


def bucket_span(bucket: int) -> tuple[int, int]:
    """The values of a bucket in nanoseconds: from the first, inclusive, to the second, exclusive."""
    if bucket < 2 * SUB_BUCKETS:
        return bucket, bucket + 1
    shift = bucket // SUB_BUCKETS - 1
    mantissa = SUB_BUCKETS + bucket % SUB_BUCKETS
    return mantissa << shift, (mantissa + 1) << shift


def _midpoint(bucket: int) -> float:
    low, high = bucket_span(bucket)
    return (low + high - 1) / 2


class Histogram:
    """Sparse counts that can be added to, merged and asked for quantiles in seconds.

    An empty histogram answers None to every question about its values.
    """

    __slots__ = ("_arrays", "_counts", "count", "max_ns", "min_ns", "sum_ns")

    def __init__(self) -> None:
        self.count = 0
        self.min_ns = 0
        self.max_ns = 0
        self.sum_ns = 0
        self._counts: dict[int, int] = {}
        self._arrays: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    @classmethod
    def of(cls, values_ns: Iterable[int]) -> Histogram:
        """The histogram of values in nanoseconds."""
        histogram = cls()
        for value in values_ns:
            histogram.record(value)
        return histogram

    def record(self, value_ns: int) -> None:
        """Count one value in nanoseconds."""
        self.add(1, value_ns, value_ns, value_ns, ((bucket_of(value_ns), 1),))

    def add(self, count: int, min_ns: int, max_ns: int, sum_ns: int, buckets: Iterable[Sequence[int]]) -> None:
        """Add a histogram given as plain values; an empty one changes nothing.

        Raises ValueError when a bucket lies outside the layout.
        """
        if count == 0:
            return
        self.min_ns = min(self.min_ns, min_ns) if self.count else min_ns
        self.max_ns = max(self.max_ns, max_ns)
        self.count += count
        self.sum_ns += sum_ns
        counts = self._counts
        for bucket, number in buckets:
            if not 0 <= bucket <= LAST_BUCKET:
                raise ValueError(f"bucket {bucket} lies outside the layout (0 to {LAST_BUCKET})")
            counts[bucket] = counts.get(bucket, 0) + number
        self._arrays = None

    def merge(self, other: Histogram) -> None:
        """Add another histogram's counts to this one."""
        self.add(other.count, other.min_ns, other.max_ns, other.sum_ns, other.buckets())

    def buckets(self) -> tuple[tuple[int, int], ...]:
        """(bucket, count) pairs, ascending, without empty buckets."""
        return tuple(sorted((bucket, count) for bucket, count in self._counts.items() if count))

    @property
    def min_s(self) -> float | None:
        """The exact minimum in seconds."""
        return self.min_ns / NS if self.count else None

    @property
    def max_s(self) -> float | None:
        """The exact maximum in seconds."""
        return self.max_ns / NS if self.count else None

    @property
    def mean_s(self) -> float | None:
        """The exact mean in seconds."""
        return self.sum_ns / self.count / NS if self.count else None

    def quantile(self, share: float) -> float | None:
        """The smallest value that at least ``share`` of all values do not exceed, in seconds.

        This is the inverse of the empirical distribution function (type 1 in Hyndman and Fan, The American
        Statistician 50, 1996): the value of rank ceil(share x count), by its bucket's midpoint, clamped to the exact
        minimum and maximum. Raises ValueError for a share outside 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies between 0 and 1, not {share}")
        if not self.count:
            return None
        rank = rank_of(share, self.count)
        if rank <= 1:
            return self.min_s
        if rank >= self.count:
            return self.max_s
        buckets, running = self._cumulated()
        index = min(int(np.searchsorted(running, rank, side="left")), len(buckets) - 1)
        middle = _midpoint(int(buckets[index]))
        return min(max(middle, self.min_ns), self.max_ns) / NS

    def above(self, limit_ns: int) -> int:
        """How many values lie in buckets above the limit's own: exact when the limit is the end of a bucket."""
        limit = bucket_of(limit_ns)
        return sum(count for bucket, count in self._counts.items() if bucket > limit)

    def cumulative(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The distribution as two arrays of one length: the end of each filled bucket in seconds, and the share of
        values at or below it. The last end is the exact maximum."""
        if not self.count:
            return np.empty(0), np.empty(0)
        buckets, running = self._cumulated()
        ends = np.array([bucket_span(int(bucket))[1] - 1 for bucket in buckets], dtype=np.float64)
        ends = np.minimum(ends, self.max_ns)
        ends[-1] = self.max_ns
        return ends / NS, running / self.count

    def rebin(self, edges_s: Sequence[float]) -> tuple[int, ...]:
        """Counts in the bands between ascending edges in seconds, each bucket booked whole where its midpoint lies.

        Values below the first edge go into the first band, values from the last edge on into the last one.
        Raises ValueError for fewer than two edges.
        """
        if len(edges_s) < 2:
            raise ValueError("a band needs two edges")
        bands = np.zeros(len(edges_s) - 1, dtype=np.int64)
        if self.count:
            buckets = self.buckets()
            middles = np.array([min(max(_midpoint(b), self.min_ns), self.max_ns) for b, _ in buckets]) / NS
            places = np.clip(np.searchsorted(np.asarray(edges_s), middles, side="right") - 1, 0, len(bands) - 1)
            np.add.at(bands, places, np.array([count for _, count in buckets], dtype=np.int64))
        return tuple(int(count) for count in bands)

    def _cumulated(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if self._arrays is None:
            pairs = np.array(self.buckets(), dtype=np.int64)
            self._arrays = pairs[:, 0], np.cumsum(pairs[:, 1])
        return self._arrays


def bucket_middles(histogram: Histogram) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Of each filled bucket the midpoint in nanoseconds, clamped to the exact ends, and the count up to its end."""
    if not histogram.count:
        return np.empty(0), np.empty(0, dtype=np.int64)
    buckets, running = histogram._cumulated()
    shift = np.maximum(buckets // SUB_BUCKETS - 1, 0)
    low = (buckets - SUB_BUCKETS * shift) << shift
    middles = low + ((1 << shift) - 1) / 2
    return np.clip(middles, histogram.min_ns, histogram.max_ns), running


def rank_of(share: float, count: int) -> int:
    """ceil(share x count), from 1 to count, without the rounding error that makes 0.07 x 100 exceed 7."""
    return min(max(math.ceil(share * count - 1e-9 * max(1.0, share * count)), 1), count)
