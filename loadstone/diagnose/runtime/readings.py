"""Readings of the machine and of the service's processes over time, as the host table has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.suspect import Scene

__all__ = ["Readings", "readings_of"]


@dataclass(frozen=True)
class Readings:
    """Metrics by (scope, metric): instants in nanoseconds and values, in the order of time. Parts of a scope (a disk,
    an interface) are left out."""

    series: dict[tuple[str, str], tuple[NDArray[np.int64], NDArray[np.float64]]]

    def values(self, scope: str, metric: str) -> NDArray[np.float64]:
        """The values of a metric; none where it was not read."""
        found = self.series.get((scope, metric))
        return found[1] if found is not None else np.empty(0)

    def mean(self, scope: str, metric: str) -> float | None:
        """The mean, None where it was not read."""
        values = self.values(scope, metric)
        return float(values.mean()) if len(values) else None

    def last(self, scope: str, metric: str) -> float | None:
        """The last value, None where it was not read."""
        values = self.values(scope, metric)
        return float(values[-1]) if len(values) else None


def readings_of(scene: Scene, metrics: tuple[str, ...]) -> Readings:
    """These metrics while measured requests were under way; all of them where there were no requests."""
    listed = ", ".join(f"'{metric}'" for metric in metrics)
    where = f"detail IS NULL AND value IS NOT NULL AND at_ns IS NOT NULL AND metric IN ({listed})"
    window = _window(scene.digest)
    if window is not None:
        where += f" AND at_ns BETWEEN {window[0]} AND {window[1]}"
    parts: dict[tuple[str, str], list[tuple[int, float]]] = {}
    names = ("at_ns", "scope", "metric", "value")
    for batch in scene.rows("host", names, where=where):
        for at, scope, metric, value in zip(*(batch[name].tolist() for name in names), strict=True):
            if value is not None and np.isfinite(value):
                parts.setdefault((scope or "", metric), []).append((at, float(value)))
    series = {}
    for key, pairs in parts.items():
        pairs.sort()
        series[key] = np.array([at for at, _ in pairs], np.int64), np.array([value for _, value in pairs], np.float64)
    return Readings(series)


def _window(digest: Digest) -> tuple[int, int] | None:
    measured = digest.requests.measured
    if not measured.any():
        return None
    return int(digest.requests.start_ns[measured].min()), int(digest.requests.end_ns[measured].max())
