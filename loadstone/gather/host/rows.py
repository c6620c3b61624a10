"""Rows of the table ``host`` as they come, kept in 30 bytes each, and handed over as columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from loadstone.model.evidence import Columns
from loadstone.model.host_metrics import METRICS

__all__ = ["Rows"]

BATCH = 65_536


class Rows:
    """Appended to by the sampler's thread; read once it has ended."""

    def __init__(self) -> None:
        self._at_ns = array("q")
        self._span_ns = array("q")
        self._value = array("d")
        self._series = array("L")
        self._names: dict[tuple[str, str, str | None], int] = {}

    def __len__(self) -> int:
        return len(self._value)

    def add(self, at_ns: int, span_ns: int, scope: str, metric: str, detail: str | None, value: float) -> None:
        """One value at the end of its span."""
        self._at_ns.append(at_ns)
        self._span_ns.append(span_ns)
        self._value.append(value)
        self._series.append(self._names.setdefault((scope, metric, detail), len(self._names)))

    def columns(self) -> Iterator[Columns]:
        """Batches of the table's columns, in the order of their coming."""
        import numpy as np

        names = list(self._names)
        words = {
            "scope": np.array([scope for scope, _, _ in names], dtype=object),
            "metric": np.array([metric for _, metric, _ in names], dtype=object),
            "unit": np.array([METRICS[metric].unit for _, metric, _ in names], dtype=object),
            "detail": np.array([detail for _, _, detail in names], dtype=object),
        }
        for start in range(0, len(self), BATCH):
            part = slice(start, start + BATCH)
            series = np.array(self._series[part], dtype=np.int64)
            yield {
                "at_ns": np.array(self._at_ns[part], dtype=np.int64),
                "span_ns": np.array(self._span_ns[part], dtype=np.int64),
                "value": np.array(self._value[part], dtype=np.float64),
                **{name: column[series] for name, column in words.items()},
            }
