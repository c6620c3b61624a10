"""The machine of a story: readings a second of the host table's metrics."""

from __future__ import annotations

from collections.abc import Callable

from loadstone.model.host_metrics import METRICS
from tests.evidence import START_NS
from tests.scenes import Story

__all__ = ["read"]


def read(
    story: Story, scope: str, values: dict[str, float | Callable[[int], float]], seconds: int | None = None
) -> None:
    """Each metric every second of the story (or of so many seconds), a value that can be called with the second."""
    last = int(story.written[-1].at_s) + 1 if seconds is None else seconds
    for second in range(1, last + 1):
        for metric, value in values.items():
            row = {
                "at_ns": START_NS + second * 10**9,
                "span_ns": 10**9,
                "scope": scope,
                "metric": metric,
                "unit": METRICS[metric].unit,
                "value": value(second) if callable(value) else value,
            }
            story.row("host", row)
